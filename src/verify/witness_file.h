#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "lake/offset_range.h"
#include "os/posix_file.h"
#include "verify/fingerprint.h"

namespace sdp::verify {

/// What a witness notes of one record: 32 bytes in the file.
struct WitnessRecord {
  log::Offset offset = 0;
  std::int64_t timestamp_ms = 0;
  Fingerprints fingerprints;

  bool operator==(const WitnessRecord&) const = default;
};

/// Whose records a file holds, and from where on.
struct WitnessHeader {
  std::string topic;
  lake::ChainId chain;
  log::Offset start = 0;  ///< the log's first offset when the witness began

  bool operator==(const WitnessHeader&) const = default;
};

/// `<root>/<topic id>/p<partition>.witness`
std::filesystem::path witness_path(const std::filesystem::path& root, const lake::ChainId& chain);

inline constexpr std::size_t kWitnessBlockRecords = 4096;

/// Appends to one witness file (docs/formats/witness.md). What was not flushed or finished is lost with the
/// process: the file then ends without an end mark. Owned by one thread.
class WitnessFile {
 public:
  /// Creates the file, or continues one of the same chain behind its last whole block.
  static Result<std::unique_ptr<WitnessFile>> open(const std::filesystem::path& path,
                                                   const WitnessHeader& header);

  Result<void> append(const WitnessRecord& record);
  /// Writes the records at hand as one block.
  Result<void> flush();
  /// Flushes and writes the end mark: the witness has seen the log up to its end.
  Result<void> finish();
  /// The offset behind the last record, or the header's start.
  log::Offset next() const { return next_; }

 private:
  WitnessFile(std::filesystem::path path, os::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<void> begin(const WitnessHeader& header);
  Result<void> resume(const WitnessHeader& header);
  Result<void> write_block(std::uint32_t tag);
  Result<void> write(std::string_view bytes);

  std::filesystem::path path_;
  os::UniqueFd fd_;
  std::uint64_t checksum_ = 0;
  log::Offset next_ = 0;
  std::uint32_t count_ = 0;
  std::string records_;
};

/// How a file ends.
struct WitnessEnd {
  WitnessHeader header;
  log::Offset next = 0;
  bool finished = false;          ///< the last block is an end mark
  std::uint64_t bytes_whole = 0;  ///< up to the end of the last whole block; the rest is a torn block
  std::uint64_t checksum = 0;     ///< of the last whole block
};

using WitnessVisit = std::function<Result<void>(const WitnessHeader&, std::span<const WitnessRecord>)>;

/// Hands over the records block by block; an error of `visit` comes back. `bad_input` says where the file is
/// damaged: a bad checksum, or anything that a killed writer cannot leave behind. (It can leave a torn last
/// block, which is passed over.)
Result<WitnessEnd> read_witness(const std::filesystem::path& path, const WitnessVisit& visit);

}  // namespace sdp::verify
