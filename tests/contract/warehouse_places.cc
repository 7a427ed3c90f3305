#include "contract/warehouse_places.h"

#include <cstdlib>
#include <stdexcept>

#include "lake/line.h"
#include "warehouse/duckdb/duckdb_warehouse.h"
#include "warehouse/snowflake/snowflake_warehouse.h"

namespace sdp::warehouse {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

template <typename T>
std::unique_ptr<Warehouse> opened(Result<std::unique_ptr<T>> warehouse) {
  if (!warehouse) throw std::runtime_error(warehouse.error().message);
  return *std::move(warehouse);
}

snowflake::SnowflakeOptions emulator_options(const std::string& port) {
  snowflake::SnowflakeOptions options;
  options.account = "emulator";
  options.user = "emulator";
  options.password = Secret("emulator");
  // The account has neither of these.
  options.role = "";
  options.warehouse = "";
  options.host = "127.0.0.1";
  options.port = std::stoi(port);
  options.protocol = "http";
  return options;
}

std::string driver_path() {
  return variable("SDP_DEPS_DIR") + "/snowflake-driver/lib/libadbc_driver_snowflake.so";
}

}  // namespace

snowflake::SnowflakeOptions account_options() {
  snowflake::SnowflakeOptions options;
  options.account = variable("SNOWFLAKE_ACCOUNT");
  options.user = variable("SNOWFLAKE_USER");
  options.password = Secret(variable("SNOWFLAKE_PASSWORD"));
  options.private_key_file = variable("SNOWFLAKE_PRIVATE_KEY_FILE");
  options.private_key_passphrase = Secret(variable("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"));
  options.role = variable("SNOWFLAKE_ROLE");
  options.warehouse = variable("SNOWFLAKE_WAREHOUSE");
  options.driver_path = driver_path();
  return options;
}

FetchedObject fetched(log::Partition partition, log::Offset first,
                      const std::vector<std::optional<std::string>>& values) {
  FetchedObject object;
  object.key = "bronze/p" + std::to_string(partition) + "_o" + std::to_string(first);
  object.meta.topic = "spotify-events";
  object.meta.chain = {*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), partition};
  object.meta.range = {first, first + static_cast<log::Offset>(values.size())};
  object.meta.records = static_cast<std::int64_t>(values.size());
  object.meta.first_timestamp = object.meta.last_timestamp =
      UtcMillis(std::chrono::milliseconds(1'771'177'956'123));
  object.meta.sha256 = std::string(64, 'a');
  object.meta.writer = "test";
  lake::LineEncoder encoder;
  for (const auto& value : values) {
    log::RecordView record;
    record.partition = partition;
    record.offset = first++;
    record.timestamp = object.meta.first_timestamp;
    record.key = "user";
    if (value) record.value = *value;
    if (encoder.append(object.lines, record)) ++object.meta.rejected;
  }
  return object;
}

std::vector<FetchedObject> loader_objects() {
  std::vector<FetchedObject> objects;
  for (log::Partition partition = 0; partition < 3; ++partition) {
    for (log::Offset first = 0; first < 40; first += 20) {
      std::vector<std::optional<std::string>> values;
      for (log::Offset at = first; at < first + 20; ++at)
        values.push_back(at % 10 == 9 ? "no json" : "{\"n\":" + std::to_string(at) + "}");
      objects.push_back(fetched(partition, first, values));
    }
  }
  return objects;
}

snowflake::SnowflakeOptions snowflake_options(const std::vector<std::string>& arguments) {
  auto options = arguments.at(0) == "emulator" ? emulator_options(arguments.at(1)) : account_options();
  options.database = arguments.back();
  options.driver_path = driver_path();
  return options;
}

std::unique_ptr<Warehouse> open_place(const std::vector<std::string>& arguments, const OnStep& on_step) {
  if (arguments.at(0) == "duckdb") {
    return opened(DuckDbWarehouse::open({.path = arguments.at(1) + "/spotify_db.duckdb", .on_step = on_step},
                                        base::system_clock()));
  }
  auto options = snowflake_options(arguments);
  options.on_step = on_step;
  return opened(SnowflakeWarehouse::open(options, base::system_clock()));
}

}  // namespace sdp::warehouse
