// Exports of listening histories: any bytes are rows or a reason why not, however they are cut on their way,
// and what a row comes to is a valid event.

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "event/decode.h"
#include "event/encode.h"
#include "fuzz/pieces.h"
#include "history/judge.h"
#include "history/row_reader.h"

namespace {

using sdp::history::Kind;

constexpr sdp::UtcMillis kLatest = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

/// What a file comes to: the events of its rows as text, and how it ended.
std::vector<std::string> read(std::string_view input, std::size_t step) {
  static sdp::event::Decoder decoder;
  std::vector<std::string> out;
  auto reader = sdp::history::read_rows(std::make_unique<sdp::history::TextBytes>(std::string(input), step));
  if (!reader) {
    SDP_ASSERT(reader.error().kind == sdp::ErrorKind::bad_input);
    return {reader.error().message};
  }
  while (true) {
    const auto row = (*reader)->next();
    if (!row) {
      SDP_ASSERT(row.error().kind == sdp::ErrorKind::bad_input);
      out.push_back(row.error().message);
      return out;
    }
    if (*row == nullptr) return out;
    const auto kind = sdp::history::kind_of(**row).value_or(Kind::lastfm);
    const auto judged = sdp::history::judge(kind, **row, kLatest);
    if (!judged.listening) {
      out.emplace_back(name(judged.fault.reason));
      continue;
    }
    std::vector<sdp::event::ListeningEvent> events;
    append_events(kind, *judged.listening, sdp::history::user_id("me"), 0, events);
    SDP_ASSERT(events.size() == (judged.listening->skipped_at ? 2 : 1));
    for (const sdp::event::ListeningEvent& event : events) {
      append_json(out.emplace_back(), event);
      const auto again = decoder.decode(out.back());
      SDP_ASSERT(again.has_value() && again->has_value() && **again == event);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  const auto whole = read(input, 1 << 16);
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 7;
  SDP_ASSERT(read(input, step) == whole);
  return 0;
}
