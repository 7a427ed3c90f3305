#include "os/memory.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>
#include <string_view>

#include "os/files.h"

namespace sdp::os {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  const auto text = read_file(path);
  return text && *text ? **text : std::string();
}

/// The number that the text begins with; nothing for `max`.
std::optional<std::uint64_t> number(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> machine_memory(const fs::path& root) {
  constexpr std::string_view kTotal = "MemTotal:";
  const std::string text = text_of(root / "proc/meminfo");
  const auto at = text.find(kTotal);
  if (at == std::string::npos) return std::nullopt;
  const auto kibibytes = number(std::string_view(text).substr(at + kTotal.size()));
  if (!kibibytes) return std::nullopt;
  return *kibibytes * 1024;
}

/// `b/c` of a line `0::/b/c`; empty without one.
fs::path own_group(const fs::path& root) {
  std::istringstream lines(text_of(root / "proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) return line.substr(4);
  }
  return {};
}

void take_lower(std::optional<std::uint64_t>& lowest, std::optional<std::uint64_t> value) {
  if (value) lowest = std::min(lowest.value_or(*value), *value);
}

}  // namespace

std::optional<std::uint64_t> usable_memory(const fs::path& root) {
  std::optional<std::uint64_t> lowest = machine_memory(root);
  const fs::path groups = root / "sys/fs/cgroup";
  // In a container the group may be named as outside, where nothing of that name is; the top is then its own.
  for (fs::path group = own_group(root);; group = group.parent_path()) {
    take_lower(lowest, number(text_of(groups / group / "memory.max")));
    if (group.empty()) break;
  }
  take_lower(lowest, number(text_of(groups / "memory/memory.limit_in_bytes")));
  return lowest;
}

}  // namespace sdp::os
