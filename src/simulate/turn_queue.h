#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace sdp::simulate {

/// Whose turn it is. Ordered by time, at the same time by slot, so that the order never depends on the
/// queue's inside.
struct Turn {
  std::int64_t due = 0;
  std::uint32_t slot = 0;

  auto operator<=>(const Turn&) const = default;
};

/// Turns in order, at a cost that does not grow with their number: one heap has only what is due in the
/// present quarter of a second, lists have the quarters of the next minutes, unordered, and another heap the
/// few turns behind them.
class TurnQueue {
 public:
  bool empty() const { return near_.empty(); }
  const Turn& first() const { return near_.top(); }

  void add(Turn turn) {
    put(turn);
    settle();
  }
  void remove_first() {
    near_.pop();
    settle();
  }
  void replace_first(Turn turn) {
    near_.pop();
    put(turn);
    settle();
  }

 private:
  using Heap = std::priority_queue<Turn, std::vector<Turn>, std::greater<>>;

  static constexpr int kTickBits = 8;  ///< a tick is 256 ms
  static constexpr std::int64_t kTicks = 4'096;

  static std::int64_t tick_of(const Turn& turn) { return turn.due >> kTickBits; }

  void put(Turn turn) {
    const std::int64_t tick = tick_of(turn);
    if (tick <= now_) {
      near_.push(turn);
    } else if (tick < now_ + kTicks) {
      lists_[static_cast<std::size_t>(tick % kTicks)].push_back(turn);
      ++listed_;
    } else {
      far_.push(turn);
    }
  }

  /// Goes on to the next tick that has a turn, if the present one has none.
  void settle() {
    while (near_.empty() && (listed_ > 0 || !far_.empty())) {
      now_ = listed_ > 0 ? now_ + 1 : tick_of(far_.top());
      auto& list = lists_[static_cast<std::size_t>(now_ % kTicks)];
      for (const Turn& turn : list) near_.push(turn);
      listed_ -= list.size();
      list.clear();
      for (; !far_.empty() && tick_of(far_.top()) <= now_; far_.pop()) near_.push(far_.top());
    }
  }

  Heap near_;
  Heap far_;
  std::array<std::vector<Turn>, kTicks> lists_;
  std::size_t listed_ = 0;
  std::int64_t now_ = 0;  ///< the tick that near_ goes up to
};

}  // namespace sdp::simulate
