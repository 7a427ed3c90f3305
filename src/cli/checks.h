#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sdp::cli {

/// What a check has found where nothing is broken.
struct Found {
  std::string text;
  /// Something is worth knowing that stops no command of whoever asks, or not yet.
  bool is_warning = false;

  /// Another finding of the same check.
  void add(const Found& other) {
    if (!text.empty()) text += "; ";
    text += other.text;
    is_warning = is_warning || other.is_warning;
  }
};

/// A line of `doctor`.
struct Check {
  std::string name;
  Result<Found> outcome;  ///< what was found, or what is wrong and how to fix it
};

/// Tells each check as soon as it has ended, as the next may wait for a server that does not answer. JSON
/// comes as a whole, at the end.
class Checks {
 public:
  explicit Checks(bool json) : json_(json) {}

  void add(std::string name, Result<Found> outcome);
  /// Of a check that never warns.
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
