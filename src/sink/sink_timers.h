#pragma once

#include <chrono>

namespace sdp::sink {

/// How long the loop waits for what does not announce itself. Part of no promise: tests shorten them.
struct SinkTimers {
  /// How long beyond a session the partitions of other members are waited for while nothing moves, and how
  /// often they are looked at.
  std::chrono::milliseconds others_are_late{5'000};
  std::chrono::milliseconds others_check_interval{500};
  /// How often hours are looked at, and how soon hours that could not be closed are tried again.
  std::chrono::milliseconds hour_check_interval{1'000};
  std::chrono::milliseconds hour_retry_interval{60'000};
  /// How often the loop says how it stands.
  std::chrono::milliseconds standing_interval{500};
  /// How often the log's end is asked for of a partition that is paused. Of others it comes with what is
  /// fetched.
  std::chrono::milliseconds paused_end_interval{2'000};
  /// How long who gave records may not tell of which topic they are, before they are read again: it may be
  /// dead, and the log has them elsewhere.
  std::chrono::milliseconds topic_answer_max{5'000};
  /// The pause between two polls of a log that is out of reach.
  std::chrono::milliseconds outage_poll_interval{100};
};

}  // namespace sdp::sink
