#include "cli/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "event/scan.h"

namespace sdp::cli {
namespace {

std::size_t bytes_of(const SampleRecord& record) {
  return record.value ? record.value->size() : 0;
}

}  // namespace

Result<std::vector<SampleRecord>> records_of(std::string_view text, std::string_view path,
                                             std::size_t count) {
  std::vector<SampleRecord> records;
  const auto add = [&records](std::string value) {
    records.push_back({.place = fmt::format("record {}", records.size() + 1),
                       .at = {},
                       .value = std::move(value),
                       .refused = {}});
  };
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '[') {
    auto elements = event::elements_of(text, count);
    if (!elements) return std::unexpected(elements.error().in(std::string(path)));
    for (std::string& element : *elements) add(std::move(element));
    return records;
  }
  while (!text.empty() && records.size() < count) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) add(std::string(line));
  }
  return records;
}

std::vector<lake::OffsetRange> newest_offsets(std::span<const log::Watermarks> available,
                                              std::uint64_t wanted) {
  const auto size = [&](std::size_t at) {
    return static_cast<std::uint64_t>(available[at].end - available[at].start);
  };
  std::vector<std::size_t> by_size(available.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::ranges::sort(by_size, {}, size);
  std::vector<lake::OffsetRange> ranges(available.size());
  std::size_t left = available.size();
  for (const std::size_t at : by_size) {
    const std::uint64_t share = std::min(size(at), (wanted + left - 1) / left);
    ranges[at] = {available[at].end - static_cast<log::Offset>(share), available[at].end};
    wanted -= share;
    --left;
  }
  return ranges;
}

void NewestRecords::add(UtcMillis time, SampleRecord record) {
  const log::PartitionOffset at = record.at.value_or(log::PartitionOffset{});
  bytes_ += bytes_of(record);
  kept_.emplace(Place(time, at.partition, at.offset), std::move(record));
  while (kept_.size() > records_max_ || (bytes_ > bytes_max_ && kept_.size() > 1)) {
    bytes_ -= bytes_of(kept_.begin()->second);
    kept_.erase(kept_.begin());
    has_dropped_ = true;
  }
}

std::vector<SampleRecord> NewestRecords::take() {
  std::vector<SampleRecord> records;
  for (auto& [place, record] : kept_) records.push_back(std::move(record));
  kept_.clear();
  return records;
}

}  // namespace sdp::cli
