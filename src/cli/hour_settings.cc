#include "cli/hour_settings.h"

#include "lake/hour_marker.h"

namespace sdp::cli {

void add_hour_options(CLI::App& command, HourSettings& settings) {
  command.add_flag("--complete-hours", settings.complete,
                   "Only hours that are complete: all partitions closed them, and they never change");
  command.add_option("--to", settings.to, "Only complete hours up to this one, such as 2026-02-15T17");
}

Result<void> apply(const HourSettings& settings, lake_reader::HoursWanted& hours) {
  hours.complete = settings.complete || !settings.to.empty();
  if (settings.to.empty()) return {};
  hours.to = lake::parse_hour(settings.to);
  if (hours.to) return {};
  return fail(ErrorKind::misconfigured, "--to " + settings.to + " is no hour like 2026-02-15T17");
}

}  // namespace sdp::cli
