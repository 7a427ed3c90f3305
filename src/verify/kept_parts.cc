#include "verify/kept_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace sdp::verify {
namespace {

std::size_t times_in(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
    ++times;
  }
  return times;
}

void replace_all(std::string& text, std::string_view part, std::string_view by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
}

}  // namespace

std::vector<std::string> shared_parts(std::span<const MartRecount* const> recounts) {
  std::set<std::string> parts;
  for (const MartRecount* recount : recounts) parts.insert(recount->parts.begin(), recount->parts.end());
  std::vector<std::string> shared;
  for (const std::string& part : parts) {
    std::size_t times = 0;
    for (const MartRecount* recount : recounts) {
      times += times_in(fmt::format("({})", recount->sql), part) +
               times_in(fmt::format("({})", recount->faults), part);
    }
    if (times > 1) shared.push_back(part);
  }
  // What contains another is longer.
  std::ranges::sort(shared, {}, [](const std::string& part) { return std::pair(part.size(), part); });
  return shared;
}

KeptParts KeptParts::keep(std::span<const MartRecount* const> recounts, const WarehouseShape& shape,
                          warehouse::Warehouse& warehouse) {
  KeptParts kept;
  for (const std::string& part : shared_parts(recounts)) {
    if (!shape.broken_in(part).empty()) continue;
    const std::string query =
        with_epoch_ms(kept.in(part), [&](std::string_view x) { return warehouse.epoch_ms(x); });
    const auto rows = warehouse.keep(fmt::format("sdp_part_{}", kept.parts_.size() + 1), query);
    if (rows && *rows) kept.parts_.insert(kept.parts_.begin(), Part{part, **rows});
  }
  return kept;
}

std::string KeptParts::in(std::string query) const {
  for (const Part& part : parts_) replace_all(query, part.sql, part.rows);
  return query;
}

}  // namespace sdp::verify
