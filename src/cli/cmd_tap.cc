#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/lake_objects.h"
#include "cli/out_reader.h"
#include "cli/rejected.h"
#include "cli/settings.h"
#include "cli/standard_output.h"
#include "cli/tap.h"
#include "cli/tap_command.h"
#include "cli/watching.h"
#include "cli/wiring.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::cli {
namespace {

using std::chrono::milliseconds;

struct TapOptions {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  std::string data;
  WarehouseSettings warehouse;
  RejectedFilter rejected;
  bool from_beginning = false;
  std::int64_t offset = -1;                ///< -1: none was named
  std::vector<log::Partition> partitions;  ///< empty: all
  std::uint64_t records_max = 0;           ///< 0: no end
  std::string grep;
  std::string object;  ///< empty: the newest ones
  std::size_t objects = 3;
  bool follow = false;
  bool json = false;
};

/// A round reads at most so many offsets of a partition, so that each has its turn.
constexpr log::Offset kChunk = 1'000;
constexpr milliseconds kLogPause{250};
constexpr milliseconds kLakePause{2'000};

/// Prints what is wanted, at once, until that is enough or nobody reads it.
class Printer {
 public:
  Printer(const TapOptions& options, const Runtime& runtime) : options_(options), stop_(runtime.stop) {
    end_quietly_without_reader();
  }

  template <typename MakeText, typename MakeJson>
  void print(const std::optional<std::string_view>& key, const std::optional<std::string_view>& value,
             MakeText text, MakeJson json) {
    if (is_done() || !has_text(options_.grep, key, value)) return;
    write_out(options_.json ? json() : text());
    flush_out();
    ++printed_;
  }
  bool is_done() const {
    return stop_.stop_requested() || out_has_failed() ||
           (options_.records_max > 0 && printed_ >= options_.records_max);
  }

 private:
  const TapOptions& options_;
  const std::stop_token stop_;
  std::uint64_t printed_ = 0;
};

// --- tap log ---

/// Reads partitions by turns, without a group: nothing is committed and nobody is moved.
class LogTap {
 public:
  LogTap(const TapOptions& options, const Runtime& runtime)
      : options_(options), runtime_(runtime), printer_(options, runtime) {}

  Result<int> run() {
    SDP_TRY(log_, open_kafka(options_.log, options_.services));
    SDP_TRY(reader_, log_->open_reader());
    SDP_RETURN_IF_ERROR(find_positions());
    while (!printer_.is_done()) {
      SDP_TRY(const bool found, read_round());
      if (!found && !printer_.is_done()) wait_unless_stopped(runtime_.stop, kLogPause);
    }
    return 0;
  }

 private:
  Result<void> find_positions() {
    SDP_TRY(const log::TopicInfo topic, log_->describe());
    std::vector<log::Partition> partitions = options_.partitions;
    for (log::Partition one = 0; options_.partitions.empty() && one < topic.partitions; ++one)
      partitions.push_back(one);
    for (const log::Partition partition : partitions) {
      if (partition >= topic.partitions) {
        return fail(ErrorKind::bad_input, fmt::format("--partition {}: topic {} has partitions 0 to {}",
                                                      partition, topic.name, topic.partitions - 1));
      }
      SDP_TRY(const log::Watermarks available, log_->watermarks(partition));
      SDP_TRY(const log::Offset start, start_of(partition, available));
      positions_.push_back({partition, start});
    }
    return {};
  }

  Result<log::Offset> start_of(log::Partition partition, const log::Watermarks& available) const {
    if (options_.offset < 0) return options_.from_beginning ? available.start : available.end;
    if (options_.offset >= available.start && options_.offset <= available.end) return options_.offset;
    return fail(
        ErrorKind::bad_input,
        fmt::format("--offset {}: partition {} of topic {} has the offsets from {} up to {}", options_.offset,
                    partition, options_.log.topic.name, available.start, available.end));
  }

  /// Whether any partition had something.
  Result<bool> read_round() {
    bool found = false;
    for (log::PartitionOffset& position : positions_) {
      if (printer_.is_done()) break;
      SDP_TRY(const log::Watermarks available, log_->watermarks(position.partition));
      // Retention may be faster than a reader of the past.
      position.offset = std::max(position.offset, available.start);
      const log::Offset to = std::min(available.end, position.offset + kChunk);
      if (position.offset >= to) continue;
      found = true;
      SDP_RETURN_IF_ERROR(read(position, to));
    }
    return found;
  }

  Result<void> read(log::PartitionOffset& position, log::Offset to) {
    const std::string& topic = options_.log.topic.name;
    log::Offset next = to;
    const auto record = [&](const log::RecordView& one) -> Result<void> {
      printer_.print(
          one.key, one.value, [&] { return record_text(topic, one); },
          [&] { return record_json(topic, one); });
      return {};
    };
    const auto unreadable = [&](const log::UnreadableBatch& batch) -> Result<void> {
      printer_.print(
          std::nullopt, std::nullopt, [&] { return batch_text(topic, batch); },
          [&] { return batch_json(topic, batch); });
      next = std::max(next, batch.end);
      return {};
    };
    SDP_RETURN_IF_ERROR(reader_->read(position.partition, position.offset, to,
                                      options_.log.kafka.call_timeout, record, unreadable));
    position.offset = next;
    return {};
  }

  const TapOptions& options_;
  const Runtime& runtime_;
  Printer printer_;
  std::unique_ptr<log::EventLog> log_;
  std::unique_ptr<log::Reader> reader_;
  std::vector<log::PartitionOffset> positions_;
};

// --- tap lake ---

/// Shows objects as they are stored: what `lake repair` has put aside is left out unless it is named.
class LakeTap {
 public:
  LakeTap(const TapOptions& options, const Runtime& runtime)
      : options_(options), runtime_(runtime), printer_(options, runtime) {}

  Result<int> run() {
    SDP_TRY(lake_, open_lake(options_.lake, options_.services, runtime_.clock));
    if (!options_.object.empty()) {
      SDP_RETURN_IF_ERROR(show(options_.object));
      return 0;
    }
    SDP_TRY(const auto found, lake_reader::find_layout(*lake_.store));
    SDP_TRY(overrides_, lake_reader::read_overrides(*lake_.store, found.places));
    SDP_TRY(const std::vector<std::string> newest, newest_objects());
    if (newest.empty() && !options_.follow) return nothing_yet();
    for (const std::string& key : newest) {
      if (printer_.is_done()) break;
      SDP_RETURN_IF_ERROR(show(key));
    }
    while (options_.follow && !printer_.is_done() && wait_unless_stopped(runtime_.stop, kLakePause))
      SDP_RETURN_IF_ERROR(show_new());
    return 0;
  }

 private:
  std::unexpected<Error> nothing_yet() const {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: there are no objects of events yet; they come by `spotify-pipeline sink` or "
                            "`spotify-pipeline run`. Wait for them by --follow, or look elsewhere by --lake",
                            lake_.store->describe()));
  }

  Result<std::vector<std::string>> newest_objects() {
    std::deque<std::string> newest;
    SDP_RETURN_IF_ERROR(lake_reader::walk_hours(
        *lake_.store, lake::kBronzePrefix, lake_reader::Order::newest_first,
        [&](const lake_reader::HourFolder& folder) -> Result<bool> {
          SDP_TRY(const std::vector<std::string> keys, objects_of(*lake_.store, overrides_, folder));
          // The newest hour is the one that is followed.
          if (!hour_) note_hour(folder.hour, keys);
          for (std::size_t at = keys.size(); at > 0 && newest.size() < options_.objects; --at)
            newest.push_front(keys[at - 1]);
          return newest.size() < options_.objects;
        }));
    return std::vector<std::string>(newest.begin(), newest.end());
  }

  void note_hour(lake::Hour hour, const std::vector<std::string>& keys) {
    if (hour_ != hour) seen_.clear();
    hour_ = hour;
    seen_.insert(keys.begin(), keys.end());
  }

  /// What has come into the newest hour since the last look, and into later ones.
  Result<void> show_new() {
    lake_reader::HourSpan span;
    if (hour_) span.first = *hour_;
    return lake_reader::walk_hours(
        *lake_.store, lake::kBronzePrefix, lake_reader::Order::oldest_first,
        [&](const lake_reader::HourFolder& folder) -> Result<bool> {
          SDP_TRY(const std::vector<std::string> keys, objects_of(*lake_.store, overrides_, folder));
          for (const std::string& key : keys) {
            if (printer_.is_done()) return false;
            if (!seen_.contains(key)) SDP_RETURN_IF_ERROR(show(key));
          }
          note_hour(folder.hour, keys);
          return true;
        },
        span);
  }

  Result<void> show(const std::string& key) {
    SDP_TRY(const std::string text, text_of(*lake_.store, key));
    visit_lines(text, [&](std::string_view line) {
      printer_.print(
          std::nullopt, line, [&] { return line_text(line); }, [&] { return line_json(key, line); });
      return !printer_.is_done();
    });
    return {};
  }

  const TapOptions& options_;
  const Runtime& runtime_;
  Printer printer_;
  Lake lake_;
  lake::Overrides overrides_;
  std::optional<lake::Hour> hour_;  ///< the newest that was seen
  std::set<std::string> seen_;      ///< its objects
};

// --- tap rejected ---

Result<int> tap_rejected(const TapOptions& options, const Runtime& runtime) {
  SDP_TRY(auto warehouse, open_warehouse(options.warehouse, Access::read_only, runtime.clock));
  RejectedFilter filter = options.rejected;
  filter.newest = true;
  SDP_TRY(const auto events, rejected_events(*warehouse, filter));
  if (!events) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: nothing was judged yet; run transform first", warehouse->describe()));
  }
  Printer printer(options, runtime);
  for (const RejectedEvent& event : *events) {
    printer.print(
        event.position, event.payload, [&] { return rejected_text(event); },
        [&] { return rejected_json(event); });
  }
  return 0;
}

settings::Command& define(settings::Commands& commands, settings::Command& parent, Action& action,
                          const std::shared_ptr<TapOptions>& options, const char* name, const char* help,
                          const char* examples,
                          Result<int> (*run)(const TapOptions&, const settings::Command&, const Runtime&)) {
  auto& command = commands.add_reader(parent.parser(), name, help, examples);
  command.bind("tap.grep", options->grep);
  command.bind("output.json", options->json);
  command.when_chosen([options, run, &command, &action] {
    action = [options, run, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
  return command;
}

Result<int> run_log(const TapOptions& options, const settings::Command& command, const Runtime& runtime) {
  const auto is_set = [&command](std::string_view name) {
    return command.find(name)->origin.kind != settings::Origin::Kind::standard;
  };
  if (is_set("tap.offset") && options.from_beginning)
    return fail(ErrorKind::misconfigured,
                "--offset and --from-beginning both say where to start; leave one of them out");
  return LogTap(options, runtime).run();
}

Result<int> run_lake(const TapOptions& options, const settings::Command& command, const Runtime& runtime) {
  SDP_RETURN_IF_ERROR(check_lake_flags(command, options.lake));
  if (!options.object.empty() && options.follow)
    return fail(ErrorKind::misconfigured,
                "--follow has no effect on one object, which never changes; leave it out");
  return LakeTap(options, runtime).run();
}

Result<int> run_rejected(const TapOptions& options, const settings::Command& command,
                         const Runtime& runtime) {
  TapOptions finished = options;
  SDP_TRY(finished.warehouse, finished_warehouse(command, options.data, options.warehouse));
  return tap_rejected(finished, runtime);
}

void define_log(settings::Commands& commands, settings::Command& parent, Action& action) {
  const auto options = std::make_shared<TapOptions>();
  auto& command =
      define(commands, parent, action, options, "log",
             "Print the records of the topic as they are: from now on, until Ctrl-C. Joins no group and "
             "commits nothing",
             "  spotify-pipeline tap log                                   what arrives from now on\n"
             "  spotify-pipeline tap log --from-beginning --records 5      the oldest five\n"
             "  spotify-pipeline tap log --partition 3 --offset 42 --records 1\n"
             "  spotify-pipeline tap log --grep 'Shape of You' --json      for a program",
             run_log);
  bind_log(command, options->log);
  bind_services(command, options->services);
  command.bind("tap.from-beginning", options->from_beginning);
  command.bind("tap.offset", options->offset);
  command.bind_as<log::Partition>(
      "tap.partition", [options] { return options->partitions.empty() ? -1 : options->partitions.back(); },
      [options](log::Partition partition) { options->partitions.push_back(partition); });
  command.bind("tap.records", options->records_max);
}

void define_tap_lake(settings::Commands& commands, settings::Command& parent, Action& action) {
  const auto options = std::make_shared<TapOptions>();
  auto& command =
      define(commands, parent, action, options, "lake",
             "Print the lines of the newest objects of the lake, or of one object",
             "  spotify-pipeline tap lake --objects 1             the newest object\n"
             "  spotify-pipeline tap lake --follow                and all that come, until Ctrl-C\n"
             "  spotify-pipeline tap lake bronze/date=2026-02-15/hour=17/NAME.json.zst",
             run_lake);
  command.parser().add_option("object", options->object, "Key of an object, instead of the newest ones");
  bind_lake(command, options->lake);
  bind_services(command, options->services);
  command.bind("tap.objects", options->objects);
  command.bind("tap.follow", options->follow);
  command.bind("tap.records", options->records_max);
}

void define_tap_rejected(settings::Commands& commands, settings::Command& parent, Action& action) {
  const auto options = std::make_shared<TapOptions>();
  auto& command =
      define(commands, parent, action, options, "rejected",
             "Print the newest records that were rejected, the newest first: what was sent, and all that "
             "is wrong with it. `rejected show` has them in the order of the log",
             "  spotify-pipeline tap rejected --limit 3\n"
             "  spotify-pipeline tap rejected --reason missing_field --json",
             run_rejected);
  command.bind("rejected.data", options->data);
  bind_warehouse(command, options->warehouse);
  command.bind("rejected.reason", options->rejected.reason);
  command.bind("rejected.field", options->rejected.field);
  command.bind("rejected.limit", options->rejected.limit);
}

}  // namespace

void define_tap(settings::Commands& commands, Action& action) {
  auto& parent = commands.add_reader(commands.parser(), "tap",
                                     "Look at records of the log, the lake or silver as they are");
  parent.require_command_below();
  define_log(commands, parent, action);
  define_tap_lake(commands, parent, action);
  define_tap_rejected(commands, parent, action);
}

}  // namespace sdp::cli
