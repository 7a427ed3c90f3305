#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/rejected.h"

namespace sdp::cli {

/// What the rounds have come to.
struct KeptUp {
  load::LoadSummary loaded;  ///< of the last load: it may have been done in part
  /// What the marts leave out; nothing as long as there are none.
  std::optional<Rejected> rejected;
};

/// How a round ended.
struct RoundEnd {
  std::chrono::milliseconds took{0};
  int failed = 0;             ///< rounds that failed one after another, this one among them; 0: it did not
  bool held = false;          ///< another process had what the round needs; the round is tried again
  std::uint64_t records = 0;  ///< new in the marts
  /// From the broker's time of the newest record that the marts count to their publication; nothing where
  /// nothing new was published.
  std::optional<double> behind_seconds{};
  /// How long a warehouse that is paid for may have worked; nothing where it is not paid for.
  std::optional<std::chrono::milliseconds> warehouse_time{};
};

/// Hears of the rounds, on the thread that makes them.
class RoundObserver {
 public:
  virtual ~RoundObserver() = default;

  virtual void on_begin() = 0;
  virtual void on_end(const RoundEnd& end) = 0;
  virtual void on_stop() = 0;
};

/// Keeps the marts up to date while the lake grows, until `stop`. A round: 1. load what is new in the lake;
/// 2. when there was something, or may be something that another run left unbuilt, build and test the
/// marts; 3. publish them. A round that fails is told, and
/// leaves readers what was published before; one that finds the warehouse held by another process waits for
/// that. Where more is rejected than `parts` allow, each round that adds some tells it.
Result<KeptUp> keep_up(const MartParts& parts, const Runtime& runtime, const std::stop_token& stop,
                       RoundObserver* observer = nullptr);

}  // namespace sdp::cli
