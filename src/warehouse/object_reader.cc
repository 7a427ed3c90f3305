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

}  // namespace

Result<void> ObjectReader::read(const StagedObject& object,
                                const std::function<Result<void>(const lake::Line&)>& visit) {
  LineCheck check(object);
  std::string_view rest = object.lines;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return check.next_damaged("does not end in a line break");
    const auto line = decoder_.decode(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!line) return check.next_damaged(line.error().message);
    SDP_CHECK_OK(check.take(*line));
    SDP_CHECK_OK(visit(*line));
  }
  return check.finish();
}

UtcMillis bronze_time(UtcMillis time) {
  constexpr UtcMillis kMax{std::chrono::milliseconds(9'000'000'000'000'000)};
  constexpr UtcMillis kMin{std::chrono::milliseconds(-9'000'000'000'000'000)};
  return std::clamp(time, kMin, kMax);
}

}  // namespace sdp::warehouse
