#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_table.h"
#include "warehouse/query_session.h"

namespace sdp::cli {

// How the rows of an answer are written: for people as a table, for programs as CSV or JSON. Pure.

/// A record of RFC 4180 with its line end. NULL is empty, an empty text is `""`.
std::string csv_record(warehouse::RowView cells);

/// What the columns are called as members of JSON objects, each name once: a second `a` is `a_2`.
std::vector<std::string> json_keys(std::span<const warehouse::Column> columns);
/// One object with its line end, without characters that act on a terminal. Numbers stand in it as the
/// warehouse wrote them, digit by digit; those that JSON does not have (`inf`, `nan`) are texts.
std::string json_record(std::span<const std::string> keys, std::span<const warehouse::Column> columns,
                        warehouse::RowView cells);

/// `text` with a mark at its end when that leaves out more than so many code points.
std::string cut_to(std::string_view text, std::size_t width_max);

/// The first rows of an answer, and how many there are. Whatever an answer has, the table is not larger than
/// `bytes_max` by more than a row.
class TableAnswer {
 public:
  struct Limits {
    std::uint64_t rows_max = 1'000;
    std::size_t cell_width_max = 200;
    std::size_t bytes_max = std::size_t{64} << 20;
  };
  /// What is made of a line end in a cell: rows of its own, for a text that is drawn, or a `?`.
  enum class LineEnds { are_rows, are_shown };

  TableAnswer(Limits limits, LineEnds line_ends) : limits_(limits), line_ends_(line_ends) {}

  void set_columns(std::span<const warehouse::Column> columns);
  void add(warehouse::RowView cells);
  std::uint64_t rows() const { return rows_; }
  /// The table and a line such as `6 rows` or `1,000 of 12,345 rows`; empty as long as there are no columns.
  std::string text() const;

 private:
  void keep(std::vector<std::optional<std::string>> cells);
  void keep_lines(warehouse::RowView cells);

  Limits limits_;
  LineEnds line_ends_;
  base::TextTable table_;
  std::vector<std::size_t> widths_;  ///< of each column, of what is kept
  std::uint64_t rows_ = 0;
  std::uint64_t kept_ = 0;  ///< of these
};

}  // namespace sdp::cli
