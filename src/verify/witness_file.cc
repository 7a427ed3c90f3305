#include "verify/witness_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/check.h"
#include "verify/fingerprint.h"

namespace sdp::verify {
namespace {

constexpr std::string_view kMagic = "SDPWITN\n";
constexpr std::uint32_t kWitnessVersion = 1;
constexpr std::uint32_t kTagRecords = 0x53434552;  // "RECS"
constexpr std::uint32_t kTagEnd = 0x53444e45;      // "ENDS"
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 16 + 4 + 4 + 8;
constexpr std::size_t kRecordBytes = 32;
constexpr std::size_t kBlockHeadBytes = 8;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kTopicBytesMax = 249;
static_assert(sizeof(WitnessRecord) == kRecordBytes);

std::uint64_t checksum_of(std::string_view bytes, std::uint64_t previous) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), previous);
}

std::string encode(const WitnessHeader& header) {
  std::string bytes(kMagic);
  append_little(bytes, kWitnessVersion);
  append_little(bytes, static_cast<std::uint32_t>(header.topic.size()));
  bytes.append(reinterpret_cast<const char*>(header.chain.topic_id.bytes.data()), 16);
  append_little(bytes, header.chain.partition);
  append_little(bytes, std::uint32_t{0});
  append_little(bytes, header.start);
  bytes.append(header.topic);
  append_little(bytes, checksum_of(bytes, 0));
  return bytes;
}

std::unexpected<Error> cannot(std::string_view what, const std::filesystem::path& path) {
  return fail(ErrorKind::cannot_write,
              fmt::format("cannot {} witness file {}: {}", what, path.string(), std::strerror(errno)));
}

/// Walks through a file held as a stream, one block in memory at a time.
class WitnessScan {
 public:
  explicit WitnessScan(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {}

  Result<WitnessEnd> run(const WitnessVisit& visit) {
    if (!file_) return fail(ErrorKind::bad_input, fmt::format("cannot read witness file {}", path_.string()));
    SDP_RETURN_IF_ERROR(read_header());
    for (;;) {
      SDP_TRY(const bool more, read_block(visit));
      if (!more) return end_;
    }
  }

 private:
  std::unexpected<Error> damaged(std::string_view how) const {
    return fail(ErrorKind::bad_input, fmt::format("witness file {} is damaged at byte {}: {}", path_.string(),
                                                  end_.bytes_whole, how));
  }

  /// False when the file ends before `size` bytes more.
  bool take(std::size_t size) {
    const std::size_t at = buffer_.size();
    buffer_.resize(at + size);
    file_.read(buffer_.data() + at, static_cast<std::streamsize>(size));
    return file_.gcount() == static_cast<std::streamsize>(size);
  }

  Result<void> read_header() {
    if (!take(kHeaderBytes) || !buffer_.starts_with(kMagic)) return damaged("no witness header");
    const auto version = read_little<std::uint32_t>(buffer_, 8);
    if (version != kWitnessVersion) return damaged(fmt::format("version {} is not known", version));
    const auto topic_bytes = read_little<std::uint32_t>(buffer_, 12);
    if (topic_bytes > kTopicBytesMax || !take(topic_bytes + kChecksumBytes))
      return damaged("the header is cut");
    end_.checksum = read_little<std::uint64_t>(buffer_, kHeaderBytes + topic_bytes);
    if (checksum_of(std::string_view(buffer_).substr(0, kHeaderBytes + topic_bytes), 0) != end_.checksum) {
      return damaged("the header's checksum is wrong");
    }
    std::memcpy(end_.header.chain.topic_id.bytes.data(), buffer_.data() + 16, 16);
    end_.header.chain.partition = read_little<std::int32_t>(buffer_, 32);
    end_.header.start = end_.next = read_little<std::int64_t>(buffer_, 40);
    end_.header.topic = buffer_.substr(kHeaderBytes, topic_bytes);
    end_.bytes_whole = buffer_.size();
    return {};
  }

  Result<bool> read_block(const WitnessVisit& visit) {
    buffer_.clear();
    if (!take(kBlockHeadBytes)) return false;
    const auto tag = read_little<std::uint32_t>(buffer_, 0);
    const auto count = read_little<std::uint32_t>(buffer_, 4);
    const bool known =
        (tag == kTagRecords && count > 0 && count <= kWitnessBlockRecords) || (tag == kTagEnd && count == 0);
    if (!known) return damaged("no block starts here");
    const std::size_t size = kBlockHeadBytes + count * kRecordBytes;
    if (!take(count * kRecordBytes + kChecksumBytes)) return false;
    const auto checksum = read_little<std::uint64_t>(buffer_, size);
    if (checksum_of(std::string_view(buffer_).substr(0, size), end_.checksum) != checksum) {
      return damaged(fmt::format("the checksum of a block of {} records is wrong", count));
    }
    records_.resize(count);
    if (count > 0) std::memcpy(records_.data(), buffer_.data() + kBlockHeadBytes, count * kRecordBytes);
    for (const WitnessRecord& record : records_) {
      if (record.offset < end_.next)
        return damaged(fmt::format("offset {} comes out of order", record.offset));
      end_.next = record.offset + 1;
    }
    end_.checksum = checksum;
    end_.finished = tag == kTagEnd;
    end_.bytes_whole += buffer_.size();
    SDP_RETURN_IF_ERROR(visit(end_.header, records_));
    return true;
  }

  std::filesystem::path path_;
  std::ifstream file_;
  std::string buffer_;
  std::vector<WitnessRecord> records_;
  WitnessEnd end_;
};

}  // namespace

std::filesystem::path witness_path(const std::filesystem::path& root, const lake::ChainId& chain) {
  return root / base::to_string(chain.topic_id) / fmt::format("p{}.witness", chain.partition);
}

Result<std::unique_ptr<WitnessFile>> WitnessFile::open(const std::filesystem::path& path,
                                                       const WitnessHeader& header) {
  std::error_code code;
  std::filesystem::create_directories(path.parent_path(), code);
  os::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return cannot("open", path);
  const auto size = ::lseek(fd.get(), 0, SEEK_END);
  std::unique_ptr<WitnessFile> file(new WitnessFile(path, std::move(fd)));
  SDP_RETURN_IF_ERROR(size == 0 ? file->begin(header) : file->resume(header));
  return file;
}

Result<void> WitnessFile::begin(const WitnessHeader& header) {
  const std::string bytes = encode(header);
  checksum_ = read_little<std::uint64_t>(bytes, bytes.size() - kChecksumBytes);
  next_ = header.start;
  return write(bytes);
}

Result<void> WitnessFile::resume(const WitnessHeader& header) {
  SDP_TRY(const WitnessEnd end, read_witness(path_, [](auto&, auto) { return Result<void>(); }));
  if (end.header.topic != header.topic || end.header.chain != header.chain) {
    return fail(ErrorKind::bad_input, fmt::format("witness file {} is of {} of topic {}", path_.string(),
                                                  lake::describe(end.header.chain), end.header.topic));
  }
  if (::ftruncate(fd_.get(), static_cast<off_t>(end.bytes_whole)) != 0)
    return cannot("cut the torn end of", path_);
  ::lseek(fd_.get(), 0, SEEK_END);
  checksum_ = end.checksum;
  next_ = end.next;
  return {};
}

Result<void> WitnessFile::append(const WitnessRecord& record) {
  SDP_ASSERT(record.offset >= next_);
  records_.append(reinterpret_cast<const char*>(&record), kRecordBytes);
  next_ = record.offset + 1;
  if (++count_ < kWitnessBlockRecords) return {};
  return flush();
}

Result<void> WitnessFile::flush() {
  if (count_ == 0) return {};
  return write_block(kTagRecords);
}

Result<void> WitnessFile::finish() {
  SDP_RETURN_IF_ERROR(flush());
  return write_block(kTagEnd);
}

Result<void> WitnessFile::write_block(std::uint32_t tag) {
  std::string block;
  block.reserve(kBlockHeadBytes + records_.size() + kChecksumBytes);
  append_little(block, tag);
  append_little(block, count_);
  block.append(records_);
  checksum_ = checksum_of(block, checksum_);
  append_little(block, checksum_);
  records_.clear();
  count_ = 0;
  return write(block);
}

Result<void> WitnessFile::write(std::string_view bytes) {
  if (auto written = os::write_all(fd_.get(), bytes, path_); !written)
    return fail(ErrorKind::cannot_write, written.error().message);
  return {};
}

Result<WitnessEnd> read_witness(const std::filesystem::path& path, const WitnessVisit& visit) {
  return WitnessScan(path).run(visit);
}

}  // namespace sdp::verify
