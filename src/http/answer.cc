#include "http/answer.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sdp::http {
namespace {

// Pages are shown in no other page, and send nothing that is typed. They ask this server alone.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

bool has_header(const Response& response, std::string_view name) {
  return std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first) !=
         response.headers.end();
}

}  // namespace

Response text_answer(unsigned status, std::string text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = std::move(text),
          .asset = {}};
}

Response with_common_headers(Response response) {
  const auto add = [&response](const char* name, std::string_view value) {
    if (!has_header(response, name)) response.headers.emplace_back(name, value);
  };
  add("Content-Security-Policy", kPolicy);
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("X-Frame-Options", "DENY");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Cross-Origin-Opener-Policy", "same-origin");
  return response;
}

Response refusal(unsigned status, std::string text) {
  return with_common_headers(text_answer(status, std::move(text)));
}

}  // namespace sdp::http
