#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/status.h"
#include "log/topic.h"

namespace sdp::cli {

// What `top` shows: where the pipeline stands, and how fast it gets on. Pure; cmd_top.cc looks.

/// A number that is looked at again and again.
struct Sample {
  UtcMillis at;
  std::optional<std::uint64_t> count;
};

/// The newest samples of one number, kSamplesMax at most.
class Course {
 public:
  static constexpr std::size_t kSamplesMax = 60;
  /// A rate is that of the newest samples, as many as these.
  static constexpr std::size_t kRateOver = 5;

  /// A number that got smaller is another one: what came before is forgotten.
  void add(const Sample& sample);
  /// How many a second were added; nothing before the second sample.
  std::optional<double> per_second() const;
  /// From the oldest to the newest, a rate between each two samples; at most `count`.
  std::vector<double> trend(std::size_t count) const;

 private:
  std::deque<Sample> samples_;
};

/// Each rate from 0 to the largest as one of ` .:-=+*#`.
std::string sparkline(const std::vector<double>& rates);

/// What several looks tell of one pipeline. Owned by one thread.
class Top {
 public:
  void look(const Status& status);

  /// One screen of the last look, which there has been.
  std::string to_text() const;
  std::string to_line() const;
  /// One object (docs/formats/status.md).
  nlohmann::ordered_json to_json() const;

 private:
  struct Partition {
    Course log;
    Course lake;
  };

  std::optional<double> rate_of(std::string_view stage) const {
    const auto at = stages_.find(stage);
    return at == stages_.end() ? std::nullopt : at->second.per_second();
  }
  /// Seconds until a stage lacks nothing of the one before it, at these rates; nothing when it does not catch
  /// up.
  std::optional<double> clear_in(std::string_view stage, std::string_view before) const;

  Status status_;
  std::map<std::string, Course, std::less<>> stages_;
  std::map<log::Partition, Partition> partitions_;
};

}  // namespace sdp::cli
