#include "serve/live.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "http/answer.h"
#include "serve/query.h"

namespace sdp::serve {
namespace {

using http::Response;

constexpr std::size_t kFilterBytesMax = 256;

Response with_headers(Response response, std::string_view type) {
  response.headers.emplace_back("Content-Type", std::string(type));
  response.headers.emplace_back("Cache-Control", "no-store");
  // A proxy that collects answers would hold up a stream.
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return http::with_common_headers(std::move(response));
}

Response stream(std::shared_ptr<http::EventStream> events) {
  return with_headers({.status = 200, .headers = {}, .body = {}, .asset = {}, .events = std::move(events)},
                      "text/event-stream; charset=utf-8");
}

Response too_many() {
  Response response = http::refusal(503, "Too many pages listen to this server; close one of them.\n");
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

Response bad(std::string_view what) {
  return http::refusal(400, fmt::format("{}\n", what));
}

unsigned status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
      return 404;
    case ErrorKind::unavailable:
    case ErrorKind::retry:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

Live::Live(std::unique_ptr<Watched> watched, Clock& clock)
    : watched_(std::move(watched)),
      status_([this] { return watched_->look(); }, clock),
      records_([this](bool restart) { return watched_->new_records(restart); }, clock) {}

void Live::answer(std::string_view name, const http::Request& request, const http::Reply& reply) {
  name.remove_prefix(kFolder.size());
  const auto value = [&request](std::string_view parameter) {
    return query_value(request.target, parameter);
  };
  const auto events = std::make_shared<http::EventStream>();
  if (name == "status") {
    return reply(status_.add(events) ? stream(events) : too_many());
  }
  if (name == "records") {
    RecordFilter filter{.partition = number_of<log::Partition>(value("partition").value_or("")),
                        .text = value("text").value_or(""),
                        .rejected = value("rejected") == "1"};
    if (!value("partition").value_or("").empty() && !filter.partition)
      return reply(bad("partition must be a number"));
    if (filter.text.size() > kFilterBytesMax) return reply(bad("text may have 256 bytes"));
    // The browser tells where its stream was lost, and a page that opens another one says so itself.
    const std::string at =
        request.last_event_id.empty() ? value("after").value_or("") : request.last_event_id;
    return reply(records_.add(events, std::move(filter), parse_position(at)) ? stream(events) : too_many());
  }
  if (name == "objects") {
    const auto hour = value("hour");
    if (!hour) return reply(bad("hour is missing, such as hour=2026-02-15T17"));
    return ask([this, hour] { return watched_->objects(*hour); }, reply);
  }
  if (name == "head") {
    const auto key = value("key");
    if (!key) return reply(bad("key is missing: the name of an object"));
    return ask([this, key] { return watched_->head(*key); }, reply);
  }
  if (name == "record") {
    const auto partition = number_of<log::Partition>(value("partition").value_or(""));
    const auto offset = number_of<log::Offset>(value("offset").value_or(""));
    if (!partition || !offset) return reply(bad("partition and offset must be numbers"));
    return ask([this, partition, offset] { return watched_->record(*partition, *offset); }, reply);
  }
  reply(http::refusal(404, "There is no such page.\n"));
}

void Live::ask(Asker::Question question, const http::Reply& reply) {
  asker_.ask(std::move(question), [reply](Result<std::string> answer) {
    if (!answer) {
      return reply(
          http::refusal(status_of(answer.error().kind), fmt::format("{}\n", answer.error().message)));
    }
    reply(with_headers({.status = 200, .headers = {}, .body = *std::move(answer), .asset = {}},
                       "application/json; charset=utf-8"));
  });
}

void Live::stop() {
  status_.stop();
  records_.stop();
  asker_.stop();
}

}  // namespace sdp::serve
