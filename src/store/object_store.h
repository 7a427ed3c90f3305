#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::store {

/// User metadata of an object: lower-case names of [a-z0-9-], printable ASCII values, at most 2 KiB in all
/// (the S3 limit, which every adapter holds to). No name may be another name followed by '-' or a digit
/// (object_rules.h).
using Metadata = std::map<std::string, std::string>;
inline constexpr std::size_t kMetadataBytesMax = 2048;

/// What is put: its bytes, and their hash where the caller has it already. Refers to both.
struct Body {
  Body(const char* text) : bytes(text) {}         // NOLINT(google-explicit-constructor): bytes are a body
  Body(std::string_view text) : bytes(text) {}    // NOLINT(google-explicit-constructor)
  Body(const std::string& text) : bytes(text) {}  // NOLINT(google-explicit-constructor)
  Body(std::string_view text, std::string_view hash) : bytes(text), sha256_hex(hash) {}

  std::string_view bytes;
  /// Empty when nobody knows it. A store that sends it makes the server compare.
  std::string_view sha256_hex;
};

enum class PutOutcome {
  created,
  /// An object of that key was there already and is unchanged. (It may be our own, its answer lost on the
  /// way.)
  exists,
};

struct ObjectHead {
  std::string key;
  std::uint64_t bytes = 0;
  Metadata metadata;
};

struct Object {
  std::string body;
  Metadata metadata;
};

struct ListedObject {
  std::string key;
  std::uint64_t bytes = 0;

  auto operator<=>(const ListedObject&) const = default;
};

/// One bucket of objects which never change: no overwrite but of hints (put_hint), and no delete but by
/// `lake upgrade` (remove).
/// Keys are UTF-8 paths of at most 1024 bytes, without empty, "." or ".." segments. Thread-safe. Temporary
/// failures are retried inside; what comes out is final: `unavailable`, `unauthorized`, `misconfigured`,
/// `cannot_write`, `bad_input`, `fatal`.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// True when the bucket (or folder) was created, false when it was there.
  virtual Result<bool> ensure_bucket() = 0;

  /// Writes a whole object, or nothing, if no object of that key exists (S3: If-None-Match: *). When it
  /// returns, the object is durable. `exists` leaves the object untouched.
  virtual Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                     std::string_view content_type) = 0;
  /// Writes a small object, whether there is one of that key or not; readers see the old one or the new one.
  /// For what nobody trusts: it need not be durable when this returns.
  virtual Result<void> put_hint(std::string_view key, std::string_view body,
                                std::string_view content_type) = 0;
  /// Removes an object, durably; nothing happens when there is none. For `lake upgrade` alone, while nobody
  /// else writes below the key's folder: everything else relies on objects that stay.
  virtual Result<void> remove(std::string_view key) = 0;
  /// `bad_input` names the key when there is no such object.
  virtual Result<Object> get(std::string_view key) = 0;
  /// Nothing when there is no such object.
  virtual Result<std::optional<ObjectHead>> head(std::string_view key) = 0;
  /// Every object whose key starts with `prefix`, in ascending byte order of keys, to `visit`, which returns
  /// false to stop. Pages are fetched as needed.
  virtual Result<void> list(std::string_view prefix,
                            const std::function<bool(const ListedObject&)>& visit) = 0;
  /// The distinct "folders" below `prefix` (which ends in '/'), each with its trailing '/', ascending.
  virtual Result<std::vector<std::string>> list_folders(std::string_view prefix) = 0;

  /// Where this is, for messages: `s3://spotify at http://127.0.0.1:9002`, `directory data/lake`.
  virtual std::string describe() const = 0;
};

/// Proves that `store` honours create-only puts by putting `probe_key` twice with different bodies: the
/// second must say `exists` and the first body must stand. The probe object stays and later probes reuse it.
/// `misconfigured` when the store overwrites.
Result<void> probe_create_only(ObjectStore& store, std::string_view probe_key);

}  // namespace sdp::store
