#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/bytes.h"

namespace sdp::history {

/// Bytes one by one, out of a chunk that is read at once.
class ByteStream {
 public:
  explicit ByteStream(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  /// Whether nothing is left, or the next chunk cannot be read, as outcome() says then.
  bool is_over() { return at_ == size_ && !fill(); }
  /// The next byte, where is_over() is false.
  char peek() const { return chunk_[at_]; }
  void skip() { ++at_; }
  /// Takes the bytes up to one that ends plain text within a string of JSON, as far as the chunk has them.
  std::string_view take_plain();
  /// Bytes before the next one.
  std::size_t offset() const { return taken_ + at_; }
  const Result<void>& outcome() const { return outcome_; }

 private:
  static constexpr std::size_t kChunk = std::size_t{64} << 10;

  bool fill();

  std::unique_ptr<Bytes> bytes_;
  std::array<char, kChunk> chunk_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::size_t taken_ = 0;  ///< bytes before the chunk
  bool is_over_ = false;
  Result<void> outcome_;
};

/// One JSON document of a file, cut out by its brackets and quotes alone, so that what is wrong within it
/// does not hide where the next one begins. A JSON parser can read all of its strings:
///
/// - what stands for half a surrogate pair, and the backslash of an escape that is none, becomes the three
///   bytes that UTF-8 would have for half a pair (kHalfPair), which is valid nowhere else;
/// - control characters are written as escapes;
/// - a number that a double does not hold becomes Infinity, which RapidJSON reads;
/// - what nests deeper than kDepthMax is left out, but for the bracket that is too deep.
struct Document {
  enum class End {
    whole,
    line,  ///< it goes on in the next line, where it cannot
    file,  ///< the file ends within it
  };

  std::string text;  ///< of one that is too long its beginning
  std::size_t begin = 0;
  End end = End::whole;
  bool is_too_long = false;
  bool is_changed = false;  ///< an offset in `text` is not one in the file
};

inline constexpr std::string_view kHalfPair = "\xED\xA0\x80";

/// The document that begins at the next byte, which is there and is not white space. `in_lines`: documents
/// stand one after the other and not in an array, so that one ends where a text has the end of a line, and
/// where a line begins with a brace that may not stand there.
Document read_document(ByteStream& stream, bool in_lines);

}  // namespace sdp::history
