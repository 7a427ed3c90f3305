#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/event_stream.h"
#include "serve/listeners.h"
#include "serve/watched.h"

namespace sdp::serve {

/// Which records a page wants.
struct RecordFilter {
  std::optional<log::Partition> partition;
  std::string text;  ///< of the key, or of the value as far as it is shown
  bool rejected = false;
};

/// As pages are told it (docs/formats/live.md).
nlohmann::ordered_json to_json(const ShownRecord& record);

/// Up to where a page knows a topic.
struct Position {
  std::string topic_id;
  std::map<log::Partition, log::Offset> next;  ///< of each partition

  bool operator==(const Position&) const = default;
};

/// As the id of an event has it: `TOPIC_ID.0-120.1-98`. Empty when that would be too long for a header.
std::string text_of(const Position& position);
/// Nothing when the text is none that text_of() makes.
std::optional<Position> parse_position(std::string_view text);

/// Pure.
bool is_wanted(const RecordFilter& filter, const ShownRecord& record);

/// Tells pages what comes into the topic (docs/formats/live.md), 200 records a second at most, and how many
/// more there were. Reads while somebody listens.
class RecordFeed {
 public:
  static constexpr std::size_t kPagesMax = 16;

  RecordFeed(std::function<Result<NewRecords>(bool restart)> read, Clock& clock);

  /// `after`: where a page had come to that lost its stream; nothing for one that begins. False when too many
  /// listen.
  bool add(std::shared_ptr<http::EventStream> events, RecordFilter filter,
           std::optional<Position> after = std::nullopt);
  void stop() { pages_.stop(); }

 private:
  struct Page {
    std::shared_ptr<http::EventStream> events;
    RecordFilter filter;
    std::optional<Position> after;
    bool is_new = true;
    std::optional<SteadyTime> told_at{};  ///< when it last heard where the topic ends
    std::string told{};                   ///< and where that was
  };
  /// What of a partition is among the recent records: all of [from, next).
  struct Reach {
    log::Offset from = 0;
    log::Offset next = 0;
  };
  using Records = std::vector<const ShownRecord*>;

  std::chrono::milliseconds work(std::vector<Page>& pages, bool is_first);
  void keep(const NewRecords& read);
  void begin(Page& page);
  /// What is new for a page that knows the topic up to `after`, as far as it is among the recent records.
  void go_on(Page& page, const Position& after);
  /// Of `records` those that the page wants, the last `records_max` of them and `bytes_max` at most.
  void tell(Page& page, const Records& records, std::size_t records_max, std::size_t bytes_max,
            std::uint64_t passed);
  /// Where the topic ends, to a page to which nothing else was told for a while.
  void tell_position(Page& page);
  void note_told(Page& page);

  const std::function<Result<NewRecords>(bool)> read_;
  Clock& clock_;
  std::deque<ShownRecord> recent_;  ///< for pages that come
  std::map<log::Partition, Reach> reach_;
  std::string topic_id_;
  std::string position_;  ///< the end of what was read, as a text
  std::string problem_;   ///< that was told last
  Listeners<Page> pages_;
};

}  // namespace sdp::serve
