#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/lake_view.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// The coordinates of a row: the chain and offset of the record it came from.
struct RowPlace {
  lake::ChainId chain;
  log::Offset offset = 0;
};

/// Reads coordinates from rows and finds the lines they belong to. Remembers the last answers, since rows
/// mostly come in the order of the log. Owned by one thread.
class RowFinder {
 public:
  explicit RowFinder(LakeView& lake) : lake_(lake) {}

  /// `bad_input` when a column is not a topic id, partition or offset.
  Result<RowPlace> place_of(const std::optional<std::string_view>& topic_id,
                            const std::optional<std::string_view>& partition,
                            const std::optional<std::string_view>& offset);
  /// Nothing when the lake has no such line.
  LakeView::Place find(const RowPlace& place);

 private:
  LakeView& lake_;
  std::string topic_id_text_;
  Uuid topic_id_;
  LakeObject* last_ = nullptr;
};

/// A column that holds an integer; nothing when it is NULL or holds something else.
std::optional<std::int64_t> integer_of(const std::optional<std::string_view>& column);

/// A column for people: its text cut to a readable length, or NULL.
std::string shown(const std::optional<std::string_view>& column);

}  // namespace sdp::verify
