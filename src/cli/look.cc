#include "cli/look.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/terminal_text.h"
#include "base/utc_time.h"
#include "cli/json_output.h"
#include "cli/out_reader.h"
#include "cli/publish.h"
#include "cli/standard_output.h"
#include "cli/watching.h"

namespace sdp::cli {
namespace {

/// Whether a later look may succeed.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::retry;
}

void print_failed_look(Shown shown, const Error& error, Clock& clock) {
  const std::string at = base::format_iso(clock.utc_now());
  if (shown == Shown::json) {
    print_line({{"schema_version", 1}, {"at", at}, {"error", error.message}});
  } else {
    print_out("{} cannot look: {}\n", at, base::printable(error.message));
  }
}

}  // namespace

void bind_look(settings::Command& command, LookSettings& settings) {
  bind_log(command, settings.log);
  command.bind("kafka.group", settings.consumer.group);
  bind_lake(command, settings.lake);
  bind_services(command, settings.services);
  command.bind("warehouse.place", settings.warehouse.place);
  command.bind("publish.folder", settings.warehouse.published);
  bind_pace(command, settings.sink);
  command.bind("status.hours", settings.hours);
  command.bind("output.json", settings.json);
}

SharedFlags shared_flags(const settings::Commands& commands, const settings::Command& command) {
  SharedFlags flags;
  for (const settings::Command& other : commands.all())
    flags.emplace(other.path(), settings::shared_flags(command, other));
  // Without --flow it refuses those of log and lake.
  if (const auto* flow = command.find("serve.flow");
      flow == nullptr && !check_flow_flags(command, /*flow=*/false))
    flags["serve"].insert(0, " --flow");
  return flags;
}

Result<void> finish_look(const settings::Commands& commands, const settings::Command& command,
                         LookSettings& settings) {
  SDP_RETURN_IF_ERROR(check_lake_flags(command, settings.lake));
  settings.sink.limits = finished_limits(command, settings.sink.limits);
  settings.flags = shared_flags(commands, command);
  // It knows no warehouse beside which to look.
  if (was_set(command, "warehouse.place") && !was_set(command, "publish.folder") &&
      is_published(settings.warehouse)) {
    settings.flags["serve"] +=
        fmt::format(" --published {}", base::shell_word(published_folder(settings.warehouse).native()));
  }
  return {};
}

Result<LookedAt> open_look(const LookSettings& settings, Clock& clock) {
  LookedAt places;
  SDP_TRY(places.lake, open_lake(settings.lake, settings.services, clock));
  SDP_TRY(places.log, open_kafka(settings.log, settings.services));
  SDP_TRY(auto reader, StatusReader::open({.log = *places.log,
                                           .store = *places.lake.store,
                                           .published = is_published(settings.warehouse)
                                                            ? published_folder(settings.warehouse)
                                                            : std::filesystem::path(),
                                           .group = settings.consumer.group,
                                           .pace = pace_of(settings.sink),
                                           .flags = settings.flags,
                                           .hours = settings.hours,
                                           .timeout = settings.log.kafka.call_timeout},
                                          clock));
  places.reader = std::make_unique<StatusReader>(std::move(reader));
  return places;
}

Result<int> keep_looking(const LookSettings& settings, std::chrono::seconds every, const Runtime& runtime,
                         const std::function<void(const Status&, Shown)>& show) {
  SDP_TRY(const LookedAt places, open_look(settings, runtime.clock));
  end_quietly_without_reader();
  const Shown shown = settings.json ? Shown::json : out_is_terminal() ? Shown::screen : Shown::line;
  bool was_reached = false;
  do {
    const auto status = places.reader->look();
    if (runtime.stop.stop_requested()) break;
    if (!status && !(was_reached && may_pass(status.error()))) return std::unexpected(status.error());
    was_reached = true;
    if (shown == Shown::screen) write_out(kClearScreen);
    if (status) {
      show(*status, shown);
    } else {
      print_failed_look(shown, status.error(), runtime.clock);
    }
    flush_out();
  } while (!out_has_failed() && wait_unless_stopped(runtime.stop, every));
  return 0;
}

}  // namespace sdp::cli
