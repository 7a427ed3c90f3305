#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "log/event_log.h"

namespace sdp::simulate {

/// Labels whose records are on their way, until the log has told where they are. They come out in the order
/// in which they were added. As many wait as are added between two flushes: whoever adds them bounds that.
class PlacedLabels {
 public:
  /// `heads`: label_heads() of a record. The place is for the producer to fill in.
  log::Placement* add(std::string heads);
  /// The lines of all that wait in front of the first one whose place is not known.
  std::string take();
  std::size_t waiting() const { return labels_.size(); }

 private:
  struct Label {
    std::string heads;
    log::Placement place;
  };

  std::deque<Label> labels_;  ///< whose elements stay where they are
};

/// So many wait at most; about 400 bytes each.
inline constexpr std::size_t kLabelsWaitingMax = 20'000;

}  // namespace sdp::simulate
