#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/text_table.h"
#include "cli/checks.h"
#include "cli/clock_skew.h"
#include "cli/command.h"
#include "cli/disks.h"
#include "cli/kafka_rights.h"
#include "cli/known_logins.h"
#include "cli/settings.h"
#include "cli/versions.h"
#include "cli/wiring.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "log/kafka/admin.h"
#include "log/kafka/probe.h"
#include "mapping/compile.h"
#include "mapping/mapping.h"
#include "settings/place.h"
#include "store/s3/request_observer.h"
#include "verify/verify.h"
#include "warehouse/duckdb/duckdb_warehouse.h"

namespace sdp::cli {
namespace {

struct DoctorOptions {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;
  TransformSettings transform;
  std::string mapping;
  std::string group{log::ConsumerOptions{}.group};
  bool json = false;
};

namespace fs = std::filesystem;

/// Files that a process may have open at a time: a sink has a connection to each broker and for each upload.
constexpr rlim_t kOpenFilesMin = 256;

double in_gib(std::uintmax_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(std::uintmax_t{1} << 30);
}

Result<std::string> check_disk(const DoctorOptions& options) {
  std::vector<fs::path> places;
  if (!settings::parse_bucket(options.lake.place)) places.emplace_back(options.lake.place);
  if (!options.warehouse.is_snowflake()) places.emplace_back(options.warehouse.place);
  if (places.empty()) return "nothing lies on a disk of this machine";
  std::vector<std::string> told;
  for (const fs::path& place : places) {
    SDP_TRY(const std::uintmax_t bytes, free_bytes(place));
    if (bytes < kFreeMin) {
      return fail(ErrorKind::cannot_write,
                  fmt::format("only {:.2f} GiB are free for {}; make room: at least {:.0f} GiB",
                              in_gib(bytes), place.string(), in_gib(kFreeMin)));
    }
    told.push_back(fmt::format("{:.1f} GiB are free for {}", in_gib(bytes), place.string()));
  }
  return fmt::format("{}", fmt::join(told, ", "));
}

Result<std::string> check_limits() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return "the number of open files is not known";
  if (limit.rlim_cur >= kOpenFilesMin)
    return fmt::format("{} files may be open at a time", base::with_commas(limit.rlim_cur));
  return fail(ErrorKind::misconfigured,
              fmt::format("only {} files may be open at a time; raise it with `ulimit -n {}`", limit.rlim_cur,
                          kOpenFilesMin));
}

/// Those that are set. What AWS's own files have is made by AWS.
Found check_logins(const DoctorOptions& options) {
  const auto& kafka = options.log.kafka;
  const auto& keys = options.lake.s3.keys;
  Found found;
  if (is_known_login(kafka.sasl_username, kafka.sasl_password))
    found.add({.text = fmt::format("the password of Kafka's user {} is one that everybody tries first",
                                   kafka.sasl_username),
               .is_warning = true});
  if (is_known_login(keys.access_key, keys.secret_key))
    found.add(
        {.text = fmt::format("the secret of S3's key {} is one that everybody tries first", keys.access_key),
         .is_warning = true});
  if (found.text.empty()) found.text = "none is set that everybody tries first";
  return found;
}

/// Hears the clock of the store in the answers to what is asked anyway.
class StoreClock final : public store::s3::RequestObserver {
 public:
  void attempted(std::string_view, long, bool, std::chrono::milliseconds) override {}
  void retried(std::string_view) override {}
  void told_time(UtcMillis there, UtcMillis here, std::chrono::milliseconds took) override {
    // A second is told when it begins; the answer was made at any time between question and answer.
    const std::chrono::milliseconds half(500);
    const ClockReading reading{.there = there + half, .here = here, .tolerance = half + took / 2};
    const std::scoped_lock lock(mutex_);
    if (!best_ || reading.tolerance < best_->tolerance) best_ = reading;
  }

  std::optional<ClockReading> best() const {
    const std::scoped_lock lock(mutex_);
    return best_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<ClockReading> best_;
};

Result<Found> check_clock_of_store(const DoctorOptions& options, const StoreClock& clock) {
  if (!settings::parse_bucket(options.lake.place)) return Found{};
  const auto reading = clock.best();
  if (!reading) return Found{.text = "the store told no time", .is_warning = true};
  return judge_clock(
      {.server = "the store",
       .refused_from = kSkewRefused,
       .what_breaks = "AWS and others refuse each request that is signed so far from their time"},
      *reading);
}

/// One client asks all that is asked of the brokers. It connects to nothing yet.
Result<std::unique_ptr<log::kafka::Admin>> open_admin(const LogSettings& settings) {
  return log::kafka::Admin::open(settings.kafka, settings.topic.name);
}

/// What the newest record tells of the broker's clock; nothing where it cannot be asked for.
std::optional<Found> check_clock_of_broker(log::kafka::Admin& admin, const log::TopicInfo& topic,
                                           Clock& clock) {
  const auto newest = admin.newest_time();
  if (!newest || !*newest) return std::nullopt;
  return judge_newest_record(**newest, clock.utc_now(),
                             topic.timestamp_type == log::TimestampType::log_append_time);
}

Result<Found> check_log(const LogSettings& settings, log::kafka::Admin& admin, Clock& clock) {
  SDP_TRY(const log::TopicInfo topic, admin.describe());
  if (topic.compacted)
    return fail(ErrorKind::misconfigured, "topic " + topic.name + " is compacted; set cleanup.policy=delete");
  const bool create_time = topic.timestamp_type == log::TimestampType::create_time;
  const std::string_view missing = log::kafka::missing_in_library();
  Found found{.text = fmt::format(
                  "topic {} with {} at {}{}{}{}", topic.name,
                  base::plural(static_cast<std::uint64_t>(topic.partitions), "partition"),
                  settings.kafka.bootstrap_servers,
                  create_time ? "; it has CreateTime, so objects are filed under the producers' clocks "
                                "and hours close by the sink's"
                              : "",
                  missing.empty() ? "" : "; ", missing)};
  if (const auto ahead = check_clock_of_broker(admin, topic, clock)) found.add(*ahead);
  return found;
}

Result<Found> check_rights(const DoctorOptions& options, log::kafka::Admin& admin, const Result<Found>& log) {
  if (!log && log.error().kind == ErrorKind::unavailable)
    return Found{.text = "not known, since no broker answers", .is_warning = true};
  SDP_TRY(const log::kafka::Rights rights, admin.rights(options.group));
  return judge_rights(
      rights,
      {.user = options.log.kafka.sasl_username, .topic = options.log.topic.name, .group = options.group});
}

/// Adds what is asked of the brokers.
void add_kafka(Checks& checks, const DoctorOptions& options, Clock& clock) {
  const auto settings = with_address(options.log, options.services);
  const auto admin = settings ? open_admin(*settings) : std::unexpected(settings.error());
  if (!admin) {
    checks.add("log", Result<Found>(std::unexpected(admin.error())));
    checks.add("rights", Result<Found>(std::unexpected(admin.error())));
    return;
  }
  const auto log = check_log(*settings, **admin, clock);
  checks.add("log", log);
  checks.add("rights", check_rights(options, **admin, log));
}

Result<std::string> check_lake(const DoctorOptions& options, StoreClock& store_clock, Clock& clock) {
  LakeSettings settings = options.lake;
  settings.s3.observer = &store_clock;
  SDP_TRY(auto lake, open_lake(settings, options.services, clock));
  SDP_RETURN_IF_ERROR(
      lake.store->list(lake::kBronzePrefix, [](const store::ListedObject&) { return false; }));
  SDP_TRY(const lake::Places places, lake_reader::find_places(*lake.store));
  SDP_TRY(const auto probe, lake.store->head(places.probe_key()));
  return lake.store->describe() + (probe ? " can be read, and a sink has tested its create-only puts"
                                         : " can be read; the first sink tests its create-only puts");
}

Result<std::string> check_transform(const DoctorOptions& options) {
  SDP_TRY(const auto transform, transform_options(options.transform, options.warehouse));
  for (const auto& path : {transform.dbt_path, transform.project_dir / "dbt_project.yml"}) {
    std::error_code unknown;
    if (std::filesystem::exists(path, unknown)) continue;
    if (unknown) {
      return fail(ErrorKind::unauthorized,
                  fmt::format("{} cannot be looked at: {}", path.string(), unknown.message()));
    }
    return fail(ErrorKind::misconfigured, path.string() + " is missing; run tools/setup build");
  }
  return "dbt at " + transform.dbt_path.string();
}

/// Without the v before it.
std::string duckdb_version() {
  std::string version = warehouse::DuckDbWarehouse::library_version();
  if (version.starts_with('v')) version.erase(0, 1);
  return version;
}

/// What made the file and can read it; nothing where there is none yet, or it may not be read.
std::optional<Found> version_of_file(const fs::path& path) {
  // A pipe would keep whoever opens it.
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kDuckDbHeaderBytes, '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  const auto header = parse_duckdb_header(bytes);
  if (!header) return std::nullopt;
  Found found{.text = fmt::format("the warehouse's file has storage version {}{}", header->storage,
                                  header->made_by.empty() ? "" : ", made by DuckDB " + header->made_by)};
  if (is_older(duckdb_version(), header->made_by)) {
    found.text += ", which is newer than ours";
    found.is_warning = true;
  }
  return found;
}

/// By what is installed, without starting any of it.
Found check_versions(const DoctorOptions& options) {
  Found found{.text = fmt::format("spotify-pipeline {}", kVersion)};
  found.add(judge_version(kTestedKafkaLibrary, log::kafka::library_version()));
  found.add(judge_version(kTestedDuckDb, duckdb_version()));
  const bool snowflake = options.warehouse.is_snowflake();
  if (const auto transform = transform_options(options.transform, options.warehouse)) {
    for (const TestedPart& part : {kTestedDbt, snowflake ? kTestedDbtSnowflake : kTestedDbtDuckDb}) {
      if (const auto version = version_beside(transform->dbt_path, part.name))
        found.add(judge_version(part, *version));
    }
  }
  if (snowflake) return found;
  if (const auto file = version_of_file(options.warehouse.place)) found.add(*file);
  return found;
}

/// What one session with the warehouse told.
struct WarehouseLook {
  Result<std::string> warehouse;
  /// By its file alone where there is no warehouse to compare it with.
  Result<std::string> mapping;
  Result<Found> clock;  ///< of Snowflake; empty on DuckDB
};

/// That the file can be read, and which one it is.
Result<std::string> check_mapping_file(const DoctorOptions& options,
                                       const std::optional<mapping::Mapping>& mapping) {
  if (!mapping) return "none is set: records are events";
  const auto dialect =
      options.warehouse.is_snowflake() ? mapping::Dialect::snowflake : mapping::Dialect::duckdb;
  if (const auto sql = mapping::compile(*mapping, dialect); !sql) return std::unexpected(sql.error());
  return fmt::format("{} makes events of records; its digest is {:.12}", options.mapping,
                     mapping::digest(*mapping));
}

/// The same, and that it is the warehouse's. Null: that cannot be opened, which is told by its own check.
Result<std::string> check_mapping(const DoctorOptions& options, warehouse::Warehouse* warehouse,
                                  bool is_there) {
  SDP_TRY(const auto mapping, read_mapping(options.mapping, options.warehouse.deps));
  SDP_TRY(std::string found, check_mapping_file(options, mapping));
  if (!is_there) return found;
  if (warehouse == nullptr) return found + "; by which one the warehouse was built is not known";
  SDP_RETURN_IF_ERROR(verify::check_mapping(*warehouse, mapping ? &*mapping : nullptr));
  return found;
}

/// Null: it cannot be opened.
Result<Found> check_clock_of_warehouse(const DoctorOptions& options, warehouse::Warehouse* warehouse,
                                       Clock& clock) {
  if (!options.warehouse.is_snowflake()) return Found{};
  Found told_none{.text = "Snowflake told no time", .is_warning = true};
  if (warehouse == nullptr) return told_none;
  const bool by_key = !options.warehouse.snowflake.private_key_file.empty();
  const SteadyTime begun = clock.steady_now();
  const auto answer = warehouse->query("SELECT " + warehouse->epoch_ms("SYSDATE()"));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - begun);
  if (!answer || answer->rows.empty() || !answer->rows.front().front()) return told_none;
  const UtcMillis there(
      std::chrono::milliseconds(std::strtoll(answer->rows.front().front()->c_str(), nullptr, 10)));
  return judge_clock({.server = "Snowflake",
                      .refused_from = by_key ? std::chrono::milliseconds(kSkewOfKeyRefused) : kSkewRefused,
                      .what_breaks = "it refuses logins by a key, which are valid for a minute"},
                     {.there = there, .here = clock.utc_now() - took / 2, .tolerance = took / 2});
}

/// Opens it once for all that is asked of it, and lets go of it before other servers are waited for.
WarehouseLook look_at_warehouse(const DoctorOptions& options, Clock& clock) {
  const auto& place = options.warehouse.place;
  // Of one that may not be looked at, opening it says why.
  std::error_code unknown;
  if (!options.warehouse.is_snowflake() && !std::filesystem::exists(place, unknown) && !unknown) {
    return {.warehouse = "DuckDB " + place + " is not there yet; `load` makes it",
            .mapping = check_mapping(options, nullptr, false),
            .clock = Found{}};
  }
  const auto opened = open_warehouse(options.warehouse, Access::read_only, clock);
  warehouse::Warehouse* const warehouse = opened ? opened->get() : nullptr;
  const auto read = [&]() -> Result<std::string> {
    if (!opened) return std::unexpected(opened.error());
    SDP_RETURN_IF_ERROR(warehouse->query("SELECT 1"));
    return warehouse->describe() + " can be read";
  };
  return {.warehouse = read(),
          .mapping = check_mapping(options, warehouse, true),
          .clock = check_clock_of_warehouse(options, warehouse, clock)};
}

Result<Found> check_clock(const DoctorOptions& options, const StoreClock& store,
                          const Result<Found>& warehouse) {
  SDP_TRY(Found found, check_clock_of_store(options, store));
  if (!warehouse) return warehouse;
  if (!warehouse->text.empty()) found.add(*warehouse);
  if (found.text.empty()) return Found{.text = "nothing but this machine's clock is in use"};
  return found;
}

Result<int> run(const DoctorOptions& options, const Runtime& runtime) {
  // Servers come last: one that does not answer is waited for.
  Checks checks(options.json);
  checks.add("limits", check_limits());
  checks.add("disk", check_disk(options));
  checks.add("versions", check_versions(options));
  checks.add("logins", check_logins(options));
  checks.add("transform", check_transform(options));
  const WarehouseLook look = look_at_warehouse(options, runtime.clock);
  checks.add("warehouse", look.warehouse);
  checks.add("mapping", look.mapping);
  StoreClock store_clock;
  checks.add("lake", check_lake(options, store_clock, runtime.clock));
  checks.add("clock", check_clock(options, store_clock, look.clock));
  add_kafka(checks, options, runtime.clock);
  checks.finish();
  return std::ranges::all_of(checks.all(), [](const Check& check) { return check.outcome.has_value(); })
             ? 0
             : kUnhealthy;
}

}  // namespace

void define_doctor(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<DoctorOptions>();
  auto& command =
      commands.add_reader(commands.parser(), "doctor",
                          "Check that log, lake, warehouse and dbt can be reached with these "
                          "settings, what the brokers allow, clocks and versions, that a mapping "
                          "can be used, and that this machine has room; writes nothing, and exits "
                          "with 10 when a check fails",
                          "  spotify-pipeline doctor --json  for a program");
  bind_log(command, options->log);
  command.bind("kafka.group", options->group);
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  bind_warehouse(command, options->warehouse);
  command.bind("dbt.project", options->transform.project);
  command.bind("dbt.mapping", options->mapping);
  command.bind("output.json", options->json);
  command.when_chosen([options, &command, &action] {
    if (!command.parser().get_subcommands().empty()) return;
    action = [options, &command](const Runtime& runtime) -> Result<int> {
      SDP_RETURN_IF_ERROR(check_lake_flags(command, options->lake));
      SDP_RETURN_IF_ERROR(check_warehouse_flags(command, options->warehouse));
      return run(*options, runtime);
    };
  });
  define_doctor_stack(commands, command, action);
}

}  // namespace sdp::cli
