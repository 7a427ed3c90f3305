#include "transform/kept_parse.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "os/files.h"
#include "os/trust.h"
#include "transform/project_digest.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

/// It has 1 MB of ours.
constexpr std::size_t kParsedBytesMax = std::size_t{32} << 20;
/// Of other projects, other versions of dbt and other limits of memory.
constexpr std::size_t kKeptMax = 8;
constexpr mode_t kParsedMode = 0600;
constexpr std::string_view kParsed = ".msgpack";
constexpr std::string_view kCode = ".code";

fs::path folder_of(const TransformOptions& options) {
  return options.cache_dir / "dbt";
}

/// Named by all that makes dbt read the project again: its files, where it is, which dbt, and what of the
/// profile it compares. Nothing where none is kept: of an account of Snowflake it would name the user.
std::optional<fs::path> kept_path(const TransformOptions& options) {
  if (options.cache_dir.empty() || options.warehouse_path.empty()) return std::nullopt;
  // A mapping is asked for while dbt works, not while it reads.
  TransformOptions read = options;
  read.mapping_digest.clear();
  const auto project = project_digest(read);
  if (!project) return std::nullopt;
  std::string all = *project;
  for (const std::string& part :
       {fs::absolute(options.project_dir).string(), options.memory_limit, std::to_string(options.threads),
        options.warehouse_path.filename().string()}) {
    all += '\0';
    all += part;
  }
  return folder_of(options) / base::sha256_hex(all).append(kParsed);
}

std::optional<std::string> read(const fs::path& path) {
  return os::read_file(path, kParsedBytesMax).value_or(std::nullopt);
}

/// Dbt runs what is in there.
bool is_safe(const fs::path& folder) {
  std::error_code none;
  return fs::is_directory(fs::symlink_status(folder, none)) && os::is_trusted(folder);
}

/// Made where there is none.
bool has_folder(const fs::path& folder) {
  std::error_code none;
  if (fs::create_directories(folder, none)) fs::permissions(folder, fs::perms::owner_all, none);
  return !none && is_safe(folder);
}

void remove_oldest(const fs::path& folder) {
  std::error_code none;
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::vector<fs::path> others;
  for (auto entry = fs::directory_iterator(folder, none); !none && entry != fs::directory_iterator();
       entry.increment(none)) {
    const auto time = entry->last_write_time(none);
    if (none) continue;
    if (entry->path().extension() == kParsed) {
      kept.emplace_back(time, entry->path());
    } else {
      others.push_back(entry->path());
    }
  }
  std::ranges::sort(kept, std::greater());
  for (std::size_t i = kKeptMax; i < kept.size(); ++i) fs::remove(kept[i].second, none);
  // Code of what is gone, and of builds that failed or were killed.
  for (const fs::path& other : others) {
    if (!fs::exists(fs::path(other).replace_extension(kParsed), none)) fs::remove(other, none);
  }
}

}  // namespace

fs::path user_cache_dir() {
  const auto set = [](const char* name) {
    const char* const text = std::getenv(name);
    return fs::path(text == nullptr ? "" : text);
  };
  constexpr std::string_view kOurs = "spotify-pipeline";
  // Its specification has relative paths passed over.
  if (const fs::path cache = set("XDG_CACHE_HOME"); cache.is_absolute()) return cache / kOurs;
  if (const fs::path home = set("HOME"); home.is_absolute()) return home / ".cache" / kOurs;
  return {};
}

void take_parsed(const TransformOptions& options) {
  const fs::path own = target_path(options) / kParsedFile;
  std::error_code none;
  if (fs::exists(own, none)) return;
  if (!is_safe(folder_of(options))) return;
  const auto path = kept_path(options);
  if (!path) return;
  const auto parsed = read(*path);
  if (!parsed || !os::write_file(own, *parsed, kParsedMode)) return;
  fs::last_write_time(*path, fs::file_time_type::clock::now(), none);
}

void keep_parsed(const TransformOptions& options) {
  const auto path = kept_path(options);
  if (!path) return;
  const auto parsed = read(target_path(options) / kParsedFile);
  if (!parsed || parsed == read(*path)) return;
  const fs::path folder = folder_of(options);
  if (!has_folder(folder) || !os::write_file(*path, *parsed, kParsedMode)) return;
  remove_oldest(folder);
}

fs::path kept_code(const TransformOptions& options) {
  const auto path = kept_path(options);
  if (!path || !has_folder(folder_of(options))) return {};
  return fs::path(*path).replace_extension(kCode);
}

}  // namespace sdp::transform
