#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "store/directory/durable_folders.h"
#include "store/directory/temporary_file.h"
#include "store/object_store.h"

namespace sdp::store {

struct DirectoryOptions {
  /// Files and names are on disk when a put returns. Off only in tests, where no power fails.
  bool sync = true;
  /// How long a put waits for another writer of its lock shard, which has but a few files to move.
  std::chrono::milliseconds lock_wait_max{30'000};
  /// A temporary file that nobody holds is swept when it is older than this.
  std::chrono::milliseconds stale_after{60'000};
};

/// A bucket in a directory: an object is a plain file of that path, its metadata stands beside the tree
/// (docs/formats/directory-store.md). Create-only between threads and processes by link(2). Thread-safe.
class DirectoryStore final : public ObjectStore {
 public:
  /// Writes nothing. The directory itself may be missing: ensure_bucket makes it, and sweeps what crashed
  /// writers left in it. `clock` outlives the store.
  static Result<std::unique_ptr<DirectoryStore>> open(const std::filesystem::path& root,
                                                      DirectoryOptions options = {},
                                                      Clock& clock = base::system_clock());

  Result<bool> ensure_bucket() override;
  Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                             std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<Object> get(std::string_view key) override;
  Result<std::optional<ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override { return "directory " + root_.string(); }

 private:
  DirectoryStore(std::filesystem::path root, DirectoryOptions options, Clock& clock);

  Result<void> check_root() const;
  Result<void> check_own_key(std::string_view key) const;
  std::filesystem::path object_path(std::string_view key) const { return root_ / key; }
  std::filesystem::path sidecar_path(std::string_view key) const { return root_ / ".meta" / key; }
  Result<void> while_folders_vanish(std::string_view key, const std::function<Result<bool>()>& attempt);
  Result<bool> ensure_folders(std::initializer_list<std::filesystem::path> folders);
  Result<std::optional<PutOutcome>> commit(std::string_view key, TemporaryFile& body, TemporaryFile& sidecar);
  Result<bool> settle(const std::filesystem::path& file);
  Result<void> remove_file(const std::filesystem::path& path);
  Result<Metadata> read_metadata(std::string_view key) const;

  const std::filesystem::path root_;
  const DirectoryOptions options_;
  Clock& clock_;
  DurableFolders folders_;
};

}  // namespace sdp::store
