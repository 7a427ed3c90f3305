#include "history/bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace sdp::history {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

enum class Encoding { utf8, utf16_le, utf16_be };

struct Beginning {
  Encoding encoding = Encoding::utf8;
  std::size_t mark = 0;  ///< bytes that are not text
};

Beginning look_at(std::string_view first) {
  if (first.starts_with("\xEF\xBB\xBF")) return {Encoding::utf8, 3};
  if (first.starts_with("\xFF\xFE")) return {Encoding::utf16_le, 2};
  if (first.starts_with("\xFE\xFF")) return {Encoding::utf16_be, 2};
  if (first.size() < 2) return {};
  if (first[0] != '\0' && first[1] == '\0') return {Encoding::utf16_le, 0};
  if (first[0] == '\0' && first[1] != '\0') return {Encoding::utf16_be, 0};
  return {};
}

class Utf8Bytes final : public Bytes {
 public:
  explicit Utf8Bytes(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (!encoding_) SDP_RETURN_IF_ERROR(begin());
    while (at_ == text_.size()) {
      if (*encoding_ == Encoding::utf8 && raw_.empty()) return bytes_->read(into);
      text_.clear();
      at_ = 0;
      if (*encoding_ == Encoding::utf8) {
        std::swap(text_, raw_);
        continue;
      }
      SDP_RETURN_IF_ERROR(decode());
      if (text_.empty() && is_over_) return 0;
    }
    const std::size_t size = std::min(into.size(), text_.size() - at_);
    std::copy_n(text_.data() + at_, size, into.data());
    at_ += size;
    return size;
  }

 private:
  /// Four bytes tell which encoding it is.
  Result<void> begin() {
    while (!is_over_ && raw_.size() < 4) SDP_RETURN_IF_ERROR(fetch());
    const std::string_view first = std::string_view(raw_).substr(0, 4);
    if (first == std::string_view("\xFF\xFE\0\0", 4) || first == std::string_view("\0\0\xFE\xFF", 4))
      return fail(ErrorKind::bad_input, "the text is UTF-32, which is not read; write it as UTF-8");
    const Beginning beginning = look_at(raw_);
    raw_.erase(0, beginning.mark);
    encoding_ = beginning.encoding;
    return {};
  }

  Result<void> fetch() {
    std::array<char, kChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    SDP_TRY(const std::size_t size, bytes_->read(chunk));
    raw_.append(chunk.data(), size);
    is_over_ = size == 0;
    return {};
  }

  std::uint32_t unit(std::size_t at) const {
    const auto first = static_cast<std::uint8_t>(raw_[at]);
    const auto second = static_cast<std::uint8_t>(raw_[at + 1]);
    return *encoding_ == Encoding::utf16_le ? std::uint32_t{second} << 8 | first
                                            : std::uint32_t{first} << 8 | second;
  }

  /// What is whole; what is cut off is told once all before it was handed out, however the bytes came.
  Result<void> decode() {
    if (!is_over_) SDP_RETURN_IF_ERROR(fetch());
    std::size_t at = 0;
    while (at + 2 <= raw_.size()) {
      const std::uint32_t code = unit(at);
      const bool leads = code >= 0xD800 && code < 0xDC00;
      if (leads && at + 4 > raw_.size()) break;
      const std::uint32_t trail = leads ? unit(at + 2) : 0;
      if (trail >= 0xDC00 && trail < 0xE000) {
        append_utf8(text_, 0x10000 + ((code - 0xD800) << 10) + (trail - 0xDC00));
        at += 4;
      } else {
        append_utf8(text_, code);
        at += 2;
      }
    }
    raw_.erase(0, at);
    if (!is_over_ || raw_.empty() || !text_.empty()) return {};
    return fail(ErrorKind::bad_input, "the text is UTF-16 and has a character that is cut off");
  }

  std::unique_ptr<Bytes> bytes_;
  std::optional<Encoding> encoding_;
  std::string raw_;   ///< read, not decoded
  std::string text_;  ///< decoded
  std::size_t at_ = 0;
  bool is_over_ = false;
};

}  // namespace

std::unique_ptr<Bytes> in_utf8(std::unique_ptr<Bytes> bytes) {
  return std::make_unique<Utf8Bytes>(std::move(bytes));
}

}  // namespace sdp::history
