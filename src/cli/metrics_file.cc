#include "cli/metrics_file.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/duration_text.h"
#include "cli/command.h"
#include "cli/program_registry.h"
#include "os/files.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

/// Others may read it: a collector is another user.
constexpr mode_t kMode = 0644;
/// A larger file is none of ours.
constexpr std::uintmax_t kMetricsBytesMax = 64 * 1024;

/// What a metric of the command was, as the file says.
std::optional<double> value_in(std::string_view text, std::string_view metric, std::string_view command) {
  const std::string name = fmt::format("\n{}{}{{command=\"{}\"}} ", metrics::kPrefix, metric, command);
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + name.size());
  double value = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

void tell_warehouse_time(const CommandEnd& end, std::string_view before, metrics::Registry& registry) {
  const auto told = value_in(before, "command_warehouse_seconds_total", end.command);
  if (!told && !end.work.warehouse_time) return;
  registry.counter("command_warehouse_seconds_total", {end.command})
      .Increment(told.value_or(0) +
                 base::in_seconds(end.work.warehouse_time.value_or(std::chrono::seconds(0))));
}

std::string text_before(const fs::path& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none) || fs::file_size(path, none) > kMetricsBytesMax) return {};
  auto text = os::read_file(path);
  return text && *text ? **std::move(text) : std::string();
}

}  // namespace

std::string metrics_of(const CommandEnd& end, std::string_view before) {
  ProgramRegistry registry;
  const double ended_at = base::in_seconds(end.ended_at.time_since_epoch());
  registry.gauge("command_exit_code", {end.command}).Set(end.exit_code);
  registry.gauge("command_duration_seconds", {end.command}).Set(base::in_seconds(end.took));
  registry.gauge("command_last_run_timestamp_seconds", {end.command}).Set(ended_at);
  const auto success = end.exit_code == 0
                           ? std::optional(ended_at)
                           : value_in(before, "command_last_success_timestamp_seconds", end.command);
  if (success) registry.gauge("command_last_success_timestamp_seconds", {end.command}).Set(*success);
  if (end.work.records) {
    registry.gauge("command_records", {end.command}).Set(static_cast<double>(*end.work.records));
  }
  if (end.work.objects) {
    registry.gauge("command_objects", {end.command}).Set(static_cast<double>(*end.work.objects));
  }
  tell_warehouse_time(end, before, registry);
  tell_disks(end.command, end.work.disks, registry);
  return registry.text();
}

MetricsFile::MetricsFile(std::string command, fs::path path, Clock& clock)
    : command_(std::move(command)), path_(std::move(path)), clock_(clock), begun_at_(clock.steady_now()) {}

MetricsFile::~MetricsFile() {
  if (!is_written_) static_cast<void>(write(base::exit_code(ErrorKind::fatal)));
}

Result<void> MetricsFile::write(int exit_code) {
  is_written_ = true;
  if (path_.empty()) return {};
  const CommandEnd end{
      .command = command_,
      .exit_code = exit_code,
      .ended_at = clock_.utc_now(),
      .took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begun_at_),
      .work = work_};
  if (auto written = os::write_file(path_, metrics_of(end, text_before(path_)), kMode); !written)
    return std::unexpected(written.error().in("--metrics-file"));
  return {};
}

}  // namespace sdp::cli
