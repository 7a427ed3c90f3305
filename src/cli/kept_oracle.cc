#include "cli/kept_oracle.h"

#include <fmt/format.h>
#include <sys/types.h>

#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/utc_time.h"
#include "os/files.h"
#include "simulate/oracle_file.h"

namespace sdp::cli {
namespace {}  // namespace

Result<void> KeptOracle::go_on(const simulate::SimulationSpec& spec) {
  std::error_code none;
  std::ifstream file;
  // Opening a pipe would wait for who writes to it; and this file is to be replaced.
  if (std::filesystem::is_regular_file(path_, none)) file.open(path_, std::ios::binary);
  if (!file.is_open()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("cannot read the oracle {} to go on with; leave --continue-oracle out to begin one",
                    path_.string()));
  }
  SDP_TRY(runs_, simulate::read_oracle_runs(file, path_.string()));
  SDP_TRY(const auto whole, simulate::checked(spec));
  for (const simulate::OracleRun& run : runs_) {
    if (simulate::has_same_events(run.spec, whole)) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("{} tells of the same events already: a run of the same mix, with --seed {} and "
                      "--start {}; choose another seed or start, or leave the oracle out",
                      path_.string(), whole.seed, base::format_iso(whole.start)));
    }
    SDP_RETURN_IF_ERROR(simulate::tell_again(run, oracle_));
  }
  return {};
}

Result<void> KeptOracle::begin(const simulate::SimulationSpec& spec, Logs logs) {
  SDP_TRY(const auto whole, simulate::checked(spec));
  if (oracle_.kept() + whole.events > oracle_.events_max()) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("an oracle counts up to {} events, and these would be {}; simulate fewer, or leave "
                    "the oracle out",
                    oracle_.events_max(), oracle_.kept() + whole.events));
  }
  // Whoever cannot write it should not send a million events first.
  SDP_TRY(auto file, os::NewFile::open(path_, os::kReadable));
  SDP_RETURN_IF_ERROR(remove_oracle(path_));
  file_.emplace(std::move(file));
  runs_.push_back(
      {.spec = whole, .another_log = logs.another && !runs_.empty(), .topic_by_type = logs.by_type});
  oracle_.begin_run(runs_.back().another_log);
  if (logs.by_type) oracle_.expect_logs_by_type();
  oracle_.expect(whole.events);
  return {};
}

Result<void> KeptOracle::finish(const simulate::SimulateSummary& summary) {
  runs_.back().records = summary.produced;
  runs_.back().stopped_after = summary.stopped_after;
  runs_.back().steered = summary.steered;
  runs_.back().digest = oracle_.digest();
  SDP_RETURN_IF_ERROR(
      simulate::write_oracle(oracle_, runs_, summary.newest,
                             [this](std::string_view text) -> Result<void> { return file_->append(text); }));
  return file_->finish();
}

Result<void> remove_oracle(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return {};
  return fail(ErrorKind::cannot_write,
              fmt::format("cannot remove the oracle {}: {}; it tells of less than the log will hold",
                          path.string(), error.message()));
}

}  // namespace sdp::cli
