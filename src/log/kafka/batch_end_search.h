#pragma once

#include <algorithm>
#include <optional>

#include "log/topic.h"

namespace sdp::log::kafka {

/// Looks for the end of a batch that cannot be read, by reading at other offsets: those of the batch give the
/// same error, with the batch's own first offset, and the first offset behind it gives something else. Steps
/// double until one leads out of the batch, then halve. A batch of n records takes about 2 log2(n) questions.
/// Pure.
class BatchEndSearch {
 public:
  /// `inside` is an offset of the batch; `limit` is the partition's end, behind which nothing is.
  BatchEndSearch(Offset inside, Offset limit) : inside_(inside), behind_(std::max(limit, inside + 1)) {}

  /// The offset to read at next; nothing when the end is known.
  std::optional<Offset> next() const {
    if (inside_ + 1 == behind_) return std::nullopt;
    if (!out_) return inside_ + std::min(step_, behind_ - 1 - inside_);
    return inside_ + (behind_ - inside_) / 2;
  }

  /// What reading at next() gave.
  void note(bool is_inside) {
    const Offset at = *next();
    out_ = out_ || !is_inside;
    (is_inside ? inside_ : behind_) = at;
    step_ *= 2;
  }

  /// The offset behind the batch, when next() has nothing.
  Offset end() const { return behind_; }

 private:
  Offset inside_;  // the highest offset that is known to be of the batch
  Offset behind_;  // the lowest offset that is known to be none of it
  Offset step_ = 1;
  bool out_ = false;  // a step has led out of it
};

}  // namespace sdp::log::kafka
