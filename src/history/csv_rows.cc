#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "history/row_reader.h"

namespace sdp::history {
namespace {

constexpr std::size_t kTextChunk = std::size_t{64} << 10;
constexpr std::size_t kColumnsMax = 64;
/// Artist, album, track, date.
constexpr std::size_t kCellsWithoutNames = 4;

struct Column {
  std::string_view name;
  Member member;
};

/// Names of columns as exporters write them.
constexpr auto kColumns = std::to_array<Column>({
    {"artist", Member::scrobble_artist},
    {"track", Member::scrobble_track},
    {"track_name", Member::scrobble_track},
    {"artist_name", Member::scrobble_artist},
    {"title", Member::scrobble_track},
    {"date", Member::scrobble_date},
    {"utc_time", Member::scrobble_date},
    {"uts", Member::scrobble_uts},
});

std::optional<Member> member_of(std::string_view name) {
  const auto at = std::ranges::find(kColumns, base::lower(name), &Column::name);
  return at == kColumns.end() ? std::nullopt : std::optional(at->member);
}

class CsvRows final : public RowReader {
 public:
  explicit CsvRows(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  Result<const Row*> next() override {
    if (columns_.empty()) SDP_RETURN_IF_ERROR(begin());
    if (!has_record_) {
      SDP_TRY(has_record_, read_record());
      if (!has_record_) return nullptr;
    }
    has_record_ = false;
    row_ = Row();
    row_.form = form_;
    if (form_ == Row::Form::too_long)
      row_.detail = fmt::format("longer than {} bytes, which is the limit", kRowBytesMax);
    if (form_ == Row::Form::too_many_cells)
      row_.detail = fmt::format("more than {} cells, which is the limit", kColumnsMax);
    if (form_ != Row::Form::object) return &row_;
    for (std::size_t i = 0; i < std::min(columns_.size(), cells_.size()); ++i) {
      if (!columns_[i]) continue;
      Value& value = row_[*columns_[i]];
      if (value.is_there()) continue;
      value.kind = Value::Kind::text;
      value.text = cells_[i];
    }
    return &row_;
  }

 private:
  /// The columns, by the first line where that has their names. Any text is lines; those of other columns,
  /// and of too few, are not rows of a history.
  Result<void> begin() {
    SDP_TRY(has_record_, read_record());
    if (form_ != Row::Form::object) cells_.clear();
    for (const std::string& cell : cells_) columns_.push_back(member_of(cell));
    const auto named = [&](Member member) {
      return std::ranges::find(columns_, std::optional(member)) != columns_.end();
    };
    if (named(Member::scrobble_artist) && named(Member::scrobble_track)) {
      has_record_ = false;
    } else if (cells_.size() >= kCellsWithoutNames) {
      columns_ = {Member::scrobble_artist, std::nullopt, Member::scrobble_track, Member::scrobble_date};
    } else {
      columns_ = {std::nullopt};
    }
    return {};
  }

  /// False at the end. Empty lines are none. Of a record that is refused the rest is read, not kept.
  Result<bool> read_record() {
    cells_.clear();
    form_ = Row::Form::object;
    std::string cell;
    std::size_t size = 0;
    bool is_quoted = false;
    bool has_lines = false;  // within the quotes that were closed last
    bool is_closed = false;  // quotes, just now
    while (true) {
      SDP_TRY(const int got, take());
      if (got < 0) {
        if (is_quoted) return broken("the file ends within a quoted cell; it is cut off");
        if (is_empty(cell)) return false;
        put(cell);
        return true;
      }
      const char c = static_cast<char>(got);
      if (++size > kRowBytesMax) {
        form_ = Row::Form::too_long;
        cell.clear();
      }
      if (is_quoted) {
        if (c != '"') {
          has_lines = has_lines || c == '\n';
          cell.push_back(c);
          continue;
        }
        SDP_TRY(const int after, peek());
        is_quoted = after == '"';
        is_closed = !is_quoted;
        if (is_quoted) {
          cell.push_back('"');
          SDP_RETURN_IF_ERROR(take());
        }
      } else if (c == '"' && cell.empty() && !is_closed) {
        is_quoted = true;
        has_lines = false;
      } else if (c == ',' || c == '\n') {
        is_closed = false;
        if (c == '\n' && cell.ends_with('\r')) cell.pop_back();
        if (c == '\n' && is_empty(cell)) {
          size = 0;
          continue;
        }
        put(cell);
        if (c == '\n') return true;
      } else {
        // A quote that was closed in another line and not at the end of a cell had been left open there.
        if (is_closed && has_lines && c != '\r')
          return broken(
              "a quoted cell is not closed in its line; rows behind it would be taken for its text");
        cell.push_back(c);
      }
    }
  }

  bool is_empty(const std::string& cell) const {
    return form_ == Row::Form::object && cells_.empty() && cell.empty();
  }

  void put(std::string& cell) {
    if (cells_.size() == kColumnsMax) {
      if (form_ == Row::Form::object) form_ = Row::Form::too_many_cells;
      cell.clear();
      return;
    }
    cells_.push_back(std::exchange(cell, {}));
  }

  /// The next byte, or -1 at the end.
  Result<int> peek() {
    if (at_ == size_) {
      SDP_TRY(size_, bytes_->read(chunk_));
      at_ = 0;
    }
    return at_ == size_ ? -1 : static_cast<int>(static_cast<unsigned char>(chunk_[at_]));
  }
  Result<int> take() {
    SDP_TRY(const int got, peek());
    if (got >= 0) ++at_;
    return got;
  }

  static std::unexpected<Error> broken(std::string what) {
    return fail(ErrorKind::bad_input, std::move(what));
  }

  std::unique_ptr<Bytes> bytes_;
  std::array<char, kTextChunk> chunk_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::vector<std::optional<Member>> columns_;
  std::vector<std::string> cells_;
  Row::Form form_ = Row::Form::object;
  bool has_record_ = false;  ///< read and not yet handed out
  Row row_;
};

/// `first`, then the rest.
class PrefixedBytes final : public Bytes {
 public:
  PrefixedBytes(std::string first, std::unique_ptr<Bytes> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (at_ == first_.size()) return rest_->read(into);
    const std::size_t size = std::min(into.size(), first_.size() - at_);
    std::copy_n(first_.data() + at_, size, into.data());
    at_ += size;
    return size;
  }

 private:
  std::string first_;
  std::size_t at_ = 0;
  std::unique_ptr<Bytes> rest_;
};

}  // namespace

std::unique_ptr<RowReader> read_csv(std::unique_ptr<Bytes> utf8) {
  return std::make_unique<CsvRows>(std::move(utf8));
}

Result<std::unique_ptr<RowReader>> read_rows(std::unique_ptr<Bytes> bytes) {
  auto utf8 = in_utf8(std::move(bytes));
  std::array<char, kTextChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (true) {
    SDP_TRY(const std::size_t size, utf8->read(chunk));
    if (size == 0) return fail(ErrorKind::bad_input, "the file is empty");
    const std::string_view text(chunk.data(), size);
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) continue;
    const bool is_json = text[begin] == '[' || text[begin] == '{';
    auto all = std::make_unique<PrefixedBytes>(std::string(text.substr(begin)), std::move(utf8));
    return is_json ? read_json(std::move(all)) : read_csv(std::move(all));
  }
}

}  // namespace sdp::history
