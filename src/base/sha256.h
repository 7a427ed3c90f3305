#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sdp::base {

/// SHA-256 (FIPS 180-4) of the bytes, 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// The same of bytes that come one after the other.
class Sha256 {
 public:
  Sha256();
  ~Sha256();

  void add(std::string_view bytes);
  /// Of all that was added. Nothing may be added afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compares digests of secrets: takes as long whichever digit differs.
bool same_digest(std::string_view left, std::string_view right);

}  // namespace sdp::base
