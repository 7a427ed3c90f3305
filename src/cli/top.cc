#include "cli/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/duration_text.h"
#include "base/text_table.h"
#include "base/utc_time.h"

namespace sdp::cli {
namespace {

using base::duration_text;
using base::with_commas;
using nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t kTrendShown = 30;
constexpr std::string_view kRamp = " .:-=+*#";
/// A stage that keeps up is a little faster in one look, and a little slower in the next.
constexpr double kFasterMin = 1.1;
/// Slower than this it does not catch up: a year is not an estimate.
constexpr double kClearInMax = 365.0 * 86'400;

double seconds_between(UtcMillis from, UtcMillis to) {
  return base::in_seconds(to - from);
}

std::optional<double> rate_between(const Sample& from, const Sample& to) {
  const double seconds = seconds_between(from.at, to.at);
  if (seconds <= 0 || !from.count || !to.count) return std::nullopt;
  return static_cast<double>(*to.count - *from.count) / seconds;
}

std::string rate_text(const std::optional<double>& rate) {
  return rate ? with_commas(static_cast<std::uint64_t>(std::llround(*rate))) : "-";
}

ordered_json rounded(const std::optional<double>& number) {
  if (!number) return nullptr;
  return std::round(*number * 10) / 10;
}

}  // namespace

void Course::add(const Sample& sample) {
  if (!sample.count) {
    samples_.clear();
    return;
  }
  if (!samples_.empty() && (*sample.count < *samples_.back().count || sample.at <= samples_.back().at))
    samples_.clear();
  samples_.push_back(sample);
  if (samples_.size() > kSamplesMax) samples_.pop_front();
}

std::optional<double> Course::per_second() const {
  if (samples_.size() < 2) return std::nullopt;
  const std::size_t over = std::min(samples_.size(), kRateOver + 1);
  return rate_between(samples_[samples_.size() - over], samples_.back());
}

std::vector<double> Course::trend(std::size_t count) const {
  std::vector<double> rates;
  const std::size_t first = samples_.size() > count + 1 ? samples_.size() - count - 1 : 0;
  for (std::size_t i = first + 1; i < samples_.size(); ++i)
    rates.push_back(rate_between(samples_[i - 1], samples_[i]).value_or(0));
  return rates;
}

std::string sparkline(const std::vector<double>& rates) {
  const double largest = rates.empty() ? 0 : *std::ranges::max_element(rates);
  std::string line;
  for (const double rate : rates) {
    const double share = largest > 0 ? std::clamp(rate / largest, 0.0, 1.0) : 0;
    line += kRamp[static_cast<std::size_t>(std::lround(share * static_cast<double>(kRamp.size() - 1)))];
  }
  return line;
}

void Top::look(const Status& status) {
  if (status.topic_id != status_.topic_id) {
    stages_.clear();
    partitions_.clear();
  }
  status_ = status;
  std::uint64_t log_ends = 0;
  for (const PartitionStatus& one : status.partitions) {
    Partition& partition = partitions_[one.partition];
    partition.log.add({status.at, static_cast<std::uint64_t>(one.available.end)});
    partition.lake.add({status.at, static_cast<std::uint64_t>(one.lake_end)});
    log_ends += static_cast<std::uint64_t>(one.available.end);
  }
  for (const StageRow& row : stage_rows(status)) {
    // Tables of marts are not made by the second. What the log has gets less by its retention, not its ends.
    if (row.stage == "marts") continue;
    stages_[std::string(row.stage)].add({status.at, row.stage == "log" ? log_ends : row.count});
  }
}

std::optional<double> Top::clear_in(std::string_view stage, std::string_view before) const {
  const std::vector<StageRow> rows = stage_rows(status_);
  const auto row = std::ranges::find(rows, stage, &StageRow::stage);
  if (row == rows.end() || !row->behind) return std::nullopt;
  if (*row->behind == 0) return 0;
  const auto rate = rate_of(stage), rate_before = rate_of(before);
  if (!rate || !rate_before || *rate <= kFasterMin * *rate_before) return std::nullopt;
  const double seconds = static_cast<double>(*row->behind) / (*rate - *rate_before);
  return seconds > kClearInMax ? std::nullopt : std::optional(seconds);
}

std::string Top::to_text() const {
  base::TextTable stages;
  stages.columns = {"STAGE", "HAS", "A SECOND", "TREND", "BEHIND", "CAUGHT UP IN", "AGE"};
  std::string_view before;
  for (const StageRow& row : stage_rows(status_)) {
    const auto course = stages_.find(row.stage);
    const auto clear = clear_in(row.stage, before);
    stages.rows.push_back(
        {std::string(row.stage), row.has, rate_text(rate_of(row.stage)),
         course == stages_.end() ? "" : sparkline(course->second.trend(kTrendShown)),
         row.behind ? with_commas(*row.behind) : "-",
         clear && *clear > 0 ? duration_text(milliseconds(std::llround(*clear * 1e3))) : "-",
         row.newest ? duration_text(age_of(status_, *row.newest)) : "-"});
    before = row.stage;
  }
  base::TextTable partitions;
  partitions.columns = {"PARTITION", "LOG END", "A SECOND", "LAKE END", "A SECOND", "LAG", "WAITING"};
  for (const PartitionStatus& one : partitions_shown(status_)) {
    const Partition& courses = partitions_.at(one.partition);
    partitions.rows.push_back(
        {fmt::format("{}", one.partition), with_commas(static_cast<std::uint64_t>(one.available.end)),
         rate_text(courses.log.per_second()), with_commas(static_cast<std::uint64_t>(one.lake_end)),
         rate_text(courses.lake.per_second()), with_commas(static_cast<std::uint64_t>(one.lag)),
         waiting_text(status_, one)});
  }
  return fmt::format("{}\n{}\n{}\n{}", headline(status_), base::format_table(stages),
                     base::format_table(partitions, kPartitionsShown), footer(status_));
}

std::string Top::to_line() const {
  std::string text = base::format_iso(status_.at);
  for (const StageRow& row : stage_rows(status_)) {
    if (stages_.contains(row.stage))
      text += fmt::format(" {}/s={}", row.stage, rate_text(rate_of(row.stage)));
  }
  return fmt::format("{} lag={}\n", text, with_commas(static_cast<std::uint64_t>(lag_of(status_))));
}

ordered_json Top::to_json() const {
  ordered_json stages = ordered_json::array(), partitions = ordered_json::array();
  std::string_view before;
  for (const StageRow& row : stage_rows(status_)) {
    stages.push_back({{"stage", row.stage},
                      {"per_second", rounded(rate_of(row.stage))},
                      {"caught_up_in_seconds", rounded(clear_in(row.stage, before))}});
    before = row.stage;
  }
  for (const auto& [number, courses] : partitions_) {
    partitions.push_back({{"partition", number},
                          {"log_per_second", rounded(courses.log.per_second())},
                          {"lake_per_second", rounded(courses.lake.per_second())}});
  }
  ordered_json all = cli::to_json(status_);
  all["rates"] = {{"stages", std::move(stages)}, {"partitions", std::move(partitions)}};
  return all;
}

}  // namespace sdp::cli
