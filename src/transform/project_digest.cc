#include "transform/project_digest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include "base/sha256.h"
#include "os/files.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesMax = std::size_t{32} << 20;
/// What dbt itself leaves in the folder of a project.
constexpr std::array<std::string_view, 4> kOfDbt = {"target", "logs", "dbt_packages", ".user.yml"};

bool is_of_dbt(const fs::path& relative) {
  return std::ranges::find(kOfDbt, relative.begin()->native()) != kOfDbt.end();
}

}  // namespace

std::optional<std::string> project_digest(const TransformOptions& options) {
  std::error_code error;
  // The folder's name has the version.
  const fs::path dbt = fs::canonical(options.dbt_path, error);
  if (error) return std::nullopt;
  std::map<std::string, std::string> digests;
  std::size_t bytes = 0;
  fs::recursive_directory_iterator files(options.project_dir, error);
  for (; !error && files != fs::recursive_directory_iterator(); files.increment(error)) {
    const fs::path relative = files->path().lexically_relative(options.project_dir);
    if (is_of_dbt(relative)) {
      if (files->is_directory(error)) files.disable_recursion_pending();
      continue;
    }
    if (!files->is_regular_file(error)) continue;
    bytes += files->file_size(error);
    if (error || bytes > kBytesMax) return std::nullopt;
    const auto text = os::read_file(files->path());
    if (!text || !*text) return std::nullopt;
    digests[relative.string()] = base::sha256_hex(**text);
  }
  if (error) return std::nullopt;
  std::string all = dbt.string();
  if (!options.mapping_digest.empty()) all += '\0' + options.mapping_digest;
  for (const auto& [path, digest] : digests) {
    all += '\0';
    all += path;
    all += '\0';
    all += digest;
  }
  return base::sha256_hex(all);
}

}  // namespace sdp::transform
