#include "verify/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace sdp::verify {
namespace {

/// Ranges kept of one kind: enough to join neighbours which come in any order, however much is wrong.
constexpr std::size_t kRangesMax = 10'000;
constexpr std::size_t kNotesMax = 100;

using Ranges = std::map<log::Offset, log::Offset>;

/// Adds a range, joined with its neighbours.
void join(Ranges& ranges, lake::OffsetRange range) {
  auto next = ranges.upper_bound(range.first);
  if (next != ranges.begin()) {
    const auto before = std::prev(next);
    if (before->second >= range.first) {
      range = {before->first, std::max(before->second, range.end)};
      ranges.erase(before);
    }
  }
  while (next != ranges.end() && next->first <= range.end) {
    range.end = std::max(range.end, next->second);
    next = ranges.erase(next);
  }
  ranges.emplace(range.first, range.end);
}

}  // namespace

std::string_view name(Stage stage) {
  switch (stage) {
    case Stage::log:
      return "log";
    case Stage::lake:
      return "lake";
    case Stage::bronze:
      return "bronze";
    case Stage::silver:
      return "silver";
    case Stage::marts:
      return "marts";
  }
  return "log";
}

std::string condensed(const lake::ChainId& chain, const Ranges& ranges, std::size_t ranges_max) {
  std::string text = lake::describe(chain) + ":";
  std::size_t written = 0;
  for (const auto& [first, end] : ranges) {
    if (written++ == ranges_max) {
      text += fmt::format(" and {} ranges more", ranges.size() - ranges_max);
      break;
    }
    text += end - first == 1 ? fmt::format(" {}", first) : fmt::format(" [{}, {})", first, end);
  }
  return text;
}

void Findings::offset(Stage stage, std::string_view kind, const lake::ChainId& chain, log::Offset offset,
                      std::string_view detail) {
  range(stage, kind, chain, {offset, offset + 1}, detail);
}

void Findings::range(Stage stage, std::string_view kind, const lake::ChainId& chain, lake::OffsetRange range,
                     std::string_view detail) {
  if (range.empty()) return;
  std::lock_guard lock(mutex_);
  add(kind_of(stage, kind), chain, range, detail);
}

void Findings::add(Kind& kind, const lake::ChainId& chain, lake::OffsetRange range, std::string_view detail) {
  kind.total += static_cast<std::uint64_t>(range.end - range.first);
  if (!detail.empty() && kind.details.size() < named_max_) {
    kind.details.push_back(fmt::format("{} offset {}: {}", lake::describe(chain), range.first, detail));
  }
  if (kind.ranges_kept >= kRangesMax) return;
  Ranges& ranges = kind.ranges[chain];
  const std::size_t before = ranges.size();
  join(ranges, range);
  kind.ranges_kept = kind.ranges_kept + ranges.size() - before;
}

void Findings::item(Stage stage, std::string_view kind, std::string named) {
  std::lock_guard lock(mutex_);
  Kind& found = kind_of(stage, kind);
  ++found.total;
  if (found.items.size() < named_max_) found.items.push_back(std::move(named));
}

void Findings::pending(Stage stage, std::string_view kind, const lake::ChainId& chain,
                       lake::OffsetRange range) {
  if (range.empty()) return;
  std::lock_guard lock(mutex_);
  Kind& found = kind_of(stage, kind);
  found.pending = true;
  add(found, chain, range, {});
}

void Findings::pending_item(Stage stage, std::string_view kind, std::string named) {
  item(stage, kind, std::move(named));
  std::lock_guard lock(mutex_);
  kind_of(stage, kind).pending = true;
}

void Findings::take(const Findings& other) {
  std::scoped_lock lock(mutex_, other.mutex_);
  for (const auto& [where, kind] : other.kinds_) {
    Kind& found = kinds_[where];
    found.pending = found.pending || kind.pending;
    const std::uint64_t total = found.total + kind.total;
    for (const auto& [chain, ranges] : kind.ranges) {
      for (const auto& [first, end] : ranges) add(found, chain, {first, end}, {});
    }
    found.total = total;
    const auto append = [this](std::vector<std::string>& to, const std::vector<std::string>& more) {
      const std::size_t room = named_max_ - std::min(named_max_, to.size());
      to.insert(to.end(), more.begin(),
                more.begin() + static_cast<std::ptrdiff_t>(std::min(room, more.size())));
    };
    append(found.items, kind.items);
    append(found.details, kind.details);
  }
}

void Findings::note(std::string text) {
  std::lock_guard lock(mutex_);
  if (notes_.size() < kNotesMax) notes_.push_back(std::move(text));
}

std::vector<std::string> Findings::names_of(const Kind& kind) const {
  std::vector<std::string> names;
  for (const auto& [chain, ranges] : kind.ranges) {
    if (names.size() == named_max_) break;
    names.push_back(condensed(chain, ranges, named_max_));
  }
  for (const std::string& item : kind.items) names.push_back(item);
  for (const std::string& detail : kind.details) names.push_back(detail);
  return names;
}

std::vector<Finding> Findings::all() const {
  std::lock_guard lock(mutex_);
  std::vector<Finding> all;
  all.reserve(kinds_.size());
  for (const auto& [where, kind] : kinds_) {
    all.push_back({where.first, where.second, kind.pending, kind.total, names_of(kind)});
  }
  return all;
}

std::vector<std::string> Findings::notes() const {
  std::lock_guard lock(mutex_);
  return notes_;
}

}  // namespace sdp::verify
