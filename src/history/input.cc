#include "history/input.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/terminal_text.h"
#include "os/posix_file.h"

namespace sdp::history {
namespace {

namespace fs = std::filesystem;

/// A little that compresses well is not a bomb.
constexpr std::uint64_t kRatioFrom = std::uint64_t{1} << 20;

class FileBytes final : public Bytes {
 public:
  FileBytes(os::UniqueFd fd, fs::path path, std::uint64_t bytes_max)
      : fd_(std::move(fd)), path_(std::move(path)), bytes_max_(bytes_max) {}

  Result<std::size_t> read(std::span<char> into) override {
    while (true) {
      const ssize_t size = ::read(fd_.get(), into.data(), into.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return os::posix_error(errno, os::Access::read, "read", path_);
      taken_ += static_cast<std::uint64_t>(size);
      if (taken_ > bytes_max_)
        return fail(ErrorKind::bad_input,
                    fmt::format("it is larger than {} bytes, which is the limit", bytes_max_));
      return static_cast<std::size_t>(size);
    }
  }

 private:
  os::UniqueFd fd_;
  fs::path path_;
  std::uint64_t bytes_max_;
  std::uint64_t taken_ = 0;
};

Result<std::unique_ptr<Bytes>> open_file(const fs::path& path, std::uint64_t bytes_max) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return os::posix_error(errno, os::Access::read, "open", path);
  return std::make_unique<FileBytes>(std::move(fd), path, bytes_max);
}

bool may_be_history(const fs::path& path) {
  const std::string ending = base::lower(path.extension().string());
  // Apple's packer adds a file of its own beside each.
  return !path.filename().string().starts_with("._") &&
         (ending == ".json" || ending == ".jsonl" || ending == ".ndjson" || ending == ".csv");
}

std::unexpected<Error> too_many(const fs::path& path, std::size_t limit) {
  return fail(ErrorKind::bad_input,
              fmt::format("{} has more than {} files, which is the limit; import its parts one by one",
                          path.string(), limit));
}

Result<std::vector<InputFile>> files_of_folder(const fs::path& top, const InputLimits& limits) {
  std::vector<InputFile> files;
  std::vector<fs::path> folders{top};
  std::size_t seen = 0;
  while (!folders.empty()) {
    // One by one, so that the folder that cannot be read is named, and not the one above it.
    const fs::path folder = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (++seen > limits.files) return too_many(top, limits.files);
      const fs::file_type type = at->symlink_status(error).type();
      if (type == fs::file_type::none)
        return os::posix_error(error.value(), os::Access::read, "look at", at->path());
      error.clear();  // what was removed meanwhile is none of the export's
      if (type == fs::file_type::directory) folders.push_back(at->path());
      std::error_code ignored;
      if (!at->is_regular_file(ignored) || !may_be_history(at->path())) continue;
      files.push_back(
          {.name = base::escaped(at->path().string()),
           .is_chosen = false,
           .open = [path = at->path(), max = limits.file_bytes] { return open_file(path, max); }});
    }
    if (error) return os::posix_error(error.value(), os::Access::read, "read", folder);
  }
  return files;
}

std::string message_of(zip_error_t& error) {
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

struct Zip {
  explicit Zip(zip_t* zip) : handle(zip) {}
  Zip(const Zip&) = delete;
  Zip& operator=(const Zip&) = delete;
  ~Zip() { zip_discard(handle); }

  zip_t* handle;
};

/// What an entry holds, with the limits looked at while it is unpacked: what its header says may be a lie.
class EntryBytes final : public Bytes {
 public:
  EntryBytes(std::shared_ptr<Zip> zip, zip_file_t* file, const zip_stat_t& stat, const InputLimits& limits)
      : zip_(std::move(zip)), file_(file), packed_(stat.comp_size), size_(stat.size), limits_(limits) {}
  EntryBytes(const EntryBytes&) = delete;
  EntryBytes& operator=(const EntryBytes&) = delete;
  ~EntryBytes() override { zip_fclose(file_); }

  Result<std::size_t> read(std::span<char> into) override {
    const zip_int64_t size = zip_fread(file_, into.data(), into.size());
    if (size < 0) {
      return fail(ErrorKind::bad_input,
                  fmt::format("it cannot be unpacked: {}", zip_error_strerror(zip_file_get_error(file_))));
    }
    taken_ += static_cast<std::uint64_t>(size);
    if (taken_ > size_)
      return fail(ErrorKind::bad_input, "it is larger than the ZIP file says; fetch the export again");
    if (taken_ > limits_.file_bytes) {
      return fail(ErrorKind::bad_input,
                  fmt::format("it is larger than {} bytes, which is the limit", limits_.file_bytes));
    }
    if (taken_ > kRatioFrom && taken_ / limits_.ratio > packed_) {
      return fail(ErrorKind::bad_input,
                  fmt::format("it is more than {} times as large as in the ZIP file, which is the limit",
                              limits_.ratio));
    }
    return static_cast<std::size_t>(size);
  }

 private:
  std::shared_ptr<Zip> zip_;
  zip_file_t* file_;
  std::uint64_t packed_;
  std::uint64_t size_;
  InputLimits limits_;
  std::uint64_t taken_ = 0;
};

Result<std::unique_ptr<Bytes>> open_entry(const std::shared_ptr<Zip>& zip, const zip_stat_t& stat,
                                          const InputLimits& limits) {
  zip_file_t* const file = zip_fopen_index(zip->handle, stat.index, 0);
  if (file == nullptr) {
    return fail(ErrorKind::bad_input,
                fmt::format("it cannot be unpacked: {}", zip_error_strerror(zip_get_error(zip->handle))));
  }
  return std::make_unique<EntryBytes>(zip, file, stat, limits);
}

/// Told before anything is read: an entry that nobody can read looks like one that is not a history.
Result<void> check_entry(const fs::path& zip, const zip_stat_t& stat) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorKind::bad_input, fmt::format("{}: {} {}; unpack it with another program, and import the "
                                                  "folder",
                                                  zip.string(), base::escaped(stat.name), why));
  };
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
    return refused("is encrypted");
  if ((stat.valid & ZIP_STAT_COMP_METHOD) != 0 && zip_compression_method_supported(stat.comp_method, 0) == 0)
    return refused("is packed by a method that is not known here");
  return {};
}

Result<std::vector<InputFile>> files_of_zip(const fs::path& path, const InputLimits& limits) {
  int code = 0;
  zip_t* const handle = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (handle == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    return fail(ErrorKind::bad_input, fmt::format("{} is not a sound ZIP file: {}; fetch the export again",
                                                  path.string(), message_of(error)));
  }
  const auto zip = std::make_shared<Zip>(handle);
  const zip_int64_t entries = zip_get_num_entries(handle, 0);
  if (std::cmp_greater(entries, limits.files)) return too_many(path, limits.files);
  std::vector<InputFile> files;
  std::uint64_t total = 0;
  for (zip_uint64_t i = 0; std::cmp_less(i, entries); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(handle, i, 0, &stat) != 0) {
      return fail(ErrorKind::bad_input, fmt::format("{}: entry {} cannot be read: {}", path.string(), i,
                                                    zip_error_strerror(zip_get_error(handle))));
    }
    const std::string_view name(stat.name);
    if (name.ends_with('/') || !may_be_history(fs::path(name))) continue;
    SDP_RETURN_IF_ERROR(check_entry(path, stat));
    total += stat.size;
    if (total > limits.total_bytes) {
      return fail(ErrorKind::bad_input,
                  fmt::format("{} holds more than {} bytes, which is the limit; unpack it and import its "
                              "parts one by one",
                              path.string(), limits.total_bytes));
    }
    files.push_back({.name = fmt::format("{}: {}", path.filename().string(), base::escaped(name)),
                     .is_chosen = false,
                     .open = [zip, stat, limits] { return open_entry(zip, stat, limits); }});
  }
  return files;
}

enum class Packing { none, zip, gzip };

/// By its first bytes, whatever its name is. An empty ZIP file begins otherwise, and has nothing.
Result<Packing> packing_of(const fs::path& path) {
  SDP_TRY(const auto bytes, open_file(path, 4));
  std::array<char, 4> first{};
  SDP_TRY(const std::size_t size, bytes->read(first));
  const std::string_view begin(first.data(), size);
  if (begin == std::string_view("PK\x03\x04") || begin == std::string_view("PK\x05\x06")) return Packing::zip;
  return begin.starts_with("\x1f\x8b") ? Packing::gzip : Packing::none;
}

}  // namespace

Result<std::vector<InputFile>> find_files(const fs::path& path, const InputLimits& limits) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  std::vector<InputFile> files;
  if (fs::is_directory(status)) {
    SDP_TRY(files, files_of_folder(path, limits));
  } else if (fs::is_regular_file(status)) {
    SDP_TRY(const Packing packing, packing_of(path));
    if (packing == Packing::gzip) {
      return fail(ErrorKind::bad_input,
                  fmt::format("{} is packed by gzip; unpack it, and import what was in it", path.string()));
    }
    if (packing == Packing::none) {
      files.push_back({.name = base::escaped(path.string()),
                       .is_chosen = true,
                       .open = [path, max = limits.file_bytes] { return open_file(path, max); }});
      return files;
    }
    SDP_TRY(files, files_of_zip(path, limits));
  } else if (status.type() == fs::file_type::none) {
    return os::posix_error(error.value(), os::Access::read, "look at", path);
  } else if (status.type() != fs::file_type::not_found) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} is neither a file nor a folder; name a file, a folder or a ZIP file of an export",
                    path.string()));
  } else {
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no file or folder {}; name a file, a folder or a ZIP file of an export",
                            path.string()));
  }
  std::ranges::sort(files, {}, &InputFile::name);
  if (files.empty()) {
    return fail(ErrorKind::bad_input,
                fmt::format("{} has no file that may be a listening history (.json, .jsonl, .ndjson, .csv)",
                            path.string()));
  }
  return files;
}

}  // namespace sdp::history
