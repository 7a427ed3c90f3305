#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"

namespace sdp::history {

/// Bytes that come one after the other, such as those of a file. One thread.
class Bytes {
 public:
  virtual ~Bytes() = default;
  /// Fills the front of `into`, which is not empty; 0 at the end.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

/// The bytes of a text, for tests and fuzzers; at most `step` at once.
class TextBytes final : public Bytes {
 public:
  explicit TextBytes(std::string text, std::size_t step = 4'096) : text_(std::move(text)), step_(step) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), text_.size() - at_, step_});
    std::copy_n(text_.data() + at_, size, into.data());
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

/// `bytes` in UTF-8 without a byte order mark, whatever they are: UTF-16 is told by its mark, or by a first
/// character below U+0100. UTF-8 itself is passed on as it is. Half a surrogate pair becomes the three bytes
/// that it would have, which are not UTF-8. `bad_input` when half a character is left at the end.
std::unique_ptr<Bytes> in_utf8(std::unique_ptr<Bytes> bytes);

}  // namespace sdp::history
