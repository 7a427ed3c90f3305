#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/checks.h"

namespace sdp::cli {

/// A part that this program works with, and the version of it that the tests of this version ran with.
struct TestedPart {
  std::string_view name;
  std::string_view version;
};

// Compared with tools/deps by a test.
inline constexpr TestedPart kTestedKafkaLibrary{"librdkafka", "2.15.1"};
inline constexpr TestedPart kTestedDuckDb{"DuckDB", "1.5.6"};
inline constexpr TestedPart kTestedDbt{"dbt-core", "1.11.16"};
inline constexpr TestedPart kTestedDbtDuckDb{"dbt-duckdb", "1.11.1"};
inline constexpr TestedPart kTestedDbtSnowflake{"dbt-snowflake", "1.12.3"};

/// Whether a version comes before another, number by number: 1.9.0 before 1.11. What stands behind the
/// numbers, such as `rc1`, does not count.
bool is_older(std::string_view version, std::string_view than);

/// `librdkafka 2.15.1`; a warning where it is older than what is tested.
Found judge_version(const TestedPart& tested, std::string_view version);

/// What is installed beside a program of a Python environment, by the names that PyPI has; nothing where it
/// is not there. Starts no Python.
std::optional<std::string> version_beside(const std::filesystem::path& program, std::string_view package);

/// What the first bytes of a DuckDB file tell.
struct DuckDbHeader {
  unsigned long long storage = 0;  ///< the version of the format
  std::string made_by;             ///< the DuckDB that made the file: `1.5.6`; empty where it does not tell
};
inline constexpr std::size_t kDuckDbHeaderBytes = 84;
/// Nothing when it is not a DuckDB file.
std::optional<DuckDbHeader> parse_duckdb_header(std::string_view bytes);

}  // namespace sdp::cli
