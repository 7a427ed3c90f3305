#include "base/uuid.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"

namespace sdp::base {
namespace {

constexpr int kNoDigit = 16;
/// The value of each hexadecimal digit, kNoDigit for other bytes: ids are read some millions of times a run.
constexpr auto kNibbles = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) {
    values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

void set_version(Uuid& uuid, int version) {
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | version << 4);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
}

}  // namespace

const Uuid kNamespaceDns = *parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

Uuid uuid5(const Uuid& name_space, std::string_view name) {
  std::string input(reinterpret_cast<const char*>(name_space.bytes.data()), name_space.bytes.size());
  input.append(name);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  SDP_ASSERT(EVP_Digest(input.data(), input.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), digest, uuid.bytes.size());
  set_version(uuid, 5);
  return uuid;
}

Uuid uuid4(Rng& rng) {
  Uuid uuid;
  const std::uint64_t words[2] = {rng.next(), rng.next()};
  std::memcpy(uuid.bytes.data(), words, sizeof words);
  set_version(uuid, 4);
  return uuid;
}

void append_uuid(std::string& out, const Uuid& uuid) {
  constexpr char kDigits[] = "0123456789abcdef";
  char text[36];
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = kDigits[uuid.bytes[i] >> 4];
    text[at++] = kDigits[uuid.bytes[i] & 15];
  }
  out.append(text, sizeof text);
}

std::string to_string(const Uuid& uuid) {
  std::string out;
  append_uuid(out, uuid);
  return out;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return std::nullopt;
  Uuid uuid;
  std::size_t at = 0;
  int bad = 0;
  for (std::uint8_t& byte : uuid.bytes) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    const int high = kNibbles[static_cast<unsigned char>(text[at])];
    const int low = kNibbles[static_cast<unsigned char>(text[at + 1])];
    bad |= high | low;
    byte = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  if (bad >= kNoDigit) return std::nullopt;
  return uuid;
}

}  // namespace sdp::base
