#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lake_reader/lake_reader.h"
#include "load/other_lake.h"
#include "log/event_log.h"
#include "log/kafka/settings.h"
#include "mapping/mapping.h"
#include "settings/command.h"
#include "simulate/simulation_spec.h"
#include "simulate/transaction_plan.h"
#include "sink/sink_runner.h"
#include "store/s3/s3_settings.h"
#include "transform/transform.h"
#include "verify/limits.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/snowflake/options.h"

namespace sdp::cli {

// Which settings a command takes, and the one field where each value lives: that of the part which uses it.
// Names, texts and ranges are in src/settings/table.cc; the field's initialiser is the default.

struct LogSettings {
  log::kafka::KafkaSettings kafka;  ///< no brokers: those of the local servers
  log::TopicSpec topic;
};

struct LakeSettings {
  std::string place = "s3://spotify";  ///< `s3://bucket[/prefix]`, or a directory
  store::s3::S3Settings s3;            ///< its endpoint is chosen by `endpoint`
  /// Empty: AWS itself. Nothing: that of AWS's variables, else of the local servers.
  std::optional<std::string> endpoint;
};

/// Where the local servers keep what clients need to know: endpoints.json and credentials.env.
struct ServicesSettings {
  std::string data = "data/services";
};

inline constexpr std::string_view kNotPublished = "none";

struct WarehouseSettings {
  /// `snowflake`, or a DuckDB file; by default that of `run --profile services`, whose lake is the default
  /// lake
  std::string place = "data/on-services/warehouse/spotify_db.duckdb";
  std::string memory;  ///< of DuckDB, for each stage; empty: by what the machine has
  int threads = 2;     ///< of DuckDB
  warehouse::snowflake::SnowflakeOptions snowflake;
  std::string deps;  ///< folder of tools/setup; empty: looked for
  /// Folder of the copy for readers; empty: beside the file. kNotPublished: there is none.
  std::string published;
  /// Of `forget` alone, which keeps everybody else out meanwhile.
  bool is_forgetting = false;

  bool is_snowflake() const { return place == "snowflake"; }
};

struct SimulationSettings {
  simulate::SimulationSpec spec;
  std::string start;                          ///< ISO-8601; empty: so that the events end about now
  std::map<std::string, std::string> faults;  ///< rates by class
  simulate::TransactionRates transactions;
  /// Over how many days up to now the events are spread, where nothing else says when they happen.
  std::uint32_t days = 0;
  std::string behaviour;  ///< a file of TOML; empty: the defaults
};

inline constexpr std::string_view kOutputKafka = "kafka";

struct TransformSettings {
  std::string project;  ///< the dbt project; empty: spotify_dbt beside the deps
  std::string work_dir = "data/transform";
  std::string mapping;  ///< a file, or the name of a shipped one; empty: events come as they are
  bool unit_tests = false;
  bool verbose = false;
  std::chrono::seconds time_limit = transform::kBuildTimeMax;
};

/// Which hours of the lake are wanted; all that is there unless said otherwise.
struct HourSettings {
  bool complete = false;
  std::string to;
};

/// Brokers and topic, as every command needs them that talks to Kafka.
void bind_log(settings::Command& command, LogSettings& log);
/// What the topic is created with.
void bind_new_topic(settings::Command& command, LogSettings& log);
void bind_topic_compression(settings::Command& command, log::TopicCompression& compression);
void bind_lake(settings::Command& command, LakeSettings& lake);
void bind_warehouse(settings::Command& command, WarehouseSettings& warehouse);
void bind_services(settings::Command& command, ServicesSettings& services);
/// The same without the place, which `run` chooses in its own way.
void bind_warehouse_limits(settings::Command& command, WarehouseSettings& warehouse);
void bind_snowflake(settings::Command& command, WarehouseSettings& warehouse);
/// `mix_flags` because `run` has a --profile of its own.
void bind_simulation(settings::Command& command, SimulationSettings& simulation, std::string_view mix_flags);
/// Batches, compression, gaps. What was asked for is known when the command runs: finished_limits().
void bind_sink(settings::Command& command, sink::SinkOptions& sink);
/// Only what says how soon a sink cuts objects and closes hours.
void bind_pace(settings::Command& command, sink::SinkOptions& sink);
void bind_transform(settings::Command& command, TransformSettings& transform);
void bind_hours(settings::Command& command, HourSettings& hours);
void bind_other_lake(settings::Command& command, load::OtherLake& other_lake);

/// Whether somebody set it, by flag, environment or file.
bool was_set(const settings::Command& command, std::string_view name);

// Flags that nothing would read: `misconfigured` names the flag and what it contradicts. Only flags: a
// variable of the environment is set for many commands.

/// An S3 server's, where the lake is a directory.
Result<void> check_lake_flags(const settings::Command& command, const LakeSettings& lake);
/// DuckDB's, where the warehouse is Snowflake.
Result<void> check_warehouse_flags(const settings::Command& command, const WarehouseSettings& warehouse);
/// The warehouse that `run` has made in the folder of --data, where there is that flag; a --warehouse besides
/// is refused.
Result<WarehouseSettings> finished_warehouse(const settings::Command& command, std::string_view data,
                                             WarehouseSettings warehouse);
/// Those of the log and the lake, where an embedded run's are looked at.
Result<void> check_embedded_flags(const settings::Command& command, std::string_view data);
/// Those of topics on Kafka, where a run is embedded.
Result<void> check_topic_flags(const settings::Command& command, std::string_view profile);
/// Those of the pages' server, where a run serves none.
Result<void> check_live_flags(const settings::Command& command, bool live);
/// Those of the simulation and of live pages, where a run imports; those of an import, where it does not.
Result<void> check_import_flags(const settings::Command& command, bool is_import);
/// Those of log, lake and sink, where the pages look at none of them.
Result<void> check_flow_flags(const settings::Command& command, bool flow);
/// Those of log and lake, where no sample of records is taken from there.
Result<void> check_sample_flags(const settings::Command& command, bool log, bool lake);
/// Those of Kafka, where a simulation writes lines.
Result<void> check_output_flags(const settings::Command& command, std::string_view output);
/// Two flags that name the same file, of which one would take it from the other: flag and path each; no path,
/// `-` and Kafka are none.
Result<void> check_distinct_files(const std::vector<std::pair<std::string_view, std::string>>& files);
/// Those of one mix, where it is another, and --days, where other settings say when events happen.
Result<void> check_simulation_flags(const settings::Command& command, const SimulationSettings& simulation);

/// The limits of batches, by which of them were set.
sink::BatchLimits finished_limits(const settings::Command& command, sink::BatchLimits limits);
/// The behaviour that --behaviour names.
Result<simulate::Behaviour> behaviour_of(const SimulationSettings& settings);
/// The spec with its behaviour, and its start filled in from --start or the clock.
Result<simulate::SimulationSpec> finished_spec(const SimulationSettings& settings, Clock& clock);
Result<void> apply(const HourSettings& settings, lake_reader::HoursWanted& hours);
/// Finds dbt and the project. `misconfigured` says what to run when there is none.
Result<transform::TransformOptions> transform_options(const TransformSettings& settings,
                                                      const WarehouseSettings& warehouse);
/// The mapping that `name` says: a file, or one of those that come with the program. Nothing when it is
/// empty. `misconfigured` says what is wrong with it, and where.
Result<std::optional<mapping::Mapping>> read_mapping(const std::string& name, const std::string& deps);
/// DuckDB's memory limit: the one that is set, or the default of this machine.
std::string memory_of(const WarehouseSettings& settings);
warehouse::duckdb::DuckDbOptions duckdb_options(const WarehouseSettings& settings);
/// With the driver that tools/setup fetches, unless another one is set.
Result<warehouse::snowflake::SnowflakeOptions> snowflake_options(const WarehouseSettings& settings);

/// Folder of the recounts of `project`; of the project beside the deps when that is empty. Empty when there
/// is no such project here, as on a machine with nothing but the binary.
std::filesystem::path recounts_folder(const std::string& project, const WarehouseSettings& warehouse);

}  // namespace sdp::cli
