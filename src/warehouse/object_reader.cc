#include "warehouse/object_reader.h"

#include <fmt/core.h>

#include <algorithm>

namespace sdp::warehouse {
namespace {

lake::Line without_texts(const lake::Line& line) {
  lake::Line bare;
  bare.partition = line.partition;
  bare.offset = line.offset;
  bare.end = line.end;
  bare.timestamp = line.timestamp;
  bare.reject = lake::RejectCode::line_too_large;
  return bare;
}

}  // namespace

void ObjectReader::open(const FetchedObject& object) {
  object_ = &object;
  rest_ = object.lines;
  at_least_ = object.meta.range.first;
  records_ = 0;
  rejected_ = 0;
  too_large_ = 0;
}

Result<std::optional<lake::Line>> ObjectReader::next() {
  if (rest_.empty()) {
    SDP_RETURN_IF_ERROR(check_end());
    return std::nullopt;
  }
  ++records_;
  const auto end = rest_.find('\n');
  if (end == std::string_view::npos) return damaged("does not end in a line break");
  auto line = decoder_.decode(rest_.substr(0, end));
  rest_.remove_prefix(end + 1);
  if (!line) return damaged(line.error().message);
  SDP_RETURN_IF_ERROR(check(*line));
  if (end <= lake::kBronzeLineBytesMax) [[likely]]
    return *std::move(line);
  too_large_ += line->reject ? 0 : 1;
  return without_texts(*line);
}

Result<std::uint64_t> ObjectReader::read(const FetchedObject& object,
                                         const std::function<Result<void>(const lake::Line&)>& visit) {
  open(object);
  while (true) {
    SDP_TRY(const auto line, next());
    if (!line) return too_large_;
    SDP_RETURN_IF_ERROR(visit(*line));
  }
}

Result<void> ObjectReader::check(const lake::Line& line) {
  rejected_ += line.reject ? 1 : 0;
  const lake::ObjectMeta& meta = object_->meta;
  if (line.partition != meta.chain.partition || line.offset < at_least_ || line.end > meta.range.end) {
    return damaged(fmt::format("partition {} offset {} does not belong there", line.partition, line.offset));
  }
  at_least_ = line.end;
  return {};
}

Result<void> ObjectReader::check_end() const {
  const lake::ObjectMeta& meta = object_->meta;
  if (records_ == meta.records && rejected_ == meta.rejected && at_least_ == meta.range.end) return {};
  return damaged(fmt::format(
      "the object ends here with {} records, {} of them rejected, but its metadata say {} and {} up to "
      "offset {}",
      records_, rejected_, meta.records, meta.rejected, meta.range.end - 1));
}

std::unexpected<Error> ObjectReader::damaged(std::string_view what) const {
  return fail(ErrorKind::bad_input, fmt::format("object {} line {}: {}", object_->key, records_, what));
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
