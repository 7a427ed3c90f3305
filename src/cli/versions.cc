#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

std::vector<unsigned> numbers_of(std::string_view version) {
  std::vector<unsigned> numbers;
  while (!version.empty()) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (!version.starts_with('.')) break;
    version.remove_prefix(1);
  }
  return numbers;
}

/// As a folder of an installed package has it.
std::string folder_name(std::string_view package) {
  std::string name(package);
  std::ranges::replace(name, '-', '_');
  return name + "-";
}

}  // namespace

bool is_older(std::string_view version, std::string_view than) {
  return numbers_of(version) < numbers_of(than);
}

Found judge_version(const TestedPart& tested, std::string_view version) {
  Found found{.text = fmt::format("{} {}", tested.name, version)};
  if (!is_older(version, tested.version)) return found;
  found.text += fmt::format(" (older than {}, with which this version is tested)", tested.version);
  found.is_warning = true;
  return found;
}

std::optional<std::string> version_beside(const fs::path& program, std::string_view package) {
  constexpr std::string_view kEnd = ".dist-info";
  const std::string begin = folder_name(package);
  std::error_code none;
  // ENVIRONMENT/bin/dbt, ENVIRONMENT/lib/python3.11/site-packages/dbt_core-1.11.16.dist-info
  for (const auto& python : fs::directory_iterator(program.parent_path().parent_path() / "lib", none)) {
    for (const auto& entry : fs::directory_iterator(python.path() / "site-packages", none)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(begin) || !name.ends_with(kEnd)) continue;
      return name.substr(begin.size(), name.size() - begin.size() - kEnd.size());
    }
  }
  return std::nullopt;
}

std::optional<DuckDbHeader> parse_duckdb_header(std::string_view bytes) {
  constexpr std::size_t kMagicAt = 8;  // behind a checksum
  constexpr std::string_view kMagic = "DUCK";
  constexpr std::size_t kStorageAt = 12;
  constexpr std::size_t kMadeByAt = 52;  // behind four words of flags
  constexpr std::size_t kMadeByBytes = 32;
  if (bytes.size() < kDuckDbHeaderBytes || bytes.substr(kMagicAt, kMagic.size()) != kMagic)
    return std::nullopt;
  std::uint64_t storage = 0;
  std::memcpy(&storage, bytes.data() + kStorageAt, sizeof storage);
  std::string_view made_by = bytes.substr(kMadeByAt, kMadeByBytes);
  made_by = made_by.substr(0, made_by.find('\0'));
  if (made_by.starts_with('v')) made_by.remove_prefix(1);
  const bool is_version = !numbers_of(made_by).empty();
  return DuckDbHeader{.storage = storage, .made_by = std::string(is_version ? made_by : "")};
}

}  // namespace sdp::cli
