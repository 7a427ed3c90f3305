#include "serve/record_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <ranges>
#include <utility>

#include "base/json_text.h"
#include "base/utc_time.h"
#include "serve/query.h"

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
/// Of what a page missed while it had no stream: well below what may wait for it.
constexpr std::size_t kBytesAtOnce = http::EventStream::kWaitingBytesMax / 2;
constexpr std::size_t kBytesUnlimited = std::numeric_limits<std::size_t>::max();
/// How often a page hears where the topic ends when nothing else is told.
constexpr milliseconds kPositionEach{1'000};
/// A header has room for it, and a topic with a few hundred partitions.
constexpr std::size_t kPositionBytesMax = 8'000;

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

std::string text_of(const Position& position) {
  std::string text = position.topic_id;
  for (const auto& [partition, next] : position.next) text += fmt::format(".{}-{}", partition, next);
  return text.size() > kPositionBytesMax ? "" : text;
}

std::optional<Position> parse_position(std::string_view text) {
  if (text.empty() || text.size() > kPositionBytesMax) return std::nullopt;
  const std::size_t id_end = std::min(text.find('.'), text.size());
  Position position{.topic_id = std::string(text.substr(0, id_end)), .next = {}};
  for (std::string_view rest = text.substr(id_end); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view one = rest.substr(0, rest.find('.'));
    rest.remove_prefix(one.size());
    const std::size_t middle = std::min(one.find('-'), one.size());
    const auto partition = number_of<log::Partition>(one.substr(0, middle));
    const auto next = number_of<log::Offset>(one.substr(std::min(middle + 1, one.size())));
    if (!partition || !next || !position.next.emplace(*partition, *next).second) return std::nullopt;
  }
  return position;
}

bool RecordFeed::add(std::shared_ptr<http::EventStream> events, RecordFilter filter,
                     std::optional<Position> after) {
  return pages_.add({.events = std::move(events), .filter = std::move(filter), .after = std::move(after)});
}

milliseconds RecordFeed::work(std::vector<Page>& pages, bool is_first) {
  if (is_first) {
    recent_.clear();
    reach_.clear();
  }
  auto read = read_(is_first);
  if (!read) {
    if (problem_ != read.error().message || is_first) {
      problem_ = read.error().message;
      // Without an id of its own: a page goes on where it was.
      const std::string event = http::event_text("problem", "", dumped({{"message", problem_}}));
      for (const Page& page : pages) page.events->send(event);
    }
    return kPauseAfterProblem;
  }
  problem_.clear();
  keep(*read);
  Records fresh;
  for (const ShownRecord& record : read->records) fresh.push_back(&record);
  for (Page& page : pages) {
    if (std::exchange(page.is_new, false)) {
      begin(page);
    } else {
      tell(page, fresh, kRecordsAtOnce, kBytesUnlimited, read->passed);
    }
    tell_position(page);
  }
  return kPause;
}

void RecordFeed::keep(const NewRecords& read) {
  topic_id_ = read.topic_id;
  for (const ReadRange& range : read.ranges) {
    const auto [one, is_new] = reach_.try_emplace(range.partition, Reach{range.from, range.from});
    if (one->second.next != range.from) one->second.from = range.from;
    one->second.next = range.next;
  }
  for (const ShownRecord& record : read.records) recent_.push_back(record);
  while (recent_.size() > kRecentMax) {
    const ShownRecord& oldest = recent_.front();
    if (const auto one = reach_.find(oldest.partition); one != reach_.end())
      one->second.from = std::max(one->second.from, oldest.offset + 1);
    recent_.pop_front();
  }
  Position position{.topic_id = topic_id_, .next = {}};
  for (const auto& [partition, reach] : reach_) position.next.emplace(partition, reach.next);
  position_ = text_of(position);
}

void RecordFeed::begin(Page& page) {
  page.events->send(kRetry);
  if (page.after && page.after->topic_id == topic_id_) return go_on(page, *page.after);
  Records all;
  for (const ShownRecord& record : recent_) all.push_back(&record);
  tell(page, all, kRecordsAtFirst, kBytesUnlimited, 0);
}

void RecordFeed::go_on(Page& page, const Position& after) {
  Records missed;
  for (const ShownRecord& record : recent_) {
    const auto known = after.next.find(record.partition);
    if (known == after.next.end() || record.offset >= known->second) missed.push_back(&record);
  }
  std::uint64_t passed = 0;
  for (const auto& [partition, reach] : reach_) {
    if (page.filter.partition && *page.filter.partition != partition) continue;
    const auto known = after.next.find(partition);
    if (known != after.next.end() && known->second < reach.from)
      passed += static_cast<std::uint64_t>(reach.from - known->second);
  }
  tell(page, missed, kRecentMax, kBytesAtOnce, passed);
}

void RecordFeed::tell(Page& page, const Records& records, std::size_t records_max, std::size_t bytes_max,
                      std::uint64_t passed) {
  Records wanted;
  for (const ShownRecord* record : records)
    if (is_wanted(page.filter, *record)) wanted.push_back(record);
  if (wanted.empty() && passed == 0) return;
  // The newest are chosen, and told in their order.
  std::vector<ordered_json> chosen;
  std::size_t bytes = 0;
  for (const ShownRecord* record : wanted | std::views::reverse) {
    ordered_json one = to_json(*record);
    if (bytes_max != kBytesUnlimited) bytes += dumped(one).size();
    if (chosen.size() == records_max || bytes > bytes_max) break;
    chosen.push_back(std::move(one));
  }
  ordered_json list = ordered_json::array();
  for (ordered_json& one : chosen | std::views::reverse) list.push_back(std::move(one));
  page.events->send(http::event_text("records", position_,
                                     dumped({{"at", base::format_iso(clock_.utc_now())},
                                             {"records", std::move(list)},
                                             {"not_shown", passed + wanted.size() - chosen.size()}})));
  note_told(page);
}

void RecordFeed::tell_position(Page& page) {
  if (page.told == position_ || (page.told_at && clock_.steady_now() - *page.told_at < kPositionEach)) return;
  page.events->send(http::event_text("position", position_, "{}"));
  note_told(page);
}

void RecordFeed::note_told(Page& page) {
  page.told = position_;
  page.told_at = clock_.steady_now();
}

}  // namespace sdp::serve
