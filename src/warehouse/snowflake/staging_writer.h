#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/posix_file.h"
#include "warehouse/object_reader.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::snowflake {

/// A folder of our own for staging files, readable by nobody else. It vanishes with this object; of a process
/// that was killed, the next one removes it.
class StagingFolder {
 public:
  /// `parent` empty: the system's folder for temporary files.
  static Result<StagingFolder> make(const std::string& parent);

  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;
  ~StagingFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  StagingFolder(std::filesystem::path path, os::UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;  ///< empty when moved from
  os::UniqueFd lock_;           ///< the folder, locked (flock) where its file system can
};

struct WrittenObject {
  std::string key;
  lake::ObjectMeta meta;
  std::uint64_t too_large = 0;  ///< kept lines that are too large for bronze, and so are rejected too
};

/// Objects as lines for the staging table, many objects in a file, so that the number of statements does not
/// grow with the number of objects. Each line is one JSON object that names its object by a number:
///   {"o":0,"object_key":"...","topic":...}                        the object, for the ledger
///   {"e":0,"offset":7,"time":...,"key":...,"payload":"..."}       a kept line
///   {"r":0,"offset":8,"time":...,"code":"not_json","raw":"..."}   a rejected one
/// Payloads are JSON *strings*, so that they arrive byte for byte. Members that are NULL are left out. Owned
/// by one thread.
class StagingWriter {
 public:
  explicit StagingWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Checks each line on the way; after an error nothing of this writer may be used.
  Result<void> write(const FetchedObject& object);
  /// Writes the last file.
  Result<void> finish();

  const std::vector<WrittenObject>& objects() const { return objects_; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void append_object(const FetchedObject& object);
  Result<void> append_line(const lake::Line& line);
  Result<void> flush();

  const std::filesystem::path folder_;
  ObjectReader reader_;
  std::string buffer_;
  std::vector<WrittenObject> objects_;
  std::uint64_t lines_ = 0;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Of a file before compression: eight of them keep the smallest warehouse's threads at work.
inline constexpr std::size_t kStagingFileBytes = std::size_t{16} << 20;

}  // namespace sdp::warehouse::snowflake
