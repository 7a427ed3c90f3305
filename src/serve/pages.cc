#include "serve/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "base/utc_time.h"
#include "diag/log.h"
#include "http/answer.h"
#include "serve/gzip.h"
#include "site/asset.h"
#include "site/scripts.h"

namespace sdp::serve {
namespace {

constexpr std::string_view kStartPage = "index.html";
constexpr std::string_view kData = "data/";
constexpr std::string_view kScriptEnding = ".js";
constexpr std::string_view kScriptType = "text/javascript; charset=utf-8";
constexpr std::string_view kAlwaysAsk = "no-cache";
constexpr std::string_view kForever = "private, max-age=31536000, immutable";
/// Shorter ones are sent as they are.
constexpr std::size_t kGzipBytesMin = 1'024;

// The pages themselves have the policy of all answers (http/answer.h). The report and dbt's page are files
// with everything in them, styles and scripts too; they can reach nothing.
constexpr std::string_view kReportPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'";
constexpr std::string_view kDocsPolicy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

Result<std::string> next_of(site::OpenFile& file) {
  auto piece = file.next();
  if (!piece) diag::log_event("serve.publication_damaged", {{"message", piece.error().message}});
  return piece;
}

/// A file as large as it may be: read as the client takes it, and sent only to who does not have it.
Response streamed(site::OpenFile file, std::string_view type, std::string_view caching,
                  const Request& request) {
  const bool packed = file.size() >= kGzipBytesMin && accepts_gzip(request.accept_encoding);
  const std::string tag = fmt::format("\"{}{}\"", file.stamp(), packed ? "-gzip" : "");
  Response response{.status = 200,
                    .headers = {{"Content-Type", std::string(type)},
                                {"Cache-Control", std::string(caching)},
                                {"ETag", tag},
                                {"Vary", "Accept-Encoding"}},
                    .body = {},
                    .asset = {}};
  if (request.if_none_match == tag) {
    response.status = 304;
    return response;
  }
  const auto shared = std::make_shared<site::OpenFile>(std::move(file));
  http::Pieces pieces{.size = shared->size(), .next = [shared] { return next_of(*shared); }};
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.pieces = packed ? gzip(std::move(pieces)) : std::move(pieces);
  return response;
}

/// A page that was made elsewhere, with the policy that it needs.
Response whole_page(site::OpenFile page, std::string_view policy, const Request& request) {
  Response response = streamed(std::move(page), "text/html; charset=utf-8", kAlwaysAsk, request);
  response.headers.emplace_back("Content-Security-Policy", std::string(policy));
  return response;
}

Response not_found() {
  return http::text_answer(404, "There is no such page.\n");
}

Response script(std::string text, std::string_view caching) {
  return {.status = 200,
          .headers = {{"Content-Type", std::string(kScriptType)}, {"Cache-Control", std::string(caching)}},
          .body = std::move(text),
          .asset = {}};
}

/// Compressed where the browser takes that and where it is worth it.
Response compressed(Response response, const Request& request) {
  if (response.status != 200 || !response.asset.empty() || response.pieces) return response;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (response.body.size() < kGzipBytesMin || !accepts_gzip(request.accept_encoding)) return response;
  response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace

bool accepts_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    std::string_view one = accepted.substr(0, accepted.find(','));
    accepted.remove_prefix(std::min(accepted.size(), one.size() + 1));
    std::string packed(one);
    std::erase(packed, ' ');
    const std::string_view name = std::string_view(packed).substr(0, packed.find(';'));
    if (name != "gzip" && name != "*") continue;
    const std::string_view weight = std::string_view(packed).substr(name.size());
    return weight.find_first_not_of(";q=0.") != std::string_view::npos || weight.empty();
  }
  return false;
}

void Pages::answer(const Request& request, const Reply& reply) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == fmt::format("/{}", site::kServicesScript)) {
    if (auto refused = access_.refuse(request)) return reply(http::with_common_headers(*std::move(refused)));
    return ask_services_([reply, request](std::string text) {
      reply(http::with_common_headers(compressed(script(std::move(text), kAlwaysAsk), request)));
    });
  }
  if (path.starts_with('/') && path.substr(1).starts_with(Live::kFolder))
    return answer_live(path.substr(1), request, reply);
  reply(http::with_common_headers(compressed(page(request), request)));
}

void Pages::answer_live(std::string_view name, const Request& request, const Reply& reply) {
  if (auto refused = access_.refuse(request)) return reply(http::with_common_headers(*std::move(refused)));
  if (live_ == nullptr) return reply(http::refusal(404, fmt::format("{}\n", sources_.how_to_move)));
  live_->answer(name, request, reply);
}

Response Pages::page(const Request& request) {
  if (auto admitted = access_.admit(request)) return *std::move(admitted);
  if (auto refused = access_.refuse(request)) return *std::move(refused);
  std::string_view name = std::string_view(request.target).substr(0, request.target.find('?'));
  if (!name.starts_with('/')) return http::text_answer(400, "The address must begin with a slash.\n");
  name.remove_prefix(1);
  if (name.empty()) name = kStartPage;
  if (name == site::kCurrentScript) return current();
  if (name == site::kDocsPage) return docs(request);
  if (name.starts_with(kData)) return part(name.substr(kData.size()), request);
  return asset(request, name);
}

Response Pages::asset(const Request& request, std::string_view name) const {
  const site::Asset* found = site::find_asset(name);
  if (found == nullptr) return not_found();
  const bool short_form = !found->gzip.empty() && accepts_gzip(request.accept_encoding);
  const std::string tag = fmt::format("\"{}{}\"", found->digest, short_form ? "-gzip" : "");
  Response response{.status = 200,
                    .headers = {{"Content-Type", std::string(found->type)},
                                {"Cache-Control", std::string(kAlwaysAsk)},
                                {"ETag", tag},
                                {"Vary", "Accept-Encoding"}},
                    .body = {},
                    .asset = short_form ? found->gzip : found->bytes};
  if (request.if_none_match == tag) {
    response.status = 304;
    response.asset = {};
  } else if (short_form) {
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  return response;
}

Response Pages::current() {
  const auto state = publications_.look();
  site::Current current{.live = true,
                        .follow = sources_.follow,
                        .moves = live_ != nullptr,
                        .how_to_move = sources_.how_to_move,
                        .served_at = base::format_iso(clock_.utc_now()),
                        .publications = state.publications,
                        .message = {},
                        .dbt_docs = root_with_docs() == nullptr ? "" : std::string(site::kDocsPage)};
  for (const std::string& problem : state.problems)
    diag::log_event("serve.publication_damaged", {{"message", problem}});
  if (!state.problems.empty()) {
    current.message = fmt::format(
        "A publication cannot be read: {}. Remove the link `current` beside its folder and run: "
        "spotify-pipeline publish. What another version wrote is shown by that version.",
        fmt::join(state.problems, "; "));
  } else if (!state.forbidden.empty()) {
    current.message = fmt::format(
        "The user of this server may not look into {}. Give that user the right to read it (chmod a+rX), or "
        "start the server as another one.",
        fmt::join(state.forbidden, ", "));
  } else if (state.publications.empty()) {
    current.message = sources_.nothing_yet;
  }
  return script(site::current_script(current), kAlwaysAsk);
}

Response Pages::part(std::string_view name, const Request& request) const {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return not_found();
  const auto folder = publications_.find(name.substr(0, slash));
  if (!folder) return http::text_answer(404, "This publication was replaced by a newer one.\n");
  name.remove_prefix(slash + 1);
  if (name == site::kReportPage) return report(*folder, request);
  if (!name.ends_with(kScriptEnding)) return not_found();
  name.remove_suffix(kScriptEnding.size());
  auto file = site::open_part(*folder, name);
  if (!file) {
    diag::log_event("serve.publication_damaged", {{"message", file.error().message}});
    return http::text_answer(500, fmt::format("{}\n", file.error().message));
  }
  if (!*file) return not_found();
  // The proof comes after the publication; nothing else of it changes.
  return streamed(**std::move(file), kScriptType, name == "proof" ? kAlwaysAsk : kForever, request);
}

const std::filesystem::path* Pages::root_with_docs() const {
  const auto has_docs = [](const std::filesystem::path& root) { return site::find_docs(root).has_value(); };
  const auto found = std::ranges::find_if(sources_.published, has_docs);
  return found == sources_.published.end() ? nullptr : &*found;
}

Response Pages::report(const std::filesystem::path& folder, const Request& request) {
  auto page = site::open_report(folder);
  if (!page || !*page) return not_found();
  return whole_page(**std::move(page), kReportPolicy, request);
}

Response Pages::docs(const Request& request) const {
  const auto* root = root_with_docs();
  if (root == nullptr) return not_found();
  auto page = site::open_docs(*root);
  if (!page || !*page) return not_found();
  return whole_page(**std::move(page), kDocsPolicy, request);
}

}  // namespace sdp::serve
