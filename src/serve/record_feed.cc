#include "serve/record_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "base/utc_time.h"

namespace sdp::serve {
namespace {

using base::dumped;
using base::or_null;
using nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr milliseconds kPause{200};
constexpr milliseconds kPauseAfterProblem{2'000};
constexpr std::size_t kRecordsAtOnce = 40;
constexpr std::size_t kRecordsAtFirst = 50;
constexpr std::size_t kRecentMax = 500;

}  // namespace

ordered_json to_json(const ShownRecord& record) {
  return {{"partition", record.partition}, {"offset", record.offset},        {"time", or_null(record.time)},
          {"key", or_null(record.key)},    {"value", or_null(record.value)}, {"cut", record.cut},
          {"code", record.code},           {"reason", record.reason}};
}

bool is_wanted(const RecordFilter& filter, const ShownRecord& record) {
  if (filter.partition && *filter.partition != record.partition) return false;
  if (filter.rejected && record.code.empty()) return false;
  return filter.text.empty() || (record.key && record.key->contains(filter.text)) ||
         (record.value && record.value->contains(filter.text));
}

RecordFeed::RecordFeed(std::function<Result<NewRecords>(bool)> read, Clock& clock)
    : read_(std::move(read)),
      clock_(clock),
      pages_("feed-records", kPagesMax,
             [this](std::vector<Page>& pages, bool is_first) { return work(pages, is_first); }) {}

bool RecordFeed::add(std::shared_ptr<http::EventStream> events, RecordFilter filter) {
  return pages_.add({.events = std::move(events), .filter = std::move(filter)});
}

milliseconds RecordFeed::work(std::vector<Page>& pages, bool is_first) {
  if (is_first) recent_.clear();
  auto read = read_(is_first);
  if (!read) {
    if (problem_ != read.error().message || is_first) {
      problem_ = read.error().message;
      const std::string event =
          http::event_text("problem", fmt::format("{}", ++id_), dumped({{"message", problem_}}));
      for (const Page& page : pages) page.events->send(event);
    }
    return kPauseAfterProblem;
  }
  problem_.clear();
  for (const ShownRecord& record : read->records) recent_.push_back(record);
  while (recent_.size() > kRecentMax) recent_.pop_front();
  for (Page& page : pages) {
    if (std::exchange(page.is_new, false)) {
      page.events->send(kRetry);
      tell(page, recent_, kRecordsAtFirst, 0);
    } else {
      tell(page, read->records, kRecordsAtOnce, read->passed);
    }
  }
  return kPause;
}

template <typename Records>
void RecordFeed::tell(const Page& page, const Records& records, std::size_t records_max,
                      std::uint64_t passed) {
  std::vector<const ShownRecord*> wanted;
  for (const ShownRecord& record : records)
    if (is_wanted(page.filter, record)) wanted.push_back(&record);
  if (wanted.empty() && passed == 0) return;
  const std::size_t more = wanted.size() - std::min(wanted.size(), records_max);
  ordered_json list = ordered_json::array();
  for (std::size_t at = more; at < wanted.size(); ++at) list.push_back(to_json(*wanted[at]));
  page.events->send(http::event_text("records", fmt::format("{}", ++id_),
                                     dumped({{"at", base::format_iso(clock_.utc_now())},
                                             {"records", std::move(list)},
                                             {"not_shown", passed + more}})));
}

}  // namespace sdp::serve
