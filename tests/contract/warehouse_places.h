#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/snowflake/options.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// Offsets [first, first + values) of a partition, as a loader hands them over: `nullopt` is a tombstone.
FetchedObject fetched(log::Partition partition, log::Offset first,
                      const std::vector<std::optional<std::string>>& values);

/// What the loader process of the contract loads: kept and rejected lines of several objects.
std::vector<FetchedObject> loader_objects();

using OnStep = std::function<void(std::string_view)>;

// A warehouse by the arguments that another process can be given: `duckdb FOLDER`, `emulator PORT DATABASE`,
// or `account DATABASE` (with the SNOWFLAKE_* variables of a real one). Throws std::runtime_error, which
// fails the test.
std::unique_ptr<Warehouse> open_place(const std::vector<std::string>& arguments, const OnStep& on_step = {});

/// For what is asked besides the port.
snowflake::SnowflakeOptions snowflake_options(const std::vector<std::string>& arguments);
/// By the SNOWFLAKE_* variables.
snowflake::SnowflakeOptions account_options();

}  // namespace sdp::warehouse
