#include "warehouse/warehouse.h"

#include <fmt/core.h>

#include <charconv>

namespace sdp::warehouse {
namespace {

std::int64_t number(const std::optional<std::string_view>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

Result<std::vector<LoadedChain>> read_chains(Warehouse& warehouse) {
  std::vector<LoadedChain> chains;
  SDP_RETURN_IF_ERROR(warehouse.scan(
      "SELECT topic_id, kafka_partition, min(first_offset), max(last_offset) + 1 FROM BRONZE.LOAD_LEDGER "
      "GROUP BY topic_id, kafka_partition ORDER BY topic_id, kafka_partition",
      [&](RowView row) -> Result<void> {
        const auto topic_id = base::parse_uuid(row[0].value_or(""));
        if (!topic_id) {
          return fail(ErrorKind::bad_input, fmt::format("{}: the ledger names topic id {}, which is none",
                                                        warehouse.describe(), row[0].value_or("NULL")));
        }
        chains.push_back(
            {{*topic_id, static_cast<log::Partition>(number(row[1]))}, number(row[2]), number(row[3])});
        return {};
      }));
  return chains;
}

Result<std::vector<std::string>> read_objects(Warehouse& warehouse) {
  std::vector<std::string> keys;
  SDP_RETURN_IF_ERROR(
      warehouse.scan("SELECT object_key FROM BRONZE.LOAD_LEDGER", [&](RowView row) -> Result<void> {
        keys.emplace_back(row[0].value_or(""));
        return {};
      }));
  return keys;
}

std::optional<FetchedObject> HeldObjects::next(std::size_t) {
  const std::lock_guard lock(mutex_);
  if (objects_.empty()) return std::nullopt;
  FetchedObject object = objects_.front();
  objects_ = objects_.subspan(1);
  return object;
}

Result<LoadCounts> load_objects(Warehouse& warehouse, std::span<const FetchedObject> objects) {
  HeldObjects source(objects);
  return warehouse.load(source);
}

}  // namespace sdp::warehouse
