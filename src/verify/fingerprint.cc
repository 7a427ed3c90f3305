#include "verify/fingerprint.h"

#include <xxhash.h>

#include <algorithm>

#include "verify/header_reader.h"
#include "verify/json_judge.h"

namespace sdp::verify {
namespace {

void append_bytes(std::string& out, const std::optional<std::string_view>& bytes) {
  out.push_back(bytes ? 1 : 0);
  append_little(out, static_cast<std::uint64_t>(bytes ? bytes->size() : 0));
  if (bytes) out.append(*bytes);
}

std::uint64_t value_hash(const std::optional<std::string_view>& value, std::uint64_t seed) {
  // A tombstone is not an empty value.
  if (!value) return XXH3_64bits_withSeed("", 0, ~seed);
  return XXH3_64bits_withSeed(value->data(), value->size(), seed);
}

}  // namespace

template <typename Headers>
std::uint64_t Fingerprinter::seed_of(Bytes key, const Headers& headers) {
  around_.clear();
  append_bytes(around_, key);
  append_little(around_, static_cast<std::uint64_t>(headers.size()));
  for (const auto& header : headers) {
    append_bytes(around_, std::string_view(header.name));
    append_bytes(around_, header.value);
  }
  return XXH3_64bits(around_.data(), around_.size());
}

std::uint64_t Fingerprinter::seed_of(const log::RecordView& record) {
  if (!record.headers_encoded) return seed_of(record.key, record.headers);
  return seed_of(record.key, read_headers(*record.headers_encoded));
}

Fingerprints Fingerprinter::of(const log::RecordView& record) {
  const std::uint64_t seed = seed_of(record);
  const std::uint64_t raw = value_hash(record.value, seed);
  if (!record.value) return {raw, raw};
  const std::string_view normal = normalised(*record.value, value_);
  if (normal.size() == record.value->size() && normal.data() == record.value->data()) return {raw, raw};
  return {raw, value_hash(normal, seed)};
}

std::uint64_t Fingerprinter::of(Bytes key, Bytes value, std::span<const lake::LineHeader> headers) {
  return value_hash(value, seed_of(key, headers));
}

std::uint64_t Fingerprinter::of(Bytes key, std::uint32_t schema_id, std::string_view json,
                                std::span<const lake::LineHeader> headers) {
  value_.assign(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) value_.push_back(static_cast<char>(schema_id >> shift));
  value_.append(json);
  return value_hash(value_, seed_of(key, headers));
}

std::string_view normalised(std::string_view value, std::string& buffer) {
  if (const auto parts = unframed(value)) {
    std::string json;
    const std::string_view normal = normalised(parts->json, json);
    buffer.assign(parts->frame).append(normal);
    return buffer;
  }
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  const auto first = value.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  value = value.substr(first, value.find_last_not_of(kWhiteSpace) - first + 1);
  if (value.starts_with('{') && value.find_first_not_of(kWhiteSpace, 1) == value.size() - 1 &&
      value.ends_with('}')) {
    return "{}";
  }
  if (value.find('\n') == std::string_view::npos && value.find('\r') == std::string_view::npos) return value;
  buffer.assign(value);
  std::ranges::replace(buffer, '\n', ' ');
  std::ranges::replace(buffer, '\r', ' ');
  return buffer;
}

}  // namespace sdp::verify
