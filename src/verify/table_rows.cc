#include "verify/table_rows.h"

#include <fmt/format.h>

#include <charconv>

namespace sdp::verify {

std::optional<std::int64_t> integer_of(const std::optional<std::string_view>& column) {
  if (!column) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(column->data(), column->data() + column->size(), number);
  if (error != std::errc() || end != column->data() + column->size()) return std::nullopt;
  return number;
}

std::string shown(const std::optional<std::string_view>& column) {
  constexpr std::size_t kShown = 160;
  if (!column) return "NULL";
  if (column->size() <= kShown) return fmt::format("'{}'", *column);
  return fmt::format("'{}'... ({} bytes)", column->substr(0, kShown), column->size());
}

Result<RowPlace> RowFinder::place_of(const std::optional<std::string_view>& topic_id,
                                     const std::optional<std::string_view>& partition,
                                     const std::optional<std::string_view>& offset) {
  const auto p = integer_of(partition);
  const auto o = integer_of(offset);
  if (topic_id && *topic_id != topic_id_text_) {
    const auto id = base::parse_uuid(*topic_id);
    // Another spelling of an id would be another topic to whoever compares the text.
    if (id && base::to_string(*id) == *topic_id) {
      topic_id_ = *id;
      topic_id_text_ = *topic_id;
    }
  }
  if (!topic_id || *topic_id != topic_id_text_ || !p || !o) {
    return fail(ErrorKind::bad_input, fmt::format("topic_id {} kafka_partition {} kafka_offset {}",
                                                  shown(topic_id), shown(partition), shown(offset)));
  }
  return RowPlace{{topic_id_, static_cast<log::Partition>(*p)}, *o};
}

LakeView::Place RowFinder::find(const RowPlace& place) {
  if (last_ && last_->meta.chain == place.chain) {
    if (LineFact* line = last_->find(place.offset)) return {last_, line};
  }
  const LakeView::Place found = lake_.find(place.chain, place.offset);
  if (found.object) last_ = found.object;
  return found;
}

}  // namespace sdp::verify
