#include "services/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <ranges>
#include <utility>

#include "base/retry.h"
#include "base/terminal_text.h"
#include "local/credentials.h"
#include "local/endpoints.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "services/airflow_servers.h"
#include "services/make_credentials.h"
#include "services/network.h"
#include "services/port_holder.h"
#include "services/postgres_server.h"
#include "services/s3_server.h"

namespace sdp::services {
namespace {

struct Role {
  std::string_view name;
  /// What it needs is in layers below, and none of its own.
  int layer = 0;
};

/// In the order in which they are started. Layers are stopped the other way round, all of one at a time.
constexpr std::array<Role, 7> kRoles{{{"kafka", 0},
                                      {"s3", 0},
                                      {"postgres", 1},
                                      {"airflow-api-server", 2},
                                      {"airflow-scheduler", 2},
                                      {"airflow-dag-processor", 2},
                                      {"airflow-triggerer", 2}}};
constexpr std::chrono::milliseconds kProbeInterval{200};
constexpr std::chrono::milliseconds kPortReleaseLimit{3'000};
constexpr std::uintmax_t kLogBytesMax = 10'000'000;
constexpr std::size_t kShownLogBytes = 2'000;
constexpr std::chrono::milliseconds kOrphanLimit{2'000};
constexpr std::chrono::milliseconds kLockPatience{2'000};
constexpr std::chrono::milliseconds kLockInterval{20};

bool is_of_airflow(std::string_view role) {
  return std::ranges::find(kRoles, role, &Role::name)->layer > 0;
}

std::filesystem::path pid_file_in(const std::filesystem::path& data, std::string_view role) {
  return data / fmt::format("{}.pid", role);
}

/// Held while services of a folder are started or stopped. What a command that was killed had just begun to
/// start holds it until it has seen that.
Result<os::FileLock> lock_folder(const std::filesystem::path& data, Clock& clock) {
  SDP_TRY(auto lock, os::FileLock::open(data / ".lock"));
  Result<bool> locked = false;
  base::try_until(clock, kLockPatience, kLockInterval, [&] {
    locked = lock.try_lock();
    return !locked || *locked;
  });
  if (!locked) return std::unexpected(std::move(locked).error());
  if (*locked) return lock;
  return fail(ErrorKind::fenced,
              fmt::format("another command starts or stops the services of {} just now; wait for it to end",
                          data.string()));
}

/// A server that was killed a moment ago may still hold its port.
bool becomes_free(std::uint16_t port, Clock& clock) {
  const auto deadline = clock.steady_now() + kPortReleaseLimit;
  while (!port_is_free(port)) {
    if (clock.steady_now() >= deadline) return false;
    clock.sleep_for(kProbeInterval);
  }
  return true;
}

Result<void> check_ports(const Server& server, Clock& clock) {
  for (const auto& port : server.ports) {
    if (becomes_free(port.number, clock)) continue;
    const auto holder = holder_of(port.number);
    return fail(
        ErrorKind::misconfigured,
        fmt::format("port {} of 127.0.0.1, wanted for {}, is taken by another program{}; stop that one, or "
                    "choose another port with {} or {}",
                    port.number, port.use,
                    holder ? fmt::format(" (process {}: {})", holder->pid, holder->name) : "", port.option,
                    port.variable));
  }
  return {};
}

/// Settings as a running server got them, which may not be those given now.
Settings as_recorded(Settings settings, std::string_view role, const PidRecord& record) {
  const auto port_text = std::string_view(record.address).substr(record.address.rfind(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (role == "kafka") {
    settings.kafka_port = port;
  } else if (role == "postgres") {
    settings.postgres_port = port;
  } else if (is_of_airflow(role)) {
    settings.airflow_port = port;
  } else {
    settings.s3_port = port;
    settings.s3_server = parse_s3_server(record.program).value_or(settings.s3_server);
  }
  return settings;
}

/// For asking and stopping, which need no secrets and must not make any.
Server without_secrets(const Settings& settings, std::string_view role, const KafkaProbe& kafka_probe) {
  if (role == "kafka") return kafka_server(settings, kafka_probe);
  if (role == "s3") return s3_server(settings, local::Credentials{});
  if (role == "postgres") return postgres_server(settings, AirflowSecrets{});
  auto servers = airflow_servers(settings, AirflowSecrets{});
  return *std::ranges::find(servers, role, &Server::role);
}

}  // namespace

std::string_view name(Health health) {
  switch (health) {
    case Health::up:
      return "up";
    case Health::unhealthy:
      return "unhealthy";
    case Health::down:
      return "down";
  }
  return "unknown";
}

Services::Services(Settings settings, KafkaProbe kafka_probe, Clock& clock, Say say)
    : settings_(std::move(settings)),
      kafka_probe_(std::move(kafka_probe)),
      clock_(clock),
      say_(std::move(say)) {
  // The servers run on when our working folder is another one.
  settings_.data = std::filesystem::absolute(settings_.data);
  settings_.deps = std::filesystem::absolute(settings_.deps);
  if (!settings_.dags.empty()) settings_.dags = std::filesystem::absolute(settings_.dags);
}

std::filesystem::path Services::pid_path(std::string_view role) const {
  return pid_file_in(settings_.data, role);
}

Result<std::optional<PidRecord>> Services::running(std::string_view role) const {
  SDP_TRY(auto record, read_pid_file(pid_path(role)));
  if (record && (is_of_original(role, *record) || !is_running(record->process))) record.reset();
  return record;
}

bool Services::is_here(const PidRecord& record) const {
  std::error_code gone;
  return record.folder.empty() || std::filesystem::equivalent(record.folder, settings_.data, gone);
}

bool Services::is_of_original(std::string_view role, const PidRecord& record) const {
  if (is_here(record)) return false;
  const auto original = read_pid_file(pid_file_in(record.folder, role));
  return original && *original && (*original)->process == record.process;
}

Result<std::vector<Server>> Services::servers() {
  std::vector<Server> result;
  if (settings_.kafka_and_s3) {
    SDP_TRY(const auto credentials, load_or_make_credentials(settings_.data));
    result = {kafka_server(settings_, kafka_probe_), s3_server(settings_, credentials)};
  }
  if (settings_.airflow) {
    SDP_TRY(const auto secrets, load_or_make_airflow_secrets(settings_.data / "airflow"));
    result.push_back(postgres_server(settings_, secrets));
    std::ranges::move(airflow_servers(settings_, secrets), std::back_inserter(result));
  }
  return result;
}

bool Services::is_chosen(std::string_view role) const {
  return is_of_airflow(role) ? settings_.airflow : settings_.kafka_and_s3;
}

Result<void> Services::up(std::stop_token stop) {
  SDP_RETURN_IF_ERROR(os::make_folder(settings_.data / "logs"));
  SDP_TRY(const auto lock, lock_folder(settings_.data, clock_));
  SDP_TRY(const auto servers, this->servers());
  // Of those that this command starts.
  std::map<std::string_view, std::optional<UtcMillis>> started;
  auto start_all = [&]() -> Result<void> {
    for (const auto& server : servers) {
      SDP_TRY(started[server.role], start(server));
      // The last of those that clients are told of, and before Airflow, whose tasks are such clients.
      if (server.role == "s3") SDP_RETURN_IF_ERROR(tell_endpoints(servers));
      if (server.others_need_it) SDP_RETURN_IF_ERROR(bring_up(server, servers, started[server.role], stop));
    }
    for (const auto& server : servers) {
      if (!server.others_need_it) SDP_RETURN_IF_ERROR(bring_up(server, servers, started[server.role], stop));
    }
    // One that was healthy may have ended while the others were waited for.
    for (const auto& server : servers) SDP_RETURN_IF_ERROR(check_runs(server));
    return {};
  };
  auto outcome = start_all();
  if (outcome) return {};
  const auto stopped = stop_layers([&](std::string_view role) { return started[role].has_value(); });
  if (!stopped) say_(stopped.error().message);
  return outcome;
}

Result<void> Services::tell_endpoints(const std::vector<Server>& servers) const {
  local::Endpoints endpoints;
  for (const auto& server : servers) {
    if (server.role == "kafka") endpoints.kafka_brokers = server.address;
    if (server.role == "s3") endpoints.s3_url = server.address;
  }
  return local::write_endpoints(settings_.data, endpoints);
}

Result<std::optional<UtcMillis>> Services::start(const Server& server) {
  SDP_TRY(const auto record, running(server.role));
  if (record && !is_here(*record)) {
    say_(fmt::format("{} runs on data at {}, which is {} now: it is started again", record->program,
                     record->folder, settings_.data.string()));
  } else if (record && !record->stopping) {
    if (record->program == server.program && record->address == server.address) return std::nullopt;
    return fail(ErrorKind::misconfigured,
                fmt::format("{} runs already as {} at {} (process {}), not as {} at {}; stop it first: "
                            "spotify-services down --data {}",
                            server.role, record->program, record->address, record->process.pid,
                            server.program, server.address, base::shell_word(settings_.data.native())));
  }
  // What one that was killed left running would be nobody's from now on.
  SDP_RETURN_IF_ERROR(stop_together({server.role}));
  SDP_RETURN_IF_ERROR(check_ports(server, clock_));
  SDP_RETURN_IF_ERROR(server.prepare());
  os::rotate_log(server.command.log, kLogBytesMax);
  const auto time = clock_.utc_now();
  const auto record_it = [&](const ProcessId& process) {
    return write_pid_file(pid_path(server.role), {.process = process,
                                                  .program = server.program,
                                                  .address = server.address,
                                                  .folder = settings_.data.string()});
  };
  SDP_TRY(const auto process, start_detached(server.command, record_it));
  say_(fmt::format("starting {} (process {}, log {})", server.program, process.pid,
                   server.command.log.string()));
  return time;
}

Result<void> Services::bring_up(const Server& server, const std::vector<Server>& servers,
                                std::optional<UtcMillis>& started, const std::stop_token& stop) {
  auto healthy = await_health(server, started, stop);
  if (healthy || started) return healthy;
  SDP_TRY(const auto record, running(server.role));
  if (record) return healthy;
  SDP_TRY(started, start(server));
  // The old one's end took them away.
  if (!is_of_airflow(server.role)) SDP_RETURN_IF_ERROR(tell_endpoints(servers));
  return await_health(server, started, stop);
}

Result<void> Services::await_health(const Server& server, std::optional<UtcMillis> started,
                                    const std::stop_token& stop) {
  const auto limit = settings_.start_limit * server.start_limits;
  const auto deadline = clock_.steady_now() + limit;
  for (;;) {
    auto health = started && server.probe_started ? server.probe_started(*started) : server.probe();
    if (health) {
      say_(fmt::format("{} is up at {}", server.program, server.address));
      for (const auto& port : server.ports) say_(fmt::format("  {}: 127.0.0.1:{}", port.use, port.number));
      return {};
    }
    if (health.error().kind != ErrorKind::retry && health.error().kind != ErrorKind::unavailable)
      return health;
    SDP_TRY(const auto record, running(server.role));
    if (!record) return std::unexpected(not_healthy(server, "ended while it was starting"));
    if (clock_.steady_now() >= deadline) {
      return std::unexpected(not_healthy(
          server, fmt::format("was not healthy within {} ms ({})", limit.count(), health.error().message)));
    }
    if (stop.stop_requested()) {
      return fail(ErrorKind::interrupted, fmt::format("interrupted while {} was starting", server.program));
    }
    clock_.sleep_for(kProbeInterval);
  }
}

Result<void> Services::check_runs(const Server& server) const {
  SDP_TRY(const auto record, running(server.role));
  if (record) return {};
  return std::unexpected(
      not_healthy(server, "ended while the services were starting; run the command again"));
}

Error Services::not_healthy(const Server& server, std::string_view reason) const {
  auto message = fmt::format("{} {}", server.program, reason);
  for (const auto& log : server.logs) {
    message += fmt::format("\nThe end of {}:\n{}", log.string(), os::tail_of(log, kShownLogBytes));
  }
  return {ErrorKind::unavailable, std::move(message)};
}

Result<void> Services::down() {
  if (!std::filesystem::is_directory(settings_.data)) {
    say_(fmt::format("there is no folder {}: nothing was started there", settings_.data.string()));
    return {};
  }
  SDP_TRY(const auto lock, lock_folder(settings_.data, clock_));
  return stop_layers([this](std::string_view role) { return is_chosen(role); });
}

Result<void> Services::stop_layers(const std::function<bool(std::string_view role)>& which) {
  Result<void> outcome;
  for (int layer = kRoles.back().layer; layer >= 0; --layer) {
    std::vector<std::string_view> roles;
    for (const auto& role : kRoles) {
      if (role.layer == layer && which(role.name)) roles.push_back(role.name);
    }
    if (auto stopped = stop_together(roles); !stopped && outcome) outcome = std::move(stopped);
  }
  return outcome;
}

Result<void> Services::stop_together(const std::vector<std::string_view>& roles) {
  struct Asked {
    std::string_view role;
    PidRecord record;
    Stopping stopping;
  };
  std::vector<Asked> asked;
  Result<void> outcome;
  const auto ask = [&](std::string_view role) -> Result<void> {
    SDP_TRY(const auto record, read_pid_file(pid_path(role)));
    if (!record) return {};
    std::error_code ignored;
    // First, so that no client is sent to a server that is about to end.
    if (!is_of_airflow(role)) std::filesystem::remove(local::endpoints_path(settings_.data), ignored);
    if (is_of_original(role, *record)) {
      std::filesystem::remove(pid_path(role), ignored);
      return {};
    }
    // An `up` that comes before its end must not take it for a server that stays. Stopping needs no room on
    // the disk.
    PidRecord ending = *record;
    ending.stopping = true;
    std::ignore = write_pid_file(pid_path(role), ending);
    SDP_TRY(auto stopping, Stopping::begin(record->process));
    asked.push_back({role, *record, std::move(stopping)});
    return {};
  };
  for (const auto role : roles) {
    if (auto result = ask(role); !result && outcome) outcome = std::move(result);
  }
  // One that does not end keeps none of the others from being waited for.
  for (auto& one : asked) {
    if (auto result = finish(one.role, one.record, one.stopping); !result && outcome)
      outcome = std::move(result);
  }
  return outcome;
}

Result<void> Services::finish(std::string_view role, const PidRecord& record, Stopping& stopping) {
  SDP_TRY(const auto outcome, stopping.finish(settings_.stop_limit));
  for (const auto& orphan : others_in_session(record.process)) {
    SDP_TRY(std::ignore, stop(orphan, kOrphanLimit));
  }
  std::error_code ignored;
  std::filesystem::remove(pid_path(role), ignored);
  if (outcome == StopOutcome::ended) say_(fmt::format("stopped {}", record.program));
  if (outcome == StopOutcome::killed) {
    say_(fmt::format("killed {}, which did not end within {} ms", record.program,
                     settings_.stop_limit.count()));
  }
  return {};
}

Result<ServiceStatus> Services::status_of(std::string_view role) const {
  SDP_TRY(const auto record, running(role));
  const auto server =
      without_secrets(record ? as_recorded(settings_, role, *record) : settings_, role, kafka_probe_);
  ServiceStatus status{.role = server.role,
                       .program = server.program,
                       .health = Health::down,
                       .pid = 0,
                       .address = server.address};
  if (record) {
    status.pid = record->process.pid;
    status.health = is_here(*record) && server.probe() ? Health::up : Health::unhealthy;
  }
  return status;
}

Result<std::vector<ServiceStatus>> Services::status() const {
  std::vector<ServiceStatus> result;
  for (const auto role : kRoles | std::views::transform(&Role::name)) {
    // Without names: Kafka and S3, and Airflow once it was started here.
    const bool names_any = settings_.kafka_and_s3 || settings_.airflow;
    std::error_code ignored;
    const bool is_usual = !is_of_airflow(role) || std::filesystem::exists(pid_path(role), ignored);
    if (names_any ? !is_chosen(role) : !is_usual) continue;
    SDP_TRY(auto status, status_of(role));
    result.push_back(std::move(status));
  }
  return result;
}

}  // namespace sdp::services
