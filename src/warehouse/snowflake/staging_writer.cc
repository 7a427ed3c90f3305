#include "warehouse/snowflake/staging_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "base/utc_time.h"
#include "lake/compression.h"

namespace sdp::warehouse::snowflake {
namespace {

constexpr std::string_view kFolderPrefix = "spotify-staging-";
constexpr std::size_t kDateLength = std::string_view("2026-02-15").size();

constexpr int kTriesMax = 10;

/// `spotify-staging-<pid>-<random>` of a process that is not of this namespace, or is no more.
bool may_be_left_over(const std::string& name) {
  if (!name.starts_with(kFolderPrefix)) return false;
  const std::string_view rest = std::string_view(name).substr(kFolderPrefix.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '-' || pid <= 0) return false;
  return kill(pid, 0) != 0 && errno == ESRCH;
}

os::UniqueFd open_folder(const std::filesystem::path& path) {
  return os::UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// A process id says nothing about a loader in another container that shares this folder; its lock does.
/// Where the file system has no locks, nothing is removed.
void remove_left_overs(const std::filesystem::path& parent) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(parent, failure)) {
    if (!may_be_left_over(entry.path().filename())) continue;
    const os::UniqueFd folder = open_folder(entry.path());
    std::error_code ignored;  // another user's
    if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) == 0)
      std::filesystem::remove_all(entry.path(), ignored);
  }
}

/// Locks a folder that was just made; false when another loader took it for a left-over before that.
bool keep(const os::UniqueFd& folder) {
  if (flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat found{};
  return fstat(folder.get(), &found) == 0 && found.st_nlink > 0;
}

std::unexpected<Error> cannot_write(const std::filesystem::path& path, int error) {
  return fail(ErrorKind::cannot_write,
              fmt::format("staging file {}: {}; choose another folder by TMPDIR or make room", path.string(),
                          std::strerror(error)));
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return cannot_write(path, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      close(fd);
      return cannot_write(path, error);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (close(fd) != 0) return cannot_write(path, errno);
  return {};
}

void add_number(std::string& out, std::string_view member, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), "{}{}", member, value);
}

void add_text(std::string& out, std::string_view member, std::string_view value) {
  out += member;
  base::append_json_string(out, value);
}

/// `2026-02-15 17:52:36.123` in UTC.
void add_time(std::string& out, std::string_view member, UtcMillis time) {
  out += member;
  const std::size_t at = out.size();
  base::append_iso(out, bronze_time(time));
  out[at + kDateLength] = ' ';
  out.back() = '"';  // in place of the Z
}

}  // namespace

Result<StagingFolder> StagingFolder::make(const std::string& parent) {
  std::error_code failure;
  const std::filesystem::path folder =
      parent.empty() ? std::filesystem::temp_directory_path(failure) : std::filesystem::path(parent);
  if (failure || folder.native().contains('\'')) {
    return fail(ErrorKind::misconfigured,
                fmt::format("staging folder {}: set TMPDIR to a folder without quotes", folder.string()));
  }
  remove_left_overs(folder);
  const std::string pattern = folder / fmt::format("{}{}-XXXXXX", kFolderPrefix, getpid());
  for (int tries = 0; tries < kTriesMax; ++tries) {
    std::string name = pattern;
    if (mkdtemp(name.data()) == nullptr) return cannot_write(name, errno);
    os::UniqueFd made = open_folder(name);
    if (!made && errno != ENOENT) return cannot_write(name, errno);
    if (made && keep(made)) return StagingFolder(name, std::move(made));
  }
  return cannot_write(pattern, EBUSY);
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<void> StagingWriter::write(const FetchedObject& object) {
  append_object(object);
  SDP_TRY(const std::uint64_t too_large,
          reader_.read(object, [&](const lake::Line& line) { return append_line(line); }));
  objects_.push_back({object.key, object.meta, too_large});
  return {};
}

void StagingWriter::append_object(const FetchedObject& object) {
  const lake::ObjectMeta& meta = object.meta;
  add_number(buffer_, R"({"o":)", static_cast<std::int64_t>(objects_.size()));
  add_text(buffer_, R"(,"object_key":)", object.key);
  add_text(buffer_, R"(,"topic":)", meta.topic);
  add_text(buffer_, R"(,"topic_id":)", base::to_string(meta.chain.topic_id));
  add_number(buffer_, R"(,"partition":)", meta.chain.partition);
  add_number(buffer_, R"(,"first_offset":)", meta.range.first);
  add_number(buffer_, R"(,"last_offset":)", meta.range.end - 1);
  add_number(buffer_, R"(,"records":)", meta.records);
  add_number(buffer_, R"(,"rejected":)", meta.rejected);
  add_time(buffer_, R"(,"first_time":")", meta.first_timestamp);
  add_time(buffer_, R"(,"last_time":")", meta.last_timestamp);
  add_text(buffer_, R"(,"sha256":)", meta.sha256);
  add_text(buffer_, R"(,"writer":)", meta.writer);
  buffer_ += "}\n";
  ++lines_;
}

Result<void> StagingWriter::append_line(const lake::Line& line) {
  add_number(buffer_, line.reject ? R"({"r":)" : R"({"e":)", static_cast<std::int64_t>(objects_.size()));
  add_number(buffer_, R"(,"offset":)", line.offset);
  add_time(buffer_, R"(,"time":")", line.timestamp);
  if (!line.key_base64.empty()) {
    add_text(buffer_, R"(,"key_base64":)", line.key_base64);
  } else if (line.key) {
    add_text(buffer_, R"(,"key":)", *line.key);
  }
  if (!line.headers_json.empty()) add_text(buffer_, R"(,"headers":)", line.headers_json);
  if (line.reject) add_text(buffer_, R"(,"code":)", name(*line.reject));
  if (line.payload) add_text(buffer_, line.reject ? R"(,"raw":)" : R"(,"payload":)", *line.payload);
  buffer_ += "}\n";
  ++lines_;
  if (buffer_.size() < kStagingFileBytes) return {};
  return flush();
}

Result<void> StagingWriter::flush() {
  SDP_TRY(const std::string body, lake::compress(lake::Compression::zstd, buffer_));
  SDP_RETURN_IF_ERROR(write_file(folder_ / fmt::format("lines-{:06}.json.zst", files_), body));
  ++files_;
  bytes_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<void> StagingWriter::finish() {
  if (buffer_.empty()) return {};
  return flush();
}

}  // namespace sdp::warehouse::snowflake
