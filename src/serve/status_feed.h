#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "http/event_stream.h"
#include "serve/listeners.h"
#include "serve/watched.h"

namespace sdp::serve {

/// Tells pages where the pipeline stands: what was seen in the last minutes, and then each new look
/// (docs/formats/live.md). Looks while somebody listens, every 2 s, or less often where a look takes long, so
/// that looking takes a fifth of the time at most.
class StatusFeed {
 public:
  static constexpr std::size_t kPointsMax = 150;
  static constexpr std::size_t kPagesMax = 24;

  StatusFeed(std::function<Look()> look, Clock& clock);

  /// False when too many listen.
  bool add(std::shared_ptr<http::EventStream> events);
  void stop() { pages_.stop(); }

 private:
  struct Page {
    std::shared_ptr<http::EventStream> events;
    bool is_new = true;
  };

  std::chrono::milliseconds work(std::vector<Page>& pages);
  void look_again();
  std::string history() const;

  const std::function<Look()> look_;
  Clock& clock_;
  std::deque<Point> points_;
  std::string last_;  ///< event of the last look
  std::uint64_t id_ = 0;
  SteadyTime due_{};  ///< of the next look
  Listeners<Page> pages_;
};

}  // namespace sdp::serve
