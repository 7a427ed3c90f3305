#include "local/deps.h"

#include <fmt/format.h>

namespace sdp::local {
namespace {

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

Result<std::filesystem::path> find_deps(const std::filesystem::path& given,
                                        const std::filesystem::path& working_folder,
                                        const std::filesystem::path& executable) {
  if (!given.empty()) {
    if (is_folder(given)) return std::filesystem::absolute(given);
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the folder of dependencies {} is not there; run tools/setup services", given.string()));
  }
  if (is_folder(working_folder / ".deps")) return working_folder / ".deps";
  for (auto folder = executable.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    if (is_folder(folder / ".deps")) return folder / ".deps";
  }
  return fail(
      ErrorKind::misconfigured,
      "found no .deps folder here or above the executable; run tools/setup services in the checkout, or say "
      "where it is with --deps or SDP_DEPS_DIR");
}

Result<std::filesystem::path> find_deps(const std::filesystem::path& given) {
  return find_deps(given, std::filesystem::current_path(), std::filesystem::read_symlink("/proc/self/exe"));
}

}  // namespace sdp::local
