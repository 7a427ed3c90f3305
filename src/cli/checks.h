#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sdp::cli {

/// A line of `doctor`.
struct Check {
  std::string name;
  Result<std::string> outcome;  ///< what was found, or what is wrong and how to fix it
};

/// Tells each check as soon as it has ended, as the next may wait for a server that does not answer. JSON
/// comes as a whole, at the end.
class Checks {
 public:
  explicit Checks(bool json) : json_(json) {}

  void add(std::string name, Result<std::string> outcome);
  /// Call once, at the end.
  void finish() const;

  /// In the order in which they came.
  const std::vector<Check>& all() const { return all_; }

 private:
  const bool json_;
  std::vector<Check> all_;
};

}  // namespace sdp::cli
