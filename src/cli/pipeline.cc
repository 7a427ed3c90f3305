#include "cli/pipeline.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/utc_time.h"
#include "cli/load_output.h"
#include "cli/output.h"
#include "cli/publish.h"
#include "cli/run_transform.h"
#include "cli/simulate_meter.h"
#include "cli/simulate_output.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "load/load_runner.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "report/report.h"
#include "simulate/simulate_runner.h"
#include "snapshot/proof.h"
#include "transform/dbt_worker.h"
#include "transform/work_dir.h"
#include "verify/verify.h"
#include "verify/witness.h"

namespace sdp::cli {
namespace {

constexpr std::size_t kMartRowsShown = 10;

/// Verify streams its tables, so more than this only fills DuckDB's cache beside verify's own memory.
constexpr std::string_view kVerifyMemory = "192MB";

class Stopwatch {
 public:
  explicit Stopwatch(Clock& clock) : clock_(clock), start_(clock.steady_now()) {}
  double seconds() const { return base::in_seconds(clock_.steady_now() - start_); }

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
  PipelineRun(const PipelineParts& parts, const Runtime& runtime)
      : parts_(parts),
        runtime_(runtime),
        stop_(parts.live ? std::stop_token{} : runtime.stop),
        transform_(parts.marts.transform),
        no_oracle_(parts.no_oracle) {}

  Result<int> run() {
    const Stopwatch total(runtime_.clock);
    if (!parts_.live) load_dbt_meanwhile();
    SDP_RETURN_IF_ERROR(produce_and_sink());
    write_oracle_meanwhile();
    give_memory_back();
    // What could not be loaded is named; the rest goes all the way.
    SDP_TRY(const auto loaded, load());
    give_memory_back();
    look_at_lake_meanwhile();
    SDP_RETURN_IF_ERROR(transform());
    SDP_RETURN_IF_ERROR(publish());
    SDP_TRY(const auto report, verify());
    // The page says what came of the proof, whatever that is; not being able to write it hides nothing.
    const auto written = write_report(report, total.seconds());
    tell(report, written.has_value());
    print_marts();
    print_rejected(taken_.rejected);
    print_out("{}\n", to_text(report, verify::Unproved::counted));
    print_stages(total.seconds());
    if (!report.proved()) return base::exit_code(ErrorKind::violation);
    SDP_RETURN_IF_ERROR(load_outcome(loaded));
    SDP_RETURN_IF_ERROR(check_rejected(taken_.rejected, parts_.marts.reject_ratio_max));
    SDP_RETURN_IF_ERROR(written);
    return 0;
  }

 private:
  /// The events' source here, sink and witness on threads of their own. Whoever fails stops the others; the
  /// first error is told.
  Result<void> produce_and_sink() {
    const Stopwatch watch(runtime_.clock);
    sink::SinkObserver silent;
    sink::SinkRunner sink(parts_.log, parts_.marts.store, runtime_.clock, parts_.sink,
                          parts_.sink_observer != nullptr ? *parts_.sink_observer : silent);
    std::stop_source give_up;
    const std::stop_callback on_signal(runtime_.stop, [&] { give_up.request_stop(); });
    Result<void> sunk;
    Result<std::uint64_t> witnessed = 0;
    std::stop_source witness_stop;
    std::stop_source witness_abandon;
    Result<simulate::SimulateSummary> produced = simulate::SimulateSummary{};
    Result<void> live;
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
      std::jthread live_thread;
      if (parts_.live) {
        live_thread = std::jthread([&] {
          live = parts_.live(give_up.get_token());
          if (!live) give_up.request_stop();
        });
      }
      produced = produce(give_up.get_token());
      // A number of events that came to its end does not end a live run.
      if (!produced) give_up.request_stop();
      if (live_thread.joinable()) live_thread.join();
      sink.finish_when_caught_up();
      sink_thread.join();
      // Only of a sink that came to the log's end may anybody expect to have all of it.
      (sunk ? witness_stop : witness_abandon).request_stop();
    }
    if (!sunk) return std::unexpected(sunk.error());
    if (!witnessed) return std::unexpected(witnessed.error());
    if (!produced) return std::unexpected(produced.error());
    if (!live) return std::unexpected(live.error());
    const sink::SinkMetrics& metrics = sink.metrics();
    runtime_.result.set("records_durable", metrics.records_durable.load());
    runtime_.result.set("objects_created", metrics.objects_created.load());
    stages_.push_back({parts_.feed ? "import and sink" : "simulate and sink", metrics.records_durable,
                       watch.seconds(),
                       fmt::format("{}, {:.0f} MB", plural(metrics.objects_created, "object"),
                                   static_cast<double>(metrics.body_bytes.load()) / 1e6)});
    if (stop_.stop_requested()) {
      SDP_RETURN_IF_ERROR(keep_oracle(*produced));
      return fail(ErrorKind::interrupted,
                  fmt::format("stopped; {} events are durable in the lake, and the next run loads them",
                              with_commas(metrics.records_durable)));
    }
    if (parts_.feed) SDP_RETURN_IF_ERROR(parts_.feed->in_lake());
    produced_ = *produced;
    return {};
  }

  Result<simulate::SimulateSummary> produce(const std::stop_token& stop) {
    SDP_TRY(auto producer, parts_.log.open_producer());
    if (parts_.feed) {
      SimulatePrinter printer(runtime_.quiet, parts_.feed->events, "import");
      return simulate::SimulateRunner({}, *parts_.feed->source, *producer, runtime_.clock, printer).run(stop);
    }
    SDP_TRY(auto source, simulate::open_source(parts_.simulation));
    SDP_TRY(auto labels, open_labels(parts_.labels));
    const simulate::SimulationSpec& spec = parts_.simulation;
    SimulatePrinter printer(runtime_.quiet || parts_.live != nullptr, records_to_come(spec));
    std::optional<SimulateMeter> meter;
    // One that came to its end is no reason to call the run dead, so its health is not kept.
    if (parts_.registry != nullptr) meter.emplace(*parts_.registry, nullptr, runtime_.clock, printer);
    simulate::SimulateObserver& observer = meter ? static_cast<simulate::SimulateObserver&>(*meter) : printer;
    simulate::SimulateRunner runner(spec, *source, simulate::Outlets(*producer, parts_.log.topic_name()),
                                    runtime_.clock, observer, {.transactions = parts_.transactions});
    if (parts_.oracle != nullptr) runner.tell(parts_.oracle->oracle());
    if (labels) runner.label([&labels](std::string_view lines) { return labels->append(lines); });
    SDP_TRY(const auto summary, runner.run(stop));
    if (labels) SDP_RETURN_IF_ERROR(labels->finish());
    return summary;
  }

  Result<load::LoadSummary> load() {
    SDP_TRY(auto loaded, load_lake(parts_.marts, runtime_.clock, stop_));
    warehouse_name_ = std::move(loaded.warehouse);
    load::LoadSummary& summary = loaded.summary;
    runtime_.result.set("rows", summary.counts.rows);
    runtime_.result.set("rejected_by_sink", summary.counts.rejected);
    stages_.push_back({"load", summary.counts.rows + summary.counts.rejected, base::in_seconds(summary.took),
                       fmt::format("{} in {}", plural(summary.counts.objects, "object"),
                                   plural(summary.transactions, "transaction"))});
    return std::move(summary);
  }

  /// Both take seconds, in which the other stages need not all cores. Where dbt cannot be kept loaded, the
  /// build loads it.
  void load_dbt_meanwhile() {
    auto worker = transform::DbtWorker::start(transform_, stop_);
    if (!worker) return;
    worker_ = *std::move(worker);
    transform_.dbt_client = worker_->client();
    parsing_ = std::jthread([this](std::stop_token stop) { transform::parse(transform_, std::move(stop)); });
  }

  /// Beside load and transform, which leave a core free now and then.
  void write_oracle_meanwhile() {
    if (parts_.oracle == nullptr) return;
    writing_oracle_ = std::jthread([this] { oracle_written_ = parts_.oracle->finish(produced_); });
  }

  /// Of a run that was stopped: all that it sent is in the lake, so the next one goes on with its oracle.
  /// Where that cannot tell what there must be, there is none.
  Result<void> keep_oracle(const simulate::SimulateSummary& produced) {
    if (parts_.oracle == nullptr) return {};
    auto written = parts_.oracle->finish(produced);
    if (!written && written.error().kind == ErrorKind::misconfigured) return {};
    return written;
  }

  /// The oracle's file; nothing where it cannot tell what there must be.
  Result<std::filesystem::path> finished_oracle() {
    if (parts_.oracle == nullptr) return std::filesystem::path();
    writing_oracle_.join();
    if (oracle_written_) return parts_.oracle->path();
    if (oracle_written_.error().kind != ErrorKind::misconfigured)
      return std::unexpected(oracle_written_.error());
    no_oracle_ = oracle_written_.error().message;
    return std::filesystem::path();
  }

  /// Beside dbt, which leaves a core free now and then. The lake has all that this run loaded.
  void look_at_lake_meanwhile() {
    looking_ = std::jthread(
        [this](std::stop_token stop) { looked_ = verify::EarlyLook::take(verify_inputs(std::move(stop))); });
  }

  verify::VerifyInputs verify_inputs(std::stop_token stop) const {
    verify::VerifyInputs inputs{.store = parts_.marts.store,
                                .witness_root = parts_.witness_root,
                                // A command of its own, `verify`, looks at the others, too.
                                .derived_marts = false,
                                .limits = {}};
    inputs.limits.value_bytes_max = parts_.sink.value_bytes_max;
    inputs.limits.stop = std::move(stop);
    if (parts_.witness_root.empty()) inputs.log = &parts_.log;
    return inputs;
  }

  Result<void> transform() {
    // With the time that dbt needs yet to read the project.
    const Stopwatch watch(runtime_.clock);
    if (parsing_.joinable()) parsing_.join();
    SDP_TRY(work_dir_, transform::hold_work_dir(transform_.work_dir));
    SDP_TRY(const auto summary, run_transform(transform_, stop_));
    worker_.reset();
    runtime_.result.set("models", summary.models_ok);
    runtime_.result.set("tests_passed", summary.tests_passed);
    stages_.push_back({"transform (dbt)", stages_.back().events, watch.seconds(),
                       fmt::format("{}, {} passed", plural(summary.models_ok, "model"),
                                   plural(summary.tests_passed, "test"))});
    return {};
  }

  Result<void> publish() {
    const Stopwatch watch(runtime_.clock);
    const auto target = transform::target_path(parts_.marts.transform);
    if (is_published(parts_.marts.warehouse)) {
      SDP_TRY(publication_, publish_marts(parts_.marts.warehouse, target, runtime_));
    }
    if (publication_ && publication_->taken) {
      taken_ = *std::move(publication_->taken);
    } else {
      SDP_TRY(taken_, take_snapshot(parts_.marts.warehouse, target, runtime_));
      if (publication_) taken_.snapshot.id = publication_->folder.filename();
    }
    work_dir_.reset();
    if (publication_) runtime_.result.set("published", publication_->to_read.string());
    stages_.push_back({publication_ ? "publish" : "snapshot", 0, watch.seconds(), "the marts, for readers"});
    return {};
  }

  /// Beside the marts, for readers of what is published, and where --report says.
  Result<void> write_report(const verify::Report& report, double total_seconds) {
    const std::string now = base::format_iso(runtime_.clock.utc_now());
    SDP_TRY(const std::string proof,
            snapshot::proof_document(taken_.snapshot.id, now, verify::to_json(report)));
    report::Facts facts{.proof = {},
                        .stages = stages_,
                        .total_seconds = total_seconds,
                        .lake = parts_.marts.store.describe()};
    SDP_TRY(facts.proof, snapshot::parse_proof(proof));
    const std::string page = report::to_html(taken_.snapshot, facts);
    if (publication_) SDP_RETURN_IF_ERROR(publish_proof(*publication_, proof, page));
    if (parts_.report.empty()) return {};
    return os::write_file(parts_.report, page, 0644);
  }

  Result<verify::Report> verify() {
    const Stopwatch watch(runtime_.clock);
    SDP_TRY(const std::filesystem::path oracle, finished_oracle());
    WarehouseSettings smaller = parts_.marts.warehouse;
    smaller.memory = kVerifyMemory;
    SDP_TRY(auto warehouse, open_warehouse(smaller, Access::read_only, runtime_.clock));
    verify::VerifyInputs inputs = verify_inputs({});
    inputs.warehouse = warehouse.get();
    inputs.oracle = oracle;
    looking_.join();
    SDP_TRY(auto look, std::move(looked_));
    SDP_TRY(auto report, verify::verify(inputs, std::move(look)));
    stages_.push_back({"verify", report.offsets, watch.seconds(), "every offset, every cell"});
    return report;
  }

  /// What came of it, for the command's result.
  void tell(const verify::Report& report, bool is_written) const {
    runtime_.result.set("proved", report.proved());
    if (is_written) runtime_.result.set_unless_empty("report", parts_.report.string());
    runtime_.result.set_unless_empty("no_oracle", no_oracle_);
    if (no_oracle_.empty() && parts_.oracle != nullptr)
      runtime_.result.set("oracle", parts_.oracle->path().string());
  }

  /// As the warehouse's own console shows them.
  void print_marts() const {
    for (const std::string_view name : report::kWorksheets) {
      const snapshot::Mart* const mart = taken_.snapshot.find(name);
      if (mart == nullptr) continue;
      warehouse::Table table;
      for (const snapshot::Column& column : mart->columns) table.columns.push_back(column.name);
      table.rows.assign(mart->rows.begin(), mart->rows.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                     kMartRowsShown, mart->rows.size())));
      print_out("\nSPOTIFY_DB.MART.{} ({})\n\n{}\n", mart->name, plural(mart->rows_total, "row"),
                format_table(table, kMartRowsShown));
    }
  }

  void print_stages(double total_seconds) {
    warehouse::Table table;
    table.columns = {"STAGE", "EVENTS", "SECONDS", "RATE", ""};
    for (const report::Stage& stage : stages_) {
      const bool counts = stage.events > 0;
      table.rows.push_back({stage.name, counts ? with_commas(stage.events) : "",
                            fmt::format("{:.1f}", stage.seconds),
                            counts ? rate(stage.events, stage.seconds) : "", stage.detail});
    }
    table.rows.push_back({"whole run", "", fmt::format("{:.1f}", total_seconds), "", ""});
    print_out("{}\nlake       {}\nwarehouse  {}\n", format_table(table, table.rows.size()),
              parts_.marts.store.describe(), warehouse_name_);
    if (publication_) print_out("to read    {}\n", publication_->to_read.string());
    if (!parts_.report.empty()) print_out("report     {}\n", parts_.report.string());
    if (!no_oracle_.empty()) {
      print_out("no oracle  {}\n", no_oracle_);
    } else if (parts_.oracle != nullptr) {
      print_out("oracle     {}\n", parts_.oracle->path().string());
    }
    if (publication_) print_out("to see     {}\n", parts_.to_see);
  }

  const PipelineParts& parts_;
  const Runtime& runtime_;
  /// What ends the run early. The stop of a live run only ends the simulation; a second signal ends the
  /// process.
  const std::stop_token stop_;
  transform::TransformOptions transform_;
  std::unique_ptr<transform::DbtWorker> worker_;
  std::jthread parsing_;                  ///< ends before the worker that it asks
  std::optional<os::FileLock> work_dir_;  ///< from the build until what it left is read
  simulate::SimulateSummary produced_;
  std::string no_oracle_;
  Result<void> oracle_written_;
  std::jthread writing_oracle_;  ///< ends before what it writes to
  Result<verify::EarlyLook> looked_ = fail(ErrorKind::fatal, "the lake was not looked at");
  std::jthread looking_;  ///< ends before what it writes to
  std::vector<report::Stage> stages_;
  std::string warehouse_name_;
  std::optional<Publication> publication_;
  Taken taken_;
};

}  // namespace

Result<Loaded> load_lake(const MartParts& parts, Clock& clock, const std::stop_token& stop) {
  SDP_TRY(auto warehouse, open_warehouse(parts.warehouse, Access::read_write, clock));
  Loaded loaded{.summary = {}, .warehouse = warehouse->describe()};
  SDP_RETURN_IF_ERROR(warehouse->init());
  load::LoadOptions options;
  options.other_lake = parts.other_lake;
  load::LoadRunner runner(parts.store, *warehouse, clock, options);
  SDP_TRY(loaded.summary, runner.run(stop));
  SDP_RETURN_IF_ERROR(warehouse->close());
  log_load(loaded.summary);
  return loaded;
}

Result<int> run_pipeline(const PipelineParts& parts, const Runtime& runtime) {
  return PipelineRun(parts, runtime).run();
}

}  // namespace sdp::cli
