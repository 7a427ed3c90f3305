#include "history/file_rows.h"

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "history/import_plan.h"

namespace sdp::history {
namespace {

/// Counts what passes into a hash.
class HashedBytes final : public Bytes {
 public:
  HashedBytes(std::unique_ptr<Bytes> bytes, std::shared_ptr<base::Sha256> sha256)
      : bytes_(std::move(bytes)), sha256_(std::move(sha256)) {}

  Result<std::size_t> read(std::span<char> into) override {
    SDP_TRY(const std::size_t size, bytes_->read(into));
    sha256_->add({into.data(), size});
    return size;
  }

 private:
  std::unique_ptr<Bytes> bytes_;
  std::shared_ptr<base::Sha256> sha256_;
};

}  // namespace

std::size_t FileRows::Hash::operator()(const Uuid& id) const {
  std::size_t hash = 0;
  std::memcpy(&hash, id.bytes.data(), sizeof hash);
  return hash;
}

FileRows::FileRows(std::string name, std::shared_ptr<base::Sha256> sha256, std::unique_ptr<RowReader> reader)
    : name_(std::move(name)), sha256_(std::move(sha256)), reader_(std::move(reader)) {}

Result<FileRows> FileRows::open(const InputFile& file) {
  auto bytes = file.open();
  if (!bytes) return std::unexpected(bytes.error().in(file.name));
  auto sha256 = std::make_shared<base::Sha256>();
  auto reader = read_rows(std::make_unique<HashedBytes>(*std::move(bytes), sha256));
  if (!reader) return std::unexpected(reader.error().in(file.name));
  return FileRows(file.name, std::move(sha256), *std::move(reader));
}

Result<const Row*> FileRows::next() {
  ++number_;
  auto row = reader_->next();
  if (!row) return fail_at(row.error().kind, {}, row.error().message);
  return *row;
}

std::uint32_t FileRows::number_among_equals(const Listening& listening) {
  return equals_[base::uuid5(base::kNamespaceDns, listening.row)]++;
}

std::string FileRows::sha256() {
  return sha256_->hex();
}

std::unexpected<Error> FileRows::fail_at(ErrorKind kind, std::string_view member,
                                         std::string_view what) const {
  if (member.empty()) return fail(kind, fmt::format("{}, row {}: {}", name_, number_, what));
  return fail(kind, fmt::format("{}, row {}, {}: {}", name_, number_, member, what));
}

}  // namespace sdp::history
