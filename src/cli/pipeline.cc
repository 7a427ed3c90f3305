#include "cli/pipeline.h"

#include <fmt/core.h>
#include <malloc.h>

#include <array>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "cli/load_output.h"
#include "cli/output.h"
#include "cli/publish.h"
#include "cli/run_transform.h"
#include "cli/simulate_output.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "load/load_runner.h"
#include "simulate/simulate_runner.h"
#include "verify/verify.h"
#include "verify/witness.h"

namespace sdp::cli {
namespace {

constexpr int kMartRowsShown = 10;

/// Verify streams its tables, so more than this only fills DuckDB's cache beside verify's own memory.
constexpr std::string_view kVerifyMemory = "192MB";

/// What a stage did and how long it took, for the table at the end.
struct Stage {
  std::string name;
  std::uint64_t events = 0;
  double seconds = 0;
  std::string detail;
};

class Stopwatch {
 public:
  explicit Stopwatch(Clock& clock) : clock_(clock), start_(clock.steady_now()) {}
  double seconds() const { return std::chrono::duration<double>(clock_.steady_now() - start_).count(); }

 private:
  Clock& clock_;
  SteadyTime start_;
};

/// Batches and staged objects are large and come from many threads, so the allocator keeps what they leave.
/// dbt runs as a process of its own next, and both together should stay small.
void give_memory_back() {
  malloc_trim(0);
}

class PipelineRun {
 public:
  PipelineRun(const PipelineParts& parts, const Runtime& runtime) : parts_(parts), runtime_(runtime) {}

  Result<int> run() {
    const Stopwatch total(runtime_.clock);
    SDP_RETURN_IF_ERROR(produce_and_sink());
    give_memory_back();
    // What could not be loaded is named; the rest goes all the way.
    SDP_TRY(const auto loaded, load());
    give_memory_back();
    SDP_RETURN_IF_ERROR(transform());
    SDP_TRY(const auto report, verify());
    SDP_RETURN_IF_ERROR(print_marts());
    print_rejected(rejected_);
    print_out("{}\n", to_text(report));
    print_stages(total.seconds());
    if (!report.proved()) return base::exit_code(ErrorKind::violation);
    SDP_RETURN_IF_ERROR(load_outcome(loaded));
    SDP_RETURN_IF_ERROR(check_rejected(rejected_, parts_.reject_ratio_max));
    return 0;
  }

 private:
  /// Simulator here, sink and witness on threads of their own. Whoever fails stops the others; the first
  /// error is told.
  Result<void> produce_and_sink() {
    const Stopwatch watch(runtime_.clock);
    sink::SinkObserver silent;
    sink::SinkRunner sink(parts_.log, parts_.store, runtime_.clock, parts_.sink, silent);
    std::stop_source give_up;
    const std::stop_callback on_signal(runtime_.stop, [&] { give_up.request_stop(); });
    Result<void> sunk;
    Result<std::uint64_t> witnessed = 0;
    std::stop_source witness_stop;
    std::stop_source witness_abandon;
    Result<simulate::SimulateSummary> produced = simulate::SimulateSummary{};
    {
      std::jthread witness_thread;
      if (!parts_.witness_root.empty()) {
        witness_thread = std::jthread([&] {
          witnessed = verify::run_witness(parts_.log, parts_.witness_root, {}, runtime_.clock,
                                          witness_stop.get_token(), witness_abandon.get_token());
          if (!witnessed) give_up.request_stop();
        });
      }
      std::jthread sink_thread([&] {
        sunk = sink.run({});
        if (!sunk) give_up.request_stop();
      });
      produced = simulate(give_up.get_token());
      sink.finish_when_caught_up();
      sink_thread.join();
      // Only of a sink that came to the log's end may anybody expect to have all of it.
      (sunk ? witness_stop : witness_abandon).request_stop();
    }
    if (!sunk) return std::unexpected(sunk.error());
    if (!witnessed) return std::unexpected(witnessed.error());
    if (!produced) return std::unexpected(produced.error());
    const sink::SinkMetrics& metrics = sink.metrics();
    stages_.push_back({"simulate and sink", metrics.records_durable, watch.seconds(),
                       fmt::format("{} objects, {:.0f} MB", with_commas(metrics.objects_created),
                                   static_cast<double>(metrics.body_bytes.load()) / 1e6)});
    if (runtime_.stop.stop_requested()) {
      return fail(ErrorKind::interrupted,
                  fmt::format("stopped; {} events are durable in the lake, and the next run loads them",
                              with_commas(metrics.records_durable)));
    }
    return {};
  }

  Result<simulate::SimulateSummary> simulate(const std::stop_token& stop) {
    SDP_TRY(auto producer, parts_.log.open_producer());
    SDP_TRY(auto source, simulate::open_source(parts_.simulation));
    SimulatePrinter printer(runtime_.quiet);
    simulate::SimulateRunner runner(parts_.simulation, *source, *producer, runtime_.clock, printer);
    return runner.run(stop);
  }

  Result<load::LoadSummary> load() {
    SDP_TRY(auto warehouse, open_warehouse(parts_.warehouse, Access::read_write, runtime_.clock));
    warehouse_name_ = warehouse->describe();
    SDP_RETURN_IF_ERROR(warehouse->init());
    load::LoadOptions options;
    options.other_lake = parts_.other_lake;
    load::LoadRunner runner(parts_.store, *warehouse, runtime_.clock, options);
    SDP_TRY(auto summary, runner.run(runtime_.stop));
    SDP_RETURN_IF_ERROR(warehouse->close());
    log_load(summary);
    stages_.push_back({"load", summary.counts.rows + summary.counts.rejected,
                       static_cast<double>(summary.took.count()) / 1000,
                       fmt::format("{} objects in {} transactions", with_commas(summary.counts.objects),
                                   summary.transactions)});
    return summary;
  }

  Result<void> transform() {
    SDP_TRY(const auto summary, run_transform(parts_.transform, runtime_.stop));
    stages_.push_back({"transform (dbt)", stages_.back().events, summary.seconds,
                       fmt::format("{} models, {} tests passed", summary.models_ok, summary.tests_passed)});
    const Stopwatch watch(runtime_.clock);
    SDP_TRY(published_, publish_marts(parts_.warehouse, runtime_));
    if (published_) stages_.push_back({"publish", 0, watch.seconds(), "the marts, for readers"});
    return {};
  }

  Result<verify::Report> verify() {
    const Stopwatch watch(runtime_.clock);
    WarehouseSettings smaller = parts_.warehouse;
    smaller.duckdb.memory_limit = kVerifyMemory;
    SDP_TRY(auto warehouse, open_warehouse(smaller, Access::read_only, runtime_.clock));
    verify::VerifyInputs inputs{.store = parts_.store,
                                .witness_root = parts_.witness_root,
                                .warehouse = warehouse.get(),
                                // A command of its own, `verify`, looks at the others, too.
                                .derived_marts = false,
                                .limits = {}};
    if (parts_.witness_root.empty()) inputs.log = &parts_.log;
    SDP_TRY(auto report, verify::verify(inputs));
    stages_.push_back({"verify", report.offsets, watch.seconds(), "every offset, every cell"});
    return report;
  }

  Result<void> print_marts() {
    SDP_TRY(auto warehouse, open_warehouse(parts_.warehouse, Access::read_only, runtime_.clock));
    SDP_TRY(auto rejected, rejected_in_silver(*warehouse));
    rejected_ = std::move(rejected).value_or(Rejected{});
    constexpr std::array kMarts = {
        std::pair{"MART.TOP_SONGS", "total_plays DESC, song_id"},
        std::pair{"MART.USER_ENGAGEMENT",
                  "total_plays + total_skips + playlist_adds DESC, user_id, device_type, country, day"}};
    for (const auto& [mart, order] : kMarts) {
      SDP_TRY(auto table, warehouse->query(fmt::format("SELECT * FROM {} ORDER BY {} LIMIT {}", mart, order,
                                                       kMartRowsShown)));
      SDP_TRY(const auto count, warehouse->query(fmt::format("SELECT count(*) FROM {}", mart)));
      print_out("\nSPOTIFY_DB.{} ({} rows)\n\n{}\n", mart, count.rows.at(0).at(0).value_or("0"),
                format_table(upper_case_header(std::move(table)), kMartRowsShown));
    }
    return {};
  }

  void print_stages(double total_seconds) {
    warehouse::Table table;
    table.columns = {"STAGE", "EVENTS", "SECONDS", "RATE", ""};
    for (const Stage& stage : stages_) {
      table.rows.push_back({stage.name, with_commas(stage.events), fmt::format("{:.1f}", stage.seconds),
                            rate(stage.events, stage.seconds), stage.detail});
    }
    table.rows.push_back({"whole run", "", fmt::format("{:.1f}", total_seconds), "", ""});
    print_out("{}\nlake       {}\nwarehouse  {}\n", format_table(table, table.rows.size()),
              parts_.store.describe(), warehouse_name_);
    if (published_) print_out("to read    {}\n", published_->string());
  }

  const PipelineParts& parts_;
  const Runtime& runtime_;
  std::vector<Stage> stages_;
  std::string warehouse_name_;
  std::optional<std::filesystem::path> published_;
  Rejected rejected_;
};

}  // namespace

Result<int> run_pipeline(const PipelineParts& parts, const Runtime& runtime) {
  return PipelineRun(parts, runtime).run();
}

}  // namespace sdp::cli
