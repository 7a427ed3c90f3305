#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sdp::warehouse::snowflake {

/// A load that takes the lines straight from the lake's bucket, by a storage integration, so that they need
/// not be put on a stage. NOT VERIFIED: no emulator has external stages, and no account was at hand; the
/// loader does not use it yet. Lines come whole, as one column of text, and are taken apart by regular
/// expressions that leave payloads byte for byte as they are (docs/formats/line.md is what makes that
/// possible). Objects come as StagingWriter writes them, into the same staging table as ever.
class ExternalLoadSql {
 public:
  ExternalLoadSql(std::string_view database, std::string_view run, UtcMillis loaded_at);

  std::string create_lines() const;
  /// `bad_input` for more objects than one COPY may name, or a key that needs quotes.
  Result<std::string> copy(std::span<const std::string> object_keys) const;
  std::string insert_events() const;
  std::string insert_rejected() const;

 private:
  std::string insert(std::string_view table, std::string_view columns, std::string_view values,
                     std::string_view which) const;

  const std::string database_;
  const std::string run_;
  const UtcMillis loaded_at_;
};

inline constexpr std::size_t kExternalFilesMax = 1'000;

/// Integration and stage over the bucket `spotify`. To be run by an administrator.
std::vector<std::string> external_stage_statements(std::string_view database, std::string_view role);

/// The members that begin a line, ours, up to the record's own: group 1 partition, 2 offset, 3 timestamp, 4
/// `_base64` of a key that is no text, 5 the key as JSON, 8 headers. Only what POSIX has: Snowflake knows no
/// look-around and no groups that do not capture.
std::string line_prefix_regex();

}  // namespace sdp::warehouse::snowflake
