#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/object_meta.h"
#include "log/record.h"

namespace sdp::sink {

/// What is compared of the log's record at the end of a chain with the chain's last object.
struct LastRecord {
  UtcMillis timestamp{};
  std::optional<log::LeaderEpoch> leader_epoch{};
  /// The sha256 of the line that it is, and of those that it is with other limits of a value's size.
  std::vector<std::string> line_sha256{};
  /// It is of a batch that cannot be read, so that nothing of it can be compared.
  bool is_unreadable = false;
};

LastRecord last_record_of(const log::RecordView& record, std::size_t value_bytes_max);

/// In what the log's record at the last offset of an object differs from the one that the object holds;
/// nothing when it is the same one. `record`: nothing when the log has none at that offset. Then the log was
/// cut and filled again: it lost what it had acknowledged. A batch that cannot be read, or could not be read
/// when the object was made, counts as the same. Pure.
std::optional<std::string> difference(const lake::ObjectMeta& object,
                                      const std::optional<LastRecord>& record);

}  // namespace sdp::sink
