#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sdp::diag {

/// When a person at a terminal is told what a command does that has said nothing yet.
inline constexpr std::chrono::milliseconds kOpeningAfter{50};

/// Draws a line that says what the process does, where it said nothing yet and there is a terminal: until
/// something else is written.
void draw_opening(std::string_view text);

/// To be called before something is written to standard output, which may be the same terminal, and at the
/// end: takes a drawn line away.
void clear_drawn_line();

/// How far something is.
struct ProgressFacts {
  std::string_view of;
  std::string_view unit;  ///< in the plural
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  std::chrono::milliseconds elapsed{0};
};

double per_second(const ProgressFacts& facts);
/// What the rest takes at the rate so far; nothing where that cannot be told.
std::optional<double> seconds_left(const ProgressFacts& facts);
/// `load: 412 of 1,000 objects, 41 %, 103/s, 5 s left`
std::string progress_text(const ProgressFacts& facts);

/// Tells a person how far something is that takes long: by a line of a terminal that is drawn again, from two
/// seconds on, or by an event `progress` each ten seconds elsewhere. Is told how much is done by any thread,
/// as often as the caller likes.
class Progress {
 public:
  /// What is done by the million is told so many at a time, since a clock is read each time.
  static constexpr std::uint64_t kToldAtOnce = 4'096;

  /// Texts and clock outlive this. `total`: 0 where it is not known.
  Progress(std::string_view of, std::string_view unit, std::uint64_t total,
           Clock& clock = base::system_clock());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t more) { show(done_.fetch_add(more, std::memory_order_relaxed) + more); }
  void set(std::uint64_t done) {
    done_.store(done, std::memory_order_relaxed);
    show(done);
  }
  void set_total(std::uint64_t total) { total_.store(total, std::memory_order_relaxed); }

 private:
  /// When it is time.
  void show(std::uint64_t done);

  const std::string_view of_;
  const std::string_view unit_;
  Clock& clock_;
  const SteadyTime start_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> total_;
  std::atomic<std::int64_t> next_ms_;  // since start_
  std::atomic<bool> is_shown_{false};
};

}  // namespace sdp::diag
