#include "load/load_runner.h"

#include <fmt/core.h>

#include <iterator>
#include <utility>

#include "base/duration_text.h"
#include "diag/log.h"
#include "diag/progress.h"
#include "lake/object_key.h"
#include "lake_reader/find_places.h"
#include "warehouse/warehouse.h"

namespace sdp::load {
namespace {

using diag::log_event;

std::vector<PlannedObject> in_order(const LoadPlan& plan) {
  std::vector<PlannedObject> objects;
  for (const lake_reader::PlannedChain& chain : plan.chains)
    objects.insert(objects.end(), chain.objects.begin(), chain.objects.end());
  return objects;
}

/// Adds what one transaction did.
void add(const warehouse::LoadCounts& counts, LoadSummary& summary) {
  log_event("load.transaction",
            {{"objects", counts.objects}, {"rows", counts.rows}, {"rejected", counts.rejected}});
  ++summary.transactions;
  summary.counts.objects += counts.objects;
  summary.counts.rows += counts.rows;
  summary.counts.rejected += counts.rejected;
  summary.counts.objects_skipped += counts.objects_skipped;
  summary.counts.statements += counts.statements;
  summary.counts.staging_files += counts.staging_files;
  summary.counts.staging_bytes += counts.staging_bytes;
}

}  // namespace

Result<Ledger> read_ledger(warehouse::Warehouse& warehouse) {
  SDP_TRY(auto objects, warehouse.loaded_objects());
  SDP_TRY(auto chains, warehouse.loaded_chains());
  return Ledger{.objects = {std::make_move_iterator(objects.begin()), std::make_move_iterator(objects.end())},
                .chains = std::move(chains)};
}

Result<LoadPlan> plan_new_objects(const lake_reader::LakeReader& lake, const Ledger& ledger,
                                  const lake_reader::HoursWanted& hours, OtherLake other_lake) {
  lake_reader::LoadBounds ends;
  for (const warehouse::LoadedChain& loaded : ledger.chains)
    ends[{lake::short_id(loaded.chain.topic_id), loaded.chain.partition}] = loaded.end;
  SDP_TRY(auto plan, lake.load_plan(ledger.objects, ends, hours));
  if (other_lake == OtherLake::add || check_lake(plan, ledger.chains, {})) return plan;
  SDP_TRY(const auto staged_for, lake.staged_for());
  SDP_RETURN_IF_ERROR(check_lake(plan, ledger.chains, staged_for));
  return plan;
}

LoadRunner::LoadRunner(store::ObjectStore& store, warehouse::Warehouse& warehouse, Clock& clock,
                       LoadOptions options)
    : store_(store), warehouse_(warehouse), clock_(clock), options_(options) {}

Result<LoadSummary> LoadRunner::run(std::stop_token stop) {
  const SteadyTime started = clock_.steady_now();
  LoadSummary summary;
  SDP_TRY(const lake::Places places, lake_reader::find_places(store_));
  SDP_TRY(auto overrides, lake_reader::read_overrides(store_, places));
  const lake_reader::LakeReader lake(store_, places, std::move(overrides));
  for (int listing = 1; listing <= options_.listings_max; ++listing) {
    SDP_TRY(const bool look_again, load_once(lake, stop, summary));
    if (!look_again || listing == options_.listings_max) break;
    log_event("load.hole", {{"retry_s", base::in_seconds(options_.listing_pause)}});
    clock_.sleep_for(options_.listing_pause);
  }
  summary.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - started);
  return summary;
}

Result<bool> LoadRunner::load_once(const lake_reader::LakeReader& lake, const std::stop_token& stop,
                                   LoadSummary& summary) {
  // A gap record that cannot be read leaves a hole in its chain, which stops that chain and no other.
  SDP_TRY(auto gaps, lake.gaps());
  gaps_ = std::move(gaps.gaps);
  summary.problems = std::move(gaps.problems);
  SDP_TRY(const Ledger ledger, read_ledger(warehouse_));
  SDP_TRY(const LoadPlan plan, plan_new_objects(lake, ledger, options_.hours, options_.other_lake));
  if (summary.transactions == 0) summary.loaded_already = plan.loaded_already;
  summary.left_for_later = plan.left_for_later;
  summary.foreign = plan.foreign;
  return load_chains(plan, ledger.chains, stop, summary);
}

Result<bool> LoadRunner::load_chains(const LoadPlan& plan, std::span<const warehouse::LoadedChain> loaded,
                                     const std::stop_token& stop, LoadSummary& summary) {
  const std::vector<PlannedObject> objects = in_order(plan);
  log_event("load.planned", {{"objects", objects.size()}, {"loaded_before", plan.loaded_already}});
  ChainEnds ends;
  for (const warehouse::LoadedChain& chain : loaded) ends[chain.chain] = chain.end;
  diag::Progress progress("load", "objects", objects.size(), clock_);
  ObjectFeed feed(store_, objects, std::move(ends), gaps_, options_.transaction, options_.fetch, stop,
                  progress);
  while (feed.begin()) SDP_RETURN_IF_ERROR(load_transaction(feed, summary));
  SDP_RETURN_IF_ERROR(feed.outcome());
  for (Error& problem : feed.take_problems()) summary.problems.push_back(std::move(problem));
  return feed.found_hole();
}

Result<void> LoadRunner::load_transaction(ObjectFeed& feed, LoadSummary& summary) {
  const auto counts = warehouse_.load(feed);
  if (!counts && counts.error().kind == ErrorKind::bad_input) {
    log_event("load.object_alone", {{"objects", feed.handed().size()}, {"message", counts.error().message}});
    return load_alone(feed, summary);
  }
  SDP_RETURN_IF_ERROR(counts);
  if (feed.handed().empty()) return {};
  summary.line_bytes += feed.line_bytes();
  for (const PlannedObject* object : feed.handed())
    summary.hours.insert(lake::hour_of(object->place.first_timestamp));
  add(*counts, summary);
  return {};
}

Result<void> LoadRunner::load_alone(ObjectFeed& feed, LoadSummary& summary) {
  // One object's lines are damaged although its hash is right. Alone, the others load and it is named.
  for (const PlannedObject* planned : feed.handed()) {
    if (feed.is_closed(*planned)) continue;
    const auto object = fetch_object(store_, *planned);
    auto counts = object ? warehouse::load_objects(warehouse_, {&*object, 1})
                         : Result<warehouse::LoadCounts>(std::unexpected(object.error()));
    if (!counts && counts.error().kind == ErrorKind::bad_input) {
      feed.close_chain(*planned, std::move(counts.error()));
      continue;
    }
    SDP_RETURN_IF_ERROR(counts);
    summary.line_bytes += object->lines.size();
    summary.hours.insert(lake::hour_of(planned->place.first_timestamp));
    add(*counts, summary);
  }
  return {};
}

}  // namespace sdp::load
