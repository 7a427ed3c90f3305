#include "store/directory/directory_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/files.h"
#include "store/directory/folder_walk.h"
#include "store/directory/shard_lock.h"
#include "store/directory/sidecar.h"
#include "store/object_rules.h"

namespace sdp::store {
namespace {

// How often the folders of an object may vanish while it is written.
constexpr int kAttemptsMax = 100;

enum class Found { nothing, object, folder };

Result<Found> look_at(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) return S_ISDIR(status.st_mode) ? Found::folder : Found::object;
  if (errno == ENOENT || errno == ENOTDIR) return Found::nothing;
  return os::posix_error(errno, os::Access::read, "look at", path);
}

struct OpenObject {
  os::UniqueFd fd;
  std::uint64_t bytes = 0;
};

// Nothing when there is no object of that path.
Result<std::optional<OpenObject>> open_object(const std::filesystem::path& path) {
  OpenObject object{os::UniqueFd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), 0};
  if (!object.fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return os::posix_error(errno, os::Access::read, "open", path);
  }
  struct stat status{};
  if (::fstat(object.fd.get(), &status) != 0)
    return os::posix_error(errno, os::Access::read, "look at", path);
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  object.bytes = static_cast<std::uint64_t>(status.st_size);
  return object;
}

std::unexpected<Error> link_error(int code, const std::filesystem::path& target) {
  if (code == EPERM || code == EOPNOTSUPP) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("cannot link {}: this file system has no hard links, which a directory store needs to "
                    "create a file only once; choose a directory on ext4, xfs, btrfs or tmpfs",
                    target.string()));
  }
  return os::posix_error(code, os::Access::write, "link", target);
}

}  // namespace

DirectoryStore::DirectoryStore(std::filesystem::path root, DirectoryOptions options, Clock& clock)
    : root_(std::move(root)), options_(options), clock_(clock), folders_(options.sync) {}

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(const std::filesystem::path& root,
                                                             DirectoryOptions options, Clock& clock) {
  std::filesystem::path clean = root.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  if (clean.empty()) return fail(ErrorKind::misconfigured, "the directory of the store has no name");
  return std::unique_ptr<DirectoryStore>(new DirectoryStore(std::move(clean), options, clock));
}

Result<void> DirectoryStore::check_root() const {
  SDP_TRY(const Found found, look_at(root_));
  if (found == Found::folder) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("there is no directory {}; check the path, or let the sink create "
                          "it",
                          root_.string()));
}

Result<void> DirectoryStore::check_own_key(std::string_view key) const {
  SDP_RETURN_IF_ERROR(check_key(key));
  if (!is_reserved(key.substr(0, key.find('/')))) return {};
  return fail(
      ErrorKind::bad_input,
      fmt::format("object key \"{}\" starts with a folder that {} keeps for itself", key, describe()));
}

Result<bool> DirectoryStore::ensure_bucket() {
  SDP_TRY(const Found found, look_at(root_));
  if (found == Found::object) return os::posix_error(ENOTDIR, os::Access::write, "use as a directory", root_);
  const std::filesystem::path absolute = std::filesystem::absolute(root_);
  if (found == Found::nothing) {
    SDP_TRY(const bool there, folders_.ensure(os::existing_ancestor(absolute), absolute));
    if (!there) return os::posix_error(ENOENT, os::Access::write, "make the folder", absolute);
  }
  sweep_temporary_files(root_ / kTemporaryFolder, options_.stale_after, clock_);
  return found == Found::nothing;
}

// A remover takes the folders that it leaves empty, in another process too, and may do so between the making
// of a folder and its use. `attempt` says false when that happened.
Result<void> DirectoryStore::while_folders_vanish(std::string_view key,
                                                  const std::function<Result<bool>()>& attempt) {
  for (int tries = 0; tries < kAttemptsMax; ++tries) {
    SDP_TRY(const bool done, attempt());
    if (done) return {};
    SDP_RETURN_IF_ERROR(check_root());
  }
  return fail(ErrorKind::retry,
              fmt::format("{}: another process removes the folders of {} again and again while it is "
                          "written; end that process, or try again",
                          describe(), key));
}

Result<bool> DirectoryStore::ensure_folders(std::initializer_list<std::filesystem::path> folders) {
  for (const auto& folder : folders) {
    SDP_TRY(const bool there, folders_.ensure(root_, folder));
    if (!there) return false;
  }
  return true;
}

Result<PutOutcome> DirectoryStore::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                           std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, metadata, content_type));
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  const std::filesystem::path temporary = root_ / kTemporaryFolder;
  std::optional<PutOutcome> outcome;
  const auto attempt = [&]() -> Result<bool> {
    SDP_TRY(const Found found, look_at(object_path(key)));
    if (found == Found::object) {
      outcome = PutOutcome::exists;
      return settle(object_path(key));
    }
    SDP_TRY(const bool there, ensure_folders({object_path(key).parent_path(), sidecar_path(key).parent_path(),
                                              temporary, root_ / kLockFolder}));
    if (!there) return false;
    SDP_TRY(TemporaryFile body_file, TemporaryFile::create(temporary));
    SDP_RETURN_IF_ERROR(body_file.fill(body.bytes, options_.sync));
    SDP_TRY(TemporaryFile sidecar, TemporaryFile::create(temporary));
    SDP_RETURN_IF_ERROR(sidecar.fill(format_sidecar(metadata), options_.sync));
    SDP_TRY(outcome, commit(key, body_file, sidecar));
    if (!outcome) return false;
    SDP_TRY(const bool settled, settle(object_path(key)));
    // Ours was created, whoever removed it since.
    return settled || *outcome == PutOutcome::created;
  };
  SDP_RETURN_IF_ERROR(while_folders_vanish(key, attempt));
  return *outcome;
}

// Under the lock and while no object is there, the metadata belongs to nobody and may be replaced; it is
// durable before the object has its name. The link is the commit: nobody sees an object without its metadata,
// after a crash neither. Nothing when a folder is gone.
Result<std::optional<PutOutcome>> DirectoryStore::commit(std::string_view key, TemporaryFile& body,
                                                         TemporaryFile& sidecar) {
  const std::filesystem::path object = object_path(key);
  SDP_TRY(const os::FileLock lock, lock_shard(root_ / kLockFolder, key, options_.lock_wait_max, clock_));
  SDP_TRY(const Found found, look_at(object));
  if (found == Found::object) return PutOutcome::exists;
  if (found == Found::folder) return os::posix_error(EISDIR, os::Access::write, "write the object", object);
  const int moved = sidecar.move_to(sidecar_path(key));
  if (moved == ENOENT) return std::nullopt;
  if (moved != 0) return os::posix_error(moved, os::Access::write, "write the metadata", sidecar_path(key));
  SDP_TRY(const bool settled, settle(sidecar_path(key)));
  if (!settled) return std::nullopt;
  if (::link(body.path().c_str(), object.c_str()) == 0) return PutOutcome::created;
  if (errno == EEXIST) return PutOutcome::exists;
  if (errno == ENOENT) return std::nullopt;
  return link_error(errno, object);
}

// A file may be seen before its writer made its name durable; whoever builds on it does so first. So with its
// folders: as long as it is in them, nobody makes others in their place. False when it was removed with its
// folder.
Result<bool> DirectoryStore::settle(const std::filesystem::path& file) {
  if (!options_.sync) return true;
  SDP_TRY(const bool there, folders_.settle(root_, file.parent_path()));
  if (!there) return false;
  return os::sync_folder_if_there(file.parent_path());
}

Result<void> DirectoryStore::put_hint(std::string_view key, std::string_view body,
                                      std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, {}, content_type));
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  const std::filesystem::path temporary = root_ / kTemporaryFolder;
  return while_folders_vanish(key, [&]() -> Result<bool> {
    SDP_TRY(const bool there, ensure_folders({object_path(key).parent_path(), temporary}));
    if (!there) return false;
    SDP_TRY(TemporaryFile file, TemporaryFile::create(temporary));
    SDP_RETURN_IF_ERROR(file.fill(body, false));
    const int moved = file.move_to(object_path(key));
    if (moved != 0 && moved != ENOENT)
      return os::posix_error(moved, os::Access::write, "write the object", object_path(key));
    return moved == 0;
  });
}

// The object's name goes first: metadata without an object belong to nobody.
Result<void> DirectoryStore::remove(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  SDP_TRY(const Found found, look_at(object_path(key)));
  if (found == Found::folder) return {};
  SDP_RETURN_IF_ERROR(while_folders_vanish(key, [&] { return folders_.ensure(root_, root_ / kLockFolder); }));
  SDP_TRY(const os::FileLock lock, lock_shard(root_ / kLockFolder, key, options_.lock_wait_max, clock_));
  SDP_RETURN_IF_ERROR(remove_file(object_path(key)));
  return remove_file(sidecar_path(key));
}

/// With the folders that it leaves empty. Others may do the same in the same folder at the same time.
Result<void> DirectoryStore::remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return os::posix_error(errno, os::Access::write, "remove", path);
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    const bool is_below = folder != root_ && folder.has_relative_path();
    if (is_below && (::rmdir(folder.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR)) continue;
    if (!options_.sync) return {};
    SDP_TRY(const bool there, os::sync_folder_if_there(folder));
    if (there || !is_below) return {};
  }
}

Result<Metadata> DirectoryStore::read_metadata(std::string_view key) const {
  const std::filesystem::path path = sidecar_path(key);
  SDP_TRY(const auto sidecar, open_object(path));
  if (!sidecar) return Metadata{};
  SDP_TRY(const std::string text, os::read_all(sidecar->fd.get(), sidecar->bytes, path, kSidecarBytesMax));
  auto metadata = parse_sidecar(text);
  if (!metadata) return std::unexpected(metadata.error().in(path.string()));
  return metadata;
}

Result<Object> DirectoryStore::get(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_own_key(key));
  const std::filesystem::path path = object_path(key);
  SDP_TRY(const auto object, open_object(path));
  if (!object) {
    SDP_RETURN_IF_ERROR(check_root());
    return fail(ErrorKind::bad_input, fmt::format("{}: there is no object {}", describe(), key));
  }
  SDP_TRY(std::string body, os::read_all(object->fd.get(), object->bytes, path));
  SDP_TRY(Metadata metadata, read_metadata(key));
  return Object{std::move(body), std::move(metadata)};
}

Result<std::optional<ObjectHead>> DirectoryStore::head(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_TRY(const auto object, open_object(object_path(key)));
  if (!object) return std::nullopt;
  SDP_TRY(Metadata metadata, read_metadata(key));
  return ObjectHead{std::string(key), object->bytes, std::move(metadata)};
}

Result<void> DirectoryStore::list(std::string_view prefix,
                                  const std::function<bool(const ListedObject&)>& visit) {
  SDP_RETURN_IF_ERROR(check_prefix(prefix));
  SDP_RETURN_IF_ERROR(check_root());
  return walk_objects(root_, prefix, visit);
}

Result<std::vector<std::string>> DirectoryStore::list_folders(std::string_view prefix) {
  SDP_RETURN_IF_ERROR(check_folder_prefix(prefix));
  SDP_RETURN_IF_ERROR(check_root());
  return walk_folders(root_, prefix);
}

}  // namespace sdp::store
