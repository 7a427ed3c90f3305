#include "serve/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/sha256.h"
#include "http/answer.h"
#include "serve/query.h"

namespace sdp::serve {
namespace {

constexpr std::size_t kTokenBytesMin = 16;
constexpr std::string_view kCookieName = "spotify_pages";
constexpr std::string_view kTokenQuery = "/?token=";
constexpr std::string_view kBearer = "Bearer ";

constexpr std::string_view kLoginPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Log in</title></head>
<body><h1>Spotify Data Pipeline</h1>
<form method="get" action="/"><label>Token <input type="password" name="token" autocomplete="current-password" autofocus></label>
<button>Log in</button></form>
<p>The token is what <code>SERVE_TOKEN</code> or the file of <code>--token-file</code> had when the server was started. The container
stack's is the <code>DASHBOARD_TOKEN</code> that <code>docker compose run --rm secrets show</code> prints in its folder <code>docker</code>.</p>
</body></html>
)";

/// The value of our cookie; empty when there is none.
std::string_view cookie_of(std::string_view cookies) {
  while (!cookies.empty()) {
    std::string_view one = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), one.size() + 1));
    one = base::trimmed_front(one, " ");
    if (one.starts_with(kCookieName) && one.substr(kCookieName.size()).starts_with('='))
      return one.substr(kCookieName.size() + 1);
  }
  return {};
}

Response login_page() {
  return {.status = 401,
          .headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"Content-Security-Policy",
                       "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
                      {"WWW-Authenticate", "Bearer realm=\"spotify-pipeline\""}},
          .body = std::string(kLoginPage),
          .asset = {}};
}

}  // namespace

Access::Access(bool loopback, const Secret& token) : loopback_(loopback) {
  if (token.empty()) return;
  token_digest_ = base::sha256_hex(token.reveal());
  cookie_ = base::sha256_hex("cookie:" + token.reveal());
}

Result<Access> Access::make(const Address& address, const Secret& token) {
  if (token.empty() && !address.is_loopback()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("--listen {}: others than this machine can reach that address, so a token is "
                            "needed; set SERVE_TOKEN, or name a file by --token-file",
                            address.text()));
  }
  if (!token.empty() && token.reveal().size() < kTokenBytesMin) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the token has fewer than {} characters; take more, such as those that "
                            "`openssl rand -hex 32` prints",
                            kTokenBytesMin));
  }
  return Access(address.is_loopback(), token);
}

bool Access::has_token(const Request& request) const {
  if (request.authorization.starts_with(kBearer) &&
      base::same_digest(base::sha256_hex(std::string_view(request.authorization).substr(kBearer.size())),
                        token_digest_))
    return true;
  return base::same_digest(cookie_of(request.cookie), cookie_);
}

std::optional<Response> Access::refuse(const Request& request) const {
  if (loopback_ && !http::is_loopback_host(request.host)) {
    return http::text_answer(
        421,
        "This server answers to 127.0.0.1, localhost and [::1] only; a proxy before it has to ask for "
        "one of these names.\n");
  }
  // A page of somebody else, on another port of this machine too, must not have our data as a script in it.
  const bool is_own =
      request.fetch_site.empty() || request.fetch_site == "same-origin" || request.fetch_site == "none";
  if (!is_own && request.target.starts_with("/data/"))
    return http::text_answer(403, "Pages of other places may not read this.\n");
  if (!token_digest_.empty() && !has_token(request)) return login_page();
  return std::nullopt;
}

std::optional<Response> Access::admit(const Request& request) const {
  if (token_digest_.empty() || !request.target.starts_with(kTokenQuery)) return std::nullopt;
  if (loopback_ && !http::is_loopback_host(request.host)) return std::nullopt;
  std::string_view given = std::string_view(request.target).substr(kTokenQuery.size());
  given = given.substr(0, given.find('&'));
  // A token that somebody typed behind the address may be none that can be decoded.
  const std::string token = decoded(given).value_or(std::string(given));
  if (!base::same_digest(base::sha256_hex(token), token_digest_)) return login_page();
  const bool secure = request.forwarded_proto == "https";
  return Response{.status = 303,
                  .headers = {{"Location", "/"},
                              {"Cache-Control", "no-store"},
                              {"Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}",
                                                         kCookieName, cookie_, secure ? "; Secure" : "")}},
                  .body = {},
                  .asset = {}};
}

}  // namespace sdp::serve
