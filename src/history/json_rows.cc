#include <fmt/core.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "history/json_documents.h"
#include "history/row_reader.h"

namespace sdp::history {
namespace {

/// Arrays within the outermost one: exporters of Last.fm write a page as an array.
constexpr int kArraysMax = 2;

/// What a number in a text comes to: 5.0 and 5e0 are integers, too.
Value number_of(std::string_view text) {
  constexpr std::size_t kTextMax = 64;
  constexpr double kExactMax = 9'007'199'254'740'991;
  Value value;
  value.kind = Value::Kind::integer;
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, value.integer);
      read.ec == std::errc() && read.ptr == end) {
    value.number = static_cast<double>(value.integer);
    return value;
  }
  value.integer = 0;
  const auto read = std::from_chars(text.data(), end, value.number);
  if (read.ec != std::errc()) value.number = std::numeric_limits<double>::quiet_NaN();
  if (std::abs(value.number) <= kExactMax && std::trunc(value.number) == value.number) {
    value.integer = static_cast<std::int64_t>(value.number);
    return value;
  }
  value.kind = Value::Kind::number;
  value.text = text.substr(0, kTextMax);
  return value;
}

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
    row_path_ = 0;
  }
  /// Of a page, each row is by whoever the page is of; any other document is a row.
  void end() {
    for (Row& row : rows_) row[Member::scrobble_user] = page_[Member::scrobble_user];
    if (is_page_) return;
    if (!is_object_) page_.form = Row::Form::no_object;
    rows_.push_back(std::move(page_));
  }
  bool is_page() const { return is_page_; }

  // NOLINTBEGIN(readability-identifier-naming): RapidJSON calls these names.
  bool Null() { return value(Value::Kind::null); }
  bool Bool(bool is_true) {
    return value(Value::Kind::boolean, [&](Value& value) { value.text = is_true ? "true" : "false"; });
  }
  // Numbers come as RawNumber(), since others that a double does not hold would end the parser.
  bool Int(int) { return true; }
  bool Uint(unsigned) { return true; }
  bool Int64(std::int64_t) { return true; }
  bool Uint64(std::uint64_t) { return true; }
  bool Double(double) { return true; }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return value(Value::Kind::number, [&](Value& value) { value = number_of({text, size}); });
  }
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
    if (levels_.size() <= static_cast<std::size_t>(kDepthMax)) return true;
    Row& row = in_row_ ? rows_.back() : page_;
    row.form = Row::Form::too_deep;
    row.detail = std::string_view(path_).substr(row_path_, path_.find("[]", row_path_) - row_path_);
    return true;
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
      if (levels_.back().holds_rows) rows_.emplace_back().form = Row::Form::no_object;
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
  static constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseNanAndInfFlag;
  /// Files that were put together keep the mark with which each of them began.
  static constexpr std::string_view kMark = "\xEF\xBB\xBF";

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
      const char c = stream_.peek();
      if (arrays_ == 0) {
        if (c != '[') return true;
        open_array();
      } else if (c == ']') {
        if (wants_element_) return broken("a comma without a row behind it");
        stream_.skip();
        --arrays_;
        has_element_ = true;
        wants_element_ = false;
      } else if (c == ',' && has_element_ && !wants_element_) {
        stream_.skip();
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
    stream_.skip();
    ++arrays_;
    has_element_ = wants_element_ = false;
  }

  void skip_space() {
    std::size_t of_mark = 0;
    while (!stream_.is_over()) {
      const char c = stream_.peek();
      if (c == kMark[of_mark]) {
        of_mark = (of_mark + 1) % kMark.size();
      } else if (!base::is_blank(c)) {
        return;
      }
      stream_.skip();
    }
  }

  /// The rows of the next document. What is wrong within a row leaves the others as they are; what hides
  /// where a row ends, or how many there are, is an error.
  Result<void> read_document() {
    const bool in_lines = arrays_ == 0;
    const Document document = history::read_document(stream_, in_lines);
    SDP_RETURN_IF_ERROR(stream_.outcome());
    handler_.begin();
    rapidjson::MemoryStream text(document.text.data(), document.text.size());
    const auto parsed = reader_.Parse<kFlags>(text, handler_);
    has_element_ = true;
    wants_element_ = false;
    if (document.end == Document::End::file) {
      if (parsed.Offset() < document.text.size() && !document.is_too_long)
        return broken(why(document, parsed));
      return broken("the file ends within it; it is cut off");
    }
    if (document.is_too_long) {
      const std::string limit = fmt::format("longer than {} bytes, which is the limit", kRowBytesMax);
      if (handler_.is_page()) return broken(fmt::format("this page of rows is {}", limit));
      refuse(Row::Form::too_long, limit);
    } else if (document.end == Document::End::line || parsed.IsError()) {
      if (!in_lines || handler_.is_page()) return broken(why(document, parsed));
      refuse(Row::Form::no_json, why(document, parsed));
      // What is left of its line is not another row.
      while (!stream_.is_over() && stream_.peek() != '\n' && stream_.peek() != '{') stream_.skip();
      SDP_RETURN_IF_ERROR(stream_.outcome());
    } else {
      handler_.end();
    }
    return {};
  }

  void refuse(Row::Form form, std::string detail) {
    rows_.clear();
    Row& row = rows_.emplace_back();
    row.form = form;
    row.detail = std::move(detail);
  }

  static std::string why(const Document& document, const rapidjson::ParseResult& parsed) {
    if (!parsed.IsError()) return "it is not JSON";
    const std::string_view what = rapidjson::GetParseError_En(parsed.Code());
    if (document.is_changed) return fmt::format("it is not JSON: {}", what);
    return fmt::format("it is not JSON at byte {}: {}", document.begin + parsed.Offset(), what);
  }

  static std::unexpected<Error> broken(std::string what) {
    return fail(ErrorKind::bad_input, std::move(what));
  }

  ByteStream stream_;
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
