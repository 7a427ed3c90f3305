#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace sdp::lake {

/// Why a record became a rejected line. The codes are persisted: never rename one.
enum class RejectCode {
  tombstone,    ///< null value
  empty_value,  ///< zero bytes, or white space only
  not_utf8,
  not_json,         ///< not one JSON text (RFC 8259)
  not_object,       ///< valid JSON, but no object
  too_deep,         ///< nested deeper than kJsonDepthMax
  too_large,        ///< more than the value limit of the encoder
  reserved_member,  ///< has a top-level member of a name that lines reserve (`_kafka_*`, `_error`, `_raw`)
  nul_character,    ///< a string with U+0000, which warehouses cannot hold
  line_too_large,   ///< in bronze only: a line of more than kBronzeLineBytesMax
                    ///< (docs/formats/bronze-tables.md)
  // Of a batch of the log that nobody can read; see log::BatchFault.
  batch_too_large,
  batch_undecodable,
  batch_bad_checksum,
  batch_unknown_codec,
  batch_malformed,
};
RejectCode code_of(log::BatchFault fault);
/// Whether the line stands for a whole batch that nobody can read.
constexpr bool is_of_batch(RejectCode code) {
  return code >= RejectCode::batch_too_large;
}
std::string_view name(RejectCode code);
std::optional<RejectCode> parse_reject_code(std::string_view name);

inline constexpr int kJsonDepthMax = 64;
inline constexpr std::size_t kValueBytesMaxDefault = std::size_t{8} << 20;
/// Of a line, without its end, that warehouses can hold: on its way into Snowflake it may double, and a value
/// there has 16 MB.
inline constexpr std::size_t kBronzeLineBytesMax = 7'500'000;

/// Turns records into lines (docs/formats/line.md):
///   {"_kafka_partition":3,"_kafka_offset":42,"_kafka_timestamp":1771177956123,"_kafka_key":"...",<the
///   record's members>}
/// (`_kafka_key_base64` in place of `_kafka_key` where the key is not text, `_kafka_headers` where there are
/// any, `_kafka_schema_id` where the value is framed_json()) and records that are not one valid UTF-8 JSON
/// object within limits into rejected lines:
///   {"_kafka_partition":...,"_error":"not_json","_raw":"<base64>"}
/// A batch of the log that cannot be read becomes one line, from its first offset to its last one:
///   {"_kafka_partition":3,"_kafka_offset":42,"_kafka_timestamp":-1,"_kafka_key":null,"_kafka_last_offset":57,
///   "_error":"batch_undecodable","_raw":null}
/// The record's own bytes are copied once and not changed, but for line breaks between tokens, which become
/// spaces, and white space around the object, which is left out. Reuses its buffers; owned by one thread.
class LineEncoder {
 public:
  enum class Framed { kept, rejected };

  /// `framed`: what becomes of framed JSON, which an earlier version rejected.
  explicit LineEncoder(std::size_t value_bytes_max = kValueBytesMaxDefault, Framed framed = Framed::kept);
  ~LineEncoder();
  LineEncoder(LineEncoder&&) noexcept;

  /// Appends one line with its '\n' to `out`. Says why when the line is a rejected one.
  std::optional<RejectCode> append(std::string& out, const log::RecordView& record);
  /// The same of a batch that cannot be read.
  static RejectCode append(std::string& out, const log::UnreadableBatch& batch);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::size_t value_bytes_max_;
  Framed framed_;
};

/// One header as stored in a line: the value in base64, since it can be any bytes.
struct LineHeader {
  std::string name;
  std::optional<std::string> value;
};

/// A line taken apart. Views point into the line, or into the decoder until its next call.
struct Line {
  log::Partition partition = 0;
  log::Offset offset = 0;
  log::Offset end = 0;  ///< offset + 1, or the end of the batch that the line stands for
  UtcMillis timestamp;
  std::optional<std::string_view> key;  ///< raw bytes
  std::string_view key_base64;          ///< the key as the line has it when it is not text; else empty
  std::vector<LineHeader> headers;
  std::string_view headers_json;  ///< the same as it stands in the line; empty when there are none
  /// Of a kept line whose record had its JSON behind a frame with this id; see framed_json().
  std::optional<std::uint32_t> schema_id;
  std::optional<RejectCode> reject;
  /// Kept line: the record's JSON object. Rejected line: the record's bytes, base64; nothing for a tombstone
  /// and for a batch.
  std::optional<std::string_view> payload;
};

/// Reads lines as LineEncoder writes them, and nothing else: our own members and rejected lines to the
/// letter. A kept record's members are handed on without being parsed, so damage within them is for the
/// object's hash to find. Owned by one thread.
class LineDecoder {
 public:
  /// `line` is without '\n'. `bad_input` says what is wrong with it.
  Result<Line> decode(std::string_view line);

 private:
  std::string payload_;
  std::string key_;
};

}  // namespace sdp::lake
