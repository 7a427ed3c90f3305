#include "local/deps.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>

#include "os/trust.h"

namespace sdp::local {
namespace {

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::optional<uid_t> owner_of(const std::filesystem::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_uid) : std::nullopt;
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
  auto here = working_folder / ".deps";
  const bool is_here = is_folder(here);
  // Programs are run from it, and the folder that we happen to work in may be anybody's.
  if (is_here && os::is_trusted(here)) return here;
  for (auto folder = executable.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    // Whoever owns the executable decides what is run anyway.
    if (is_folder(folder / ".deps") && os::is_trusted(folder / ".deps", owner_of(executable), S_IWOTH))
      return folder / ".deps";
  }
  if (is_here) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} belongs to another user, or others can write it, so no program is run from it; say "
                    "where the right one is with --deps or SDP_DEPS_DIR",
                    here.string()));
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
