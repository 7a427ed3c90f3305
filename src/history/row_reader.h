#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "history/bytes.h"
#include "history/row.h"

namespace sdp::history {

/// A row above this is refused, and a file with a page of rows above it. What is held of a file is not more
/// than a few times this, whatever the file's size.
inline constexpr std::size_t kRowBytesMax = std::size_t{4} << 20;
/// How deep a row may nest.
inline constexpr int kDepthMax = 64;

/// The rows of one file in their order. One thread.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The next row; nothing at the end. What is wrong within one row is said by its form, and the next one
  /// follows. `bad_input` says what hides where rows end, without the file and the row's number.
  virtual Result<const Row*> next() = 0;
};

/// Rows of JSON: the elements of an array, or of arrays within it, or objects one after the other (JSON
/// lines). Where such an object is a page of Last.fm (`recenttracks`, `track`) or of ListenBrainz (`payload`,
/// `listens`), its elements are the rows.
std::unique_ptr<RowReader> read_json(std::unique_ptr<Bytes> utf8);

/// Rows of CSV (RFC 4180) as exporters of Last.fm write it: with a line of names, or artist, album, track and
/// date without one.
std::unique_ptr<RowReader> read_csv(std::unique_ptr<Bytes> utf8);

/// By the first character that is not white space: JSON begins with a bracket or a brace, everything else is
/// CSV. `bad_input` when the file has nothing but white space.
Result<std::unique_ptr<RowReader>> read_rows(std::unique_ptr<Bytes> bytes);

}  // namespace sdp::history
