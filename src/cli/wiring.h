#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cli/settings.h"
#include "log/event_log.h"
#include "store/object_store.h"
#include "warehouse/warehouse.h"

namespace sdp::cli {

// Where settings become adapters. Nothing else knows which vendor stands behind a port.

/// The settings with the brokers that they leave open: those that the local servers tell, else the default of
/// `spotify-services up`. `misconfigured` when endpoints.json cannot be read.
Result<LogSettings> with_address(LogSettings settings, const ServicesSettings& services);

Result<std::unique_ptr<log::EventLog>> open_kafka(const LogSettings& settings,
                                                  const ServicesSettings& services);

/// Creates the topic when it is missing: true then. One that exists keeps its compression, which is said
/// where another one is asked for.
Result<bool> ensure_topic(log::EventLog& log, const log::TopicSpec& spec);

struct Lake {
  std::unique_ptr<store::ObjectStore> store;
  std::string display_name;  ///< as in "Uploaded 10 events to http://127.0.0.1:9002"
  std::string bucket;
};
/// `misconfigured` when an S3 lake has no credentials, with all places that were looked at (docs/aws.md).
Result<Lake> open_lake(const LakeSettings& settings, const ServicesSettings& services, Clock& clock);

enum class Access { read_write, read_only };
Result<std::unique_ptr<warehouse::Warehouse>> open_warehouse(const WarehouseSettings& settings, Access access,
                                                             Clock& clock);

}  // namespace sdp::cli
