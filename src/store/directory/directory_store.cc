#include "store/directory/directory_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "store/directory/folder_walk.h"
#include "store/directory/shard_lock.h"
#include "store/directory/sidecar.h"
#include "store/object_rules.h"

namespace sdp::store {
namespace {

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
  if (found == Found::nothing) SDP_RETURN_IF_ERROR(folders_.ensure(existing_ancestor(absolute), absolute));
  sweep_temporary_files(root_ / kTemporaryFolder, options_.stale_after, clock_);
  return found == Found::nothing;
}

Result<void> DirectoryStore::ensure_folders(std::string_view key) {
  for (const auto& folder : {object_path(key).parent_path(), sidecar_path(key).parent_path()}) {
    SDP_TRY(const Found found, look_at(folder));
    if (found != Found::folder) folders_.forget();
    SDP_RETURN_IF_ERROR(folders_.ensure(root_, folder));
  }
  SDP_RETURN_IF_ERROR(folders_.ensure(root_, root_ / kTemporaryFolder));
  return folders_.ensure(root_, root_ / kLockFolder);
}

Result<PutOutcome> DirectoryStore::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                           std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, metadata, content_type));
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  SDP_TRY(const Found found, look_at(object_path(key)));
  if (found == Found::object) return settle(key, PutOutcome::exists);
  SDP_RETURN_IF_ERROR(ensure_folders(key));
  SDP_TRY(TemporaryFile body_file, TemporaryFile::create(root_ / kTemporaryFolder));
  SDP_RETURN_IF_ERROR(body_file.fill(body.bytes, options_.sync));
  SDP_TRY(TemporaryFile sidecar, TemporaryFile::create(root_ / kTemporaryFolder));
  SDP_RETURN_IF_ERROR(sidecar.fill(format_sidecar(metadata), options_.sync));
  SDP_TRY(const PutOutcome outcome, commit(key, body_file, sidecar));
  return settle(key, outcome);
}

// Under the lock and while no object is there, the metadata belongs to nobody and may be replaced; it is
// durable before the object has its name. The link is the commit: nobody sees an object without its metadata,
// after a crash neither.
Result<PutOutcome> DirectoryStore::commit(std::string_view key, TemporaryFile& body, TemporaryFile& sidecar) {
  const std::filesystem::path object = object_path(key);
  SDP_TRY(const os::FileLock lock, lock_shard(root_ / kLockFolder, key, options_.lock_wait_max, clock_));
  SDP_TRY(const Found found, look_at(object));
  if (found == Found::object) return PutOutcome::exists;
  if (found == Found::folder) return os::posix_error(EISDIR, os::Access::write, "write the object", object);
  if (const int code = sidecar.move_to(sidecar_path(key)); code != 0)
    return os::posix_error(code, os::Access::write, "write the metadata", sidecar_path(key));
  if (options_.sync) SDP_RETURN_IF_ERROR(os::sync_folder(sidecar_path(key).parent_path()));
  if (::link(body.path().c_str(), object.c_str()) == 0) return PutOutcome::created;
  if (errno == EEXIST) return PutOutcome::exists;
  return link_error(errno, object);
}

// An object may be seen before its writer made its name durable; whoever builds on it does so first.
Result<PutOutcome> DirectoryStore::settle(std::string_view key, PutOutcome outcome) {
  if (options_.sync) SDP_RETURN_IF_ERROR(os::sync_folder(object_path(key).parent_path()));
  return outcome;
}

Result<void> DirectoryStore::put_hint(std::string_view key, std::string_view body,
                                      std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, {}, content_type));
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  SDP_RETURN_IF_ERROR(folders_.ensure(root_, object_path(key).parent_path()));
  SDP_RETURN_IF_ERROR(folders_.ensure(root_, root_ / kTemporaryFolder));
  SDP_TRY(TemporaryFile file, TemporaryFile::create(root_ / kTemporaryFolder));
  SDP_RETURN_IF_ERROR(file.fill(body, false));
  if (const int code = file.move_to(object_path(key)); code != 0)
    return os::posix_error(code, os::Access::write, "write the object", object_path(key));
  return {};
}

// The object's name goes first: metadata without an object belong to nobody.
Result<void> DirectoryStore::remove(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_own_key(key));
  SDP_RETURN_IF_ERROR(check_root());
  SDP_TRY(const Found found, look_at(object_path(key)));
  if (found == Found::folder) return {};
  SDP_RETURN_IF_ERROR(folders_.ensure(root_, root_ / kLockFolder));
  SDP_TRY(const os::FileLock lock, lock_shard(root_ / kLockFolder, key, options_.lock_wait_max, clock_));
  SDP_RETURN_IF_ERROR(remove_file(object_path(key)));
  return remove_file(sidecar_path(key));
}

/// With the folders that it leaves empty.
Result<void> DirectoryStore::remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return os::posix_error(errno, os::Access::write, "remove", path);
  folders_.forget();
  std::filesystem::path folder = path.parent_path();
  while (folder != root_ && folder.has_relative_path() && ::rmdir(folder.c_str()) == 0)
    folder = folder.parent_path();
  SDP_TRY(const Found left, look_at(folder));
  if (options_.sync && left == Found::folder) SDP_RETURN_IF_ERROR(os::sync_folder(folder));
  return {};
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
