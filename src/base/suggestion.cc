#include "base/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace sdp::base {
namespace {

constexpr std::size_t kFarthest = 2;
/// Of a shorter beginning too much would be guessed.
constexpr std::size_t kBeginningMin = 4;

/// How many letters must be changed, added or taken away to make one word the other (Levenshtein).
std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> meant_by(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() >= kBeginningMin) {
    const auto at = std::ranges::find_if(candidates, [&](const std::string& candidate) {
      return candidate.starts_with(word) ||
             (candidate.size() >= kBeginningMin && word.starts_with(candidate));
    });
    if (at != candidates.end()) return *at;
  }
  std::optional<std::string> nearest;
  std::size_t least = kFarthest + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t far = distance(word, candidate);
    if (far >= least) continue;
    least = far;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace sdp::base
