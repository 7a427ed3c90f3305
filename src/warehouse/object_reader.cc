#include "warehouse/object_reader.h"

#include <fmt/core.h>

#include <algorithm>

namespace sdp::warehouse {
namespace {

/// Counts an object's lines, and says which do not belong there.
class LineCheck {
 public:
  explicit LineCheck(const StagedObject& object) : object_(object), at_least_(object.meta.range.first) {}

  Result<void> take(const lake::Line& line) {
    ++records_;
    rejected_ += line.reject ? 1 : 0;
    const lake::ObjectMeta& meta = object_.meta;
    if (line.partition != meta.chain.partition || line.offset < at_least_ || line.offset >= meta.range.end) {
      return damaged(
          fmt::format("partition {} offset {} does not belong there", line.partition, line.offset));
    }
    at_least_ = line.offset + 1;
    return {};
  }

  Result<void> finish() const {
    const lake::ObjectMeta& meta = object_.meta;
    if (records_ == meta.records && rejected_ == meta.rejected && at_least_ == meta.range.end) return {};
    return damaged(fmt::format(
        "the object ends here with {} records, {} of them rejected, but its metadata say {} and {} up to "
        "offset {}",
        records_, rejected_, meta.records, meta.rejected, meta.range.end - 1));
  }

  /// Of the line taken last.
  std::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorKind::bad_input, fmt::format("object {} line {}: {}", object_.key, records_, what));
  }
  /// Of the line after it.
  std::unexpected<Error> next_damaged(std::string_view what) {
    ++records_;
    return damaged(what);
  }

 private:
  const StagedObject& object_;
  log::Offset at_least_;
  std::int64_t records_ = 0;
  std::int64_t rejected_ = 0;
};

lake::Line without_texts(const lake::Line& line) {
  lake::Line bare;
  bare.partition = line.partition;
  bare.offset = line.offset;
  bare.timestamp = line.timestamp;
  bare.reject = lake::RejectCode::line_too_large;
  return bare;
}

}  // namespace

Result<std::uint64_t> ObjectReader::read(const StagedObject& object,
                                         const std::function<Result<void>(const lake::Line&)>& visit) {
  LineCheck check(object);
  std::uint64_t kept_too_large = 0;
  std::string_view rest = object.lines;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return check.next_damaged("does not end in a line break");
    const auto line = decoder_.decode(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!line) return check.next_damaged(line.error().message);
    SDP_CHECK_OK(check.take(*line));
    if (end <= lake::kBronzeLineBytesMax) [[likely]] {
      SDP_CHECK_OK(visit(*line));
    } else {
      kept_too_large += line->reject ? 0 : 1;
      SDP_CHECK_OK(visit(without_texts(*line)));
    }
  }
  SDP_CHECK_OK(check.finish());
  return kept_too_large;
}

void count_object(const lake::ObjectMeta& meta, std::uint64_t too_large, LoadCounts& counts) {
  ++counts.objects;
  counts.rejected += static_cast<std::uint64_t>(meta.rejected) + too_large;
  counts.rows += static_cast<std::uint64_t>(meta.records - meta.rejected) - too_large;
}

UtcMillis bronze_time(UtcMillis time) {
  using std::chrono::sys_days, std::chrono::year, std::chrono::January;
  constexpr UtcMillis kFirst = sys_days(year(1) / January / 1);
  constexpr UtcMillis kEnd = sys_days(year(10'000) / January / 1);
  return std::clamp(time, kFirst, kEnd - std::chrono::milliseconds(1));
}

}  // namespace sdp::warehouse
