#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"

namespace sdp::verify {

/// What the first lines of an oracle tell (docs/formats/oracle.md).
struct OracleCounts {
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  /// By type; empty where they are not told.
  std::map<std::string, std::uint64_t> kept_by_type;
  /// By reason and field, which may be empty.
  std::map<std::pair<std::string, std::string>, std::uint64_t> rejected_for;
};

/// Which rows of a table an oracle tells.
enum class OracleRows {
  all,
  current,  ///< those of MART.LISTENER_HISTORY that hold now
  sums,     ///< one row, of sums over all of them
  none,     ///< nothing is known
};

/// The line of a table.
struct OracleTable {
  std::string table;  ///< `MART.NAME`
  OracleRows which = OracleRows::all;
  std::size_t key = 0;  ///< so many of the columns, from the first on
  std::vector<std::string> columns;
  std::vector<std::string> types;
  std::uint64_t rows = 0;
};

/// Reads an oracle line by line; it is never in memory as a whole. What is not as the format says is
/// `misconfigured`, with file and line.
class OracleFile {
 public:
  static Result<OracleFile> open(const std::filesystem::path& path);

  const OracleCounts& counts() const { return counts_; }
  /// Nothing behind the last. What is left of the table before is read over.
  Result<std::optional<OracleTable>> next_table();
  /// The line of the table's next row, valid until the next call; nothing behind the last.
  Result<std::optional<std::string_view>> next_row();
  /// True when the end line has a digest, and it is not that of the lines before it.
  bool was_changed() const { return was_changed_; }
  /// Of the line that was read last.
  Error broken(std::string_view why) const;

 private:
  OracleFile() = default;

  Result<void> read_line();
  Result<void> read_head();
  Result<void> read_counts(const nlohmann::json& counts);
  Result<void> read_end(const nlohmann::json& end);

  std::filesystem::path path_;
  std::ifstream file_;
  std::string line_;
  std::uint64_t number_ = 0;
  std::unique_ptr<base::Sha256> sha256_ = std::make_unique<base::Sha256>();  ///< of the lines before this one
  bool was_changed_ = false;
  OracleCounts counts_;
  std::uint64_t tables_ = 0;
  std::uint64_t rows_left_ = 0;
};

}  // namespace sdp::verify
