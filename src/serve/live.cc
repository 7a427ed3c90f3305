#include "serve/live.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "http/answer.h"

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

/// A number that is not negative.
template <typename T>
std::optional<T> number_of(const std::optional<std::string>& text) {
  T value = 0;
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
  return value;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.front() != '%') {
      // As forms encode a space.
      result += text.front() == '+' ? ' ' : text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = base::from_hex(text.substr(1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    result += *byte;
    text.remove_prefix(3);
  }
  return result;
}

}  // namespace

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  const auto mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with(name) && one.substr(name.size()).starts_with('='))
      return decoded(one.substr(name.size() + 1));
  }
  return std::nullopt;
}

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
    RecordFilter filter{.partition = number_of<log::Partition>(value("partition")),
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
    const auto partition = number_of<log::Partition>(value("partition"));
    const auto offset = number_of<log::Offset>(value("offset"));
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
