#include "simulate/placed_labels.h"

#include <fmt/format.h>

#include <utility>

namespace sdp::simulate {
namespace {

std::string end_of_line(const log::Placement& place) {
  if (!place.at) return R"(,"partition":null,"offset":null})";
  return fmt::format(R"(,"partition":{},"offset":{}}})", place.at->partition, place.at->offset);
}

}  // namespace

log::Placement* PlacedLabels::add(std::string heads) {
  return &labels_.emplace_back(std::move(heads), log::Placement{}).place;
}

std::string PlacedLabels::take() {
  std::string lines;
  for (; !labels_.empty() && labels_.front().place.is_confirmed; labels_.pop_front()) {
    const std::string end = end_of_line(labels_.front().place);
    for (const char letter : labels_.front().heads) {
      if (letter == '\n') lines += end;
      lines += letter;
    }
  }
  return lines;
}

}  // namespace sdp::simulate
