#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
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

/// Pure.
bool is_wanted(const RecordFilter& filter, const ShownRecord& record);

/// Tells pages what comes into the topic (docs/formats/live.md), 200 records a second at most, and how many
/// more there were. Reads while somebody listens.
class RecordFeed {
 public:
  static constexpr std::size_t kPagesMax = 16;

  RecordFeed(std::function<Result<NewRecords>(bool restart)> read, Clock& clock);

  /// False when too many listen.
  bool add(std::shared_ptr<http::EventStream> events, RecordFilter filter);
  void stop() { pages_.stop(); }

 private:
  struct Page {
    std::shared_ptr<http::EventStream> events;
    RecordFilter filter;
    bool is_new = true;
  };

  std::chrono::milliseconds work(std::vector<Page>& pages, bool is_first);
  /// Of `records` those that the page wants, the last `records_max` of them.
  template <typename Records>
  void tell(const Page& page, const Records& records, std::size_t records_max, std::uint64_t passed);

  const std::function<Result<NewRecords>(bool)> read_;
  Clock& clock_;
  std::deque<ShownRecord> recent_;  ///< for pages that come
  std::string problem_;             ///< that was told last
  std::uint64_t id_ = 0;
  Listeners<Page> pages_;
};

}  // namespace sdp::serve
