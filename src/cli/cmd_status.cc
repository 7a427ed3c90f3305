#include <fmt/core.h>

#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "lake_reader/chain_walk.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lag.h"
#include "lake_reader/lake_reader.h"

namespace sdp::cli {
namespace {

struct Options {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  log::ConsumerOptions consumer;
  std::int64_t lag_max = 0;
  std::size_t hours = 24;
  bool json = false;
};

struct PartitionStatus {
  log::Partition partition = 0;
  log::Watermarks available;
  log::Offset lake_end = 0;
  std::optional<log::Offset> committed;
  log::Offset lag = 0;
};

struct Status {
  std::vector<PartitionStatus> partitions;
  std::vector<lake_reader::HourStatus> hours;  ///< the newest, ascending
};

Result<Status> read_status(const Options& options, Clock& clock) {
  SDP_TRY(auto lake, open_lake(options.lake, options.services, clock));
  SDP_TRY(auto log, open_kafka(options.log, options.services));
  SDP_TRY(const log::TopicInfo topic, log->describe());
  std::vector<log::Partition> partitions;
  for (log::Partition partition = 0; partition < topic.partitions; ++partition)
    partitions.push_back(partition);
  SDP_TRY(const auto found, lake_reader::find_layout(*lake.store));
  SDP_TRY(const auto layout, lake_reader::read_layout(*lake.store, found));
  SDP_TRY(auto overrides, lake_reader::read_overrides(*lake.store, found.places));
  const lake_reader::LakeReader reader(*lake.store, found.places, std::move(overrides));
  SDP_TRY(auto points, reader.chain_points(topic.id, partitions));
  SDP_TRY(const auto records, log->open_reader());
  SDP_TRY(const auto committed, log->committed(options.consumer.group));
  Status all;
  for (const log::Partition partition : partitions) {
    SDP_TRY(const auto available, log->watermarks(partition));
    SDP_TRY(const auto end, lake_reader::walk_to_end(*records, reader, {topic.id, partition},
                                                     layout ? layout->compression : lake::Compression::none,
                                                     std::move(points.at(partition)), available,
                                                     options.log.kafka.call_timeout));
    const log::Offset lake_end = end.end;
    SDP_TRY(const log::Offset lag, lake_reader::lag_of(*log, reader, {topic.id, partition}, lake_end,
                                                       available, options.log.kafka.call_timeout));
    all.partitions.push_back(
        {partition, available, lake_end, committed.at(static_cast<std::size_t>(partition)), lag});
  }
  SDP_TRY(all.hours, reader.newest_hours(topic.id, options.hours));
  return all;
}

void print_hours(const std::vector<lake_reader::HourStatus>& all) {
  warehouse::Table table;
  table.columns = {"HOUR", "STATE", "PARTITIONS CLOSED", "RECORDS CLOSED"};
  for (const lake_reader::HourStatus& status : all) {
    table.rows.push_back({lake::format_hour(status.hour), status.complete ? "complete" : "open",
                          fmt::format("{}", status.partitions_closed), fmt::format("{}", status.records)});
  }
  if (!all.empty()) print_out("\n{}", format_table(table));
}

void print_table(const std::vector<PartitionStatus>& all) {
  warehouse::Table table;
  table.columns = {"PARTITION", "LOG START", "LOG END", "LAKE END", "COMMITTED", "LAG"};
  for (const PartitionStatus& status : all) {
    table.rows.push_back({fmt::format("{}", status.partition), fmt::format("{}", status.available.start),
                          fmt::format("{}", status.available.end), fmt::format("{}", status.lake_end),
                          status.committed ? fmt::format("{}", *status.committed) : "-",
                          fmt::format("{}", status.lag)});
  }
  print_out("{}", format_table(table));
}

void print_json(const Status& all, log::Offset lag) {
  nlohmann::ordered_json partitions = nlohmann::ordered_json::array();
  for (const PartitionStatus& status : all.partitions) {
    partitions.push_back({{"partition", status.partition},
                          {"log_start", status.available.start},
                          {"log_end", status.available.end},
                          {"lake_end", status.lake_end},
                          {"committed", nullptr},
                          {"lag", status.lag}});
    if (status.committed) partitions.back()["committed"] = *status.committed;
  }
  nlohmann::ordered_json hours = nlohmann::ordered_json::array();
  for (const lake_reader::HourStatus& status : all.hours) {
    hours.push_back({{"hour", lake::format_hour(status.hour)},
                     {"state", status.complete ? "complete" : "open"},
                     {"partitions_closed", status.partitions_closed},
                     {"records_closed", status.records}});
  }
  print_line({{"schema_version", 1},
              {"lag", lag},
              {"partitions", std::move(partitions)},
              {"hours", std::move(hours)}});
}

Result<int> run(const Options& options, const Runtime& runtime) {
  SDP_TRY(const auto all, read_status(options, runtime.clock));
  log::Offset lag = 0;
  for (const PartitionStatus& status : all.partitions) lag += status.lag;
  if (options.json) {
    print_json(all, lag);
  } else {
    print_table(all.partitions);
    print_hours(all.hours);
  }
  return lag > options.lag_max ? kUnhealthy : 0;
}

}  // namespace

void define_status(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<Options>();
  auto& command = commands.add_reader(commands.parser(), "status",
                                      "How far the lake is behind the log, by partition, and which hours are "
                                      "complete; exit 10 when it is behind",
                                      "  spotify-pipeline status --json         for a program\n"
                                      "  spotify-pipeline status --lag-max 1000 for a health check");
  bind_log(command, options->log);
  command.bind("kafka.group", options->consumer.group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.bind("status.lag-max", options->lag_max);
  command.bind("status.hours", options->hours);
  command.bind("output.json", options->json);
  command.parser().callback([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      return run(*options, runtime);
    };
  });
}

}  // namespace sdp::cli
