#include <fmt/core.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "history/row_reader.h"

namespace sdp::history {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
/// Arrays within the outermost one: exporters of Last.fm write a page as an array.
constexpr int kArraysMax = 2;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Bytes as RapidJSON wants them. It takes a zero for the end, so the reader asks why there was one.
class Stream {
 public:
  using Ch = char;

  explicit Stream(std::unique_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON calls these names.
  char Peek() {
    if (at_ == size_ && !fill()) return '\0';
    if (taken_ + at_ - row_ >= kRowBytesMax) {
      is_too_long_ = true;
      return '\0';
    }
    return chunk_[at_];
  }
  char Take() {
    const char c = Peek();
    if (at_ < size_ && !is_too_long_) ++at_;
    return c;
  }
  std::size_t Tell() const { return taken_ + at_; }
  // For parsing in place, which is not done.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  std::size_t PutEnd(char*) { return 0; }
  // NOLINTEND(readability-identifier-naming)

  void begin_row() { row_ = taken_ + at_; }
  bool is_over() { return at_ == size_ && !fill(); }
  bool is_too_long() const { return is_too_long_; }
  const Result<void>& outcome() const { return outcome_; }

 private:
  bool fill() {
    if (is_over_) return false;
    taken_ += at_;
    at_ = size_ = 0;
    const auto size = bytes_->read(chunk_);
    if (!size) {
      outcome_ = std::unexpected(size.error());
    } else {
      size_ = *size;
    }
    is_over_ = size_ == 0;
    return !is_over_;
  }

  std::unique_ptr<Bytes> bytes_;
  std::array<char, kChunk> chunk_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::size_t taken_ = 0;  ///< bytes before the chunk
  std::size_t row_ = 0;    ///< where the row began
  bool is_over_ = false;
  bool is_too_long_ = false;
  Result<void> outcome_;
};

std::optional<Member> find(std::string_view path) {
  const auto at = std::ranges::find(kPaths, path);
  if (at == kPaths.end()) return std::nullopt;
  return static_cast<Member>(at - kPaths.begin());
}

/// The arrays of a page that hold its rows, by their path in it.
bool holds_rows(std::string_view path) {
  return path == "recenttracks.track" || path == "track" || path == "payload.listens";
}

/// Makes rows of RapidJSON's events of one document.
class Handler {
 public:
  explicit Handler(std::vector<Row>& rows) : rows_(rows) {}

  void begin() {
    levels_.clear();
    path_.clear();
    page_ = Row();
    in_row_ = false;
    is_page_ = false;
    is_too_deep_ = false;
    row_path_ = 0;
  }
  /// Of a page, each row is by whoever the page is of; any other document is a row.
  void end() {
    for (Row& row : rows_) row[Member::scrobble_user] = page_[Member::scrobble_user];
    if (is_page_) return;
    page_.is_object = is_object_;
    rows_.push_back(std::move(page_));
  }
  bool is_too_deep() const { return is_too_deep_; }

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON calls these names.
  bool Null() { return value(Value::Kind::null); }
  bool Bool(bool is_true) {
    return value(Value::Kind::boolean, [&](Value& value) { value.text = is_true ? "true" : "false"; });
  }
  bool Int(int number) { return Int64(number); }
  bool Uint(unsigned number) { return Int64(number); }
  bool Int64(std::int64_t number) {
    return value(Value::Kind::integer, [&](Value& value) {
      value.integer = number;
      value.number = static_cast<double>(number);
    });
  }
  bool Uint64(std::uint64_t number) {
    if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return Int64(static_cast<std::int64_t>(number));
    return Double(static_cast<double>(number));
  }
  bool Double(double number) {
    return value(Value::Kind::number, [&](Value& value) { value.number = number; });
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return value(Value::Kind::other); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return value(Value::Kind::text, [&](Value& value) { value.text.assign(text, size); });
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    path_.resize(levels_.back().path);
    if (path_.size() > row_path_) path_.push_back('.');
    path_.append(text, size);
    return true;
  }
  bool StartObject() {
    const bool is_root = levels_.empty();
    if (is_root) is_object_ = true;
    const bool is_element = !is_root && levels_.back().holds_rows;
    const bool is_single = !is_root && !levels_.back().is_array && !in_row_ && path_ == "recenttracks.track";
    if (!is_element && !is_single) {
      if (!is_root) value(Value::Kind::other);
      return open({.path = path_.size()});
    }
    in_row_ = is_page_ = true;
    rows_.emplace_back();
    row_level_ = levels_.size();
    // From here on paths are those within the row.
    row_path_ = path_.size();
    return open({.path = path_.size()});
  }
  bool EndObject(rapidjson::SizeType) {
    close();
    if (in_row_ && levels_.size() == row_level_) {
      in_row_ = false;
      row_path_ = 0;
    }
    return true;
  }
  bool StartArray() {
    if (levels_.empty()) is_object_ = false;
    const bool has_rows = !in_row_ && !levels_.empty() && !levels_.back().is_array && holds_rows(path_);
    if (has_rows) is_page_ = true;
    if (!has_rows && !levels_.empty()) value(Value::Kind::other);
    // Members of its elements are not those of what the array is in.
    path_.append("[]");
    return open({.path = path_.size(), .is_array = true, .holds_rows = has_rows});
  }
  bool EndArray(rapidjson::SizeType) {
    close();
    return true;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  struct Level {
    std::size_t path = 0;
    bool is_array = false;
    bool holds_rows = false;
  };

  bool open(Level level) {
    levels_.push_back(level);
    is_too_deep_ = levels_.size() > static_cast<std::size_t>(kDepthMax);
    return !is_too_deep_;
  }
  void close() {
    path_.resize(levels_.back().path);
    levels_.pop_back();
  }

  bool value(Value::Kind kind) {
    return value(kind, [](Value&) {});
  }
  template <typename Fill>
  bool value(Value::Kind kind, Fill fill) {
    if (levels_.empty()) {
      is_object_ = false;
      return true;
    }
    if (levels_.back().is_array) {
      // What is not an object among rows is a row that is none.
      if (levels_.back().holds_rows) rows_.emplace_back().is_object = false;
      return true;
    }
    const auto member = find(std::string_view(path_).substr(row_path_));
    if (!member) return true;
    Value& value = (in_row_ ? rows_.back() : page_)[*member];
    if (value.is_there()) return true;
    value.kind = kind;
    fill(value);
    return true;
  }

  std::vector<Row>& rows_;
  std::vector<Level> levels_;
  std::string path_;
  Row page_;  ///< the document itself
  bool in_row_ = false;
  bool is_page_ = false;
  bool is_object_ = true;
  bool is_too_deep_ = false;
  std::size_t row_path_ = 0;   ///< length of the path of the row
  std::size_t row_level_ = 0;  ///< how many levels the row is in
};

class JsonRows final : public RowReader {
 public:
  explicit JsonRows(std::unique_ptr<Bytes> bytes) : stream_(std::move(bytes)), handler_(rows_) {}

  Result<const Row*> next() override {
    while (at_ == rows_.size()) {
      rows_.clear();
      at_ = 0;
      SDP_TRY(const bool has_more, find_document());
      if (!has_more) return nullptr;
      SDP_RETURN_IF_ERROR(read_document());
    }
    return &rows_[at_++];
  }

 private:
  static constexpr unsigned kFlags = rapidjson::kParseStopWhenDoneFlag | rapidjson::kParseIterativeFlag;

  /// Goes to the next element or the next line: false at the end.
  Result<bool> find_document() {
    while (true) {
      skip_space();
      SDP_RETURN_IF_ERROR(stream_.outcome());
      if (stream_.is_over()) {
        SDP_RETURN_IF_ERROR(stream_.outcome());
        if (arrays_ == 0) return false;
        return broken("the file ends within its array; it is cut off");
      }
      const char c = stream_.Peek();
      if (arrays_ == 0) {
        if (c != '[') return true;
        open_array();
      } else if (c == ']') {
        if (wants_element_) return broken("a comma without a row behind it");
        stream_.Take();
        --arrays_;
        has_element_ = true;
        wants_element_ = false;
      } else if (c == ',' && has_element_ && !wants_element_) {
        stream_.Take();
        wants_element_ = true;
      } else if (has_element_ && !wants_element_) {
        return broken("a comma is missing between two rows");
      } else if (c == '[' && arrays_ < kArraysMax) {
        open_array();
      } else {
        return true;
      }
    }
  }

  void open_array() {
    stream_.Take();
    ++arrays_;
    has_element_ = wants_element_ = false;
  }

  void skip_space() {
    stream_.begin_row();
    while (!stream_.is_over() && is_space(stream_.Peek())) {
      stream_.Take();
      stream_.begin_row();
    }
  }

  Result<void> read_document() {
    stream_.begin_row();
    handler_.begin();
    const auto parsed = reader_.Parse<kFlags>(stream_, handler_);
    SDP_RETURN_IF_ERROR(stream_.outcome());
    if (stream_.is_too_long())
      return broken(fmt::format("it is longer than {} bytes, which is the limit", kRowBytesMax));
    if (handler_.is_too_deep()) return broken(fmt::format("it nests deeper than {} levels", kDepthMax));
    if (parsed.IsError()) {
      if (stream_.is_over()) return broken("the file ends within it; it is cut off");
      return broken(fmt::format("it is not JSON at byte {}: {}", parsed.Offset(),
                                rapidjson::GetParseError_En(parsed.Code())));
    }
    handler_.end();
    has_element_ = true;
    wants_element_ = false;
    return {};
  }

  static std::unexpected<Error> broken(std::string what) {
    return fail(ErrorKind::bad_input, std::move(what));
  }

  Stream stream_;
  std::vector<Row> rows_;
  Handler handler_;
  rapidjson::Reader reader_;
  std::size_t at_ = 0;
  int arrays_ = 0;
  bool has_element_ = false;    ///< of the innermost array
  bool wants_element_ = false;  ///< behind a comma
};

}  // namespace

std::unique_ptr<RowReader> read_json(std::unique_ptr<Bytes> utf8) {
  return std::make_unique<JsonRows>(std::move(utf8));
}

}  // namespace sdp::history
