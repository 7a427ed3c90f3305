#include "load/load_runner.h"

#include <fmt/core.h>

#include <utility>

#include "hours/complete_hours.h"

namespace sdp::load {
namespace {

std::pair<std::string, log::Partition> name_of(const PlannedObject& object) {
  return {object.place.topic_id_short, object.place.partition};
}

std::vector<PlannedObject> in_order(const LoadPlan& plan) {
  std::vector<PlannedObject> objects;
  for (const PlannedChain& chain : plan.chains)
    objects.insert(objects.end(), chain.objects.begin(), chain.objects.end());
  return objects;
}

}  // namespace

Result<LoadBounds> bounds_of_complete_hours(store::ObjectStore& store, std::optional<lake::Hour> to) {
  SDP_TRY(const auto complete, hours::read_complete(store, to));
  LoadBounds bounds;
  for (const auto& [topic_id, through] : complete) {
    for (const auto& [partition, next] : through.next) bounds[{topic_id, partition}] = next;
  }
  return bounds;
}

LoadRunner::LoadRunner(store::ObjectStore& store, warehouse::Warehouse& warehouse, Clock& clock,
                       LoadOptions options)
    : store_(store), warehouse_(warehouse), clock_(clock), options_(options) {}

Result<LoadSummary> LoadRunner::run(std::stop_token stop) {
  const SteadyTime started = clock_.steady_now();
  LoadSummary summary;
  for (int listing = 1; listing <= options_.listings_max; ++listing) {
    SDP_TRY(const bool look_again, load_once(stop, summary));
    if (!look_again || listing == options_.listings_max) break;
    clock_.sleep_for(options_.listing_pause);
  }
  summary.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - started);
  return summary;
}

Result<bool> LoadRunner::load_once(const std::stop_token& stop, LoadSummary& summary) {
  summary.problems.clear();
  closed_.clear();
  found_hole_ = false;
  SDP_CHECK_OK(read_gaps(summary));
  SDP_TRY(const LoadPlan plan, make_plan(summary));
  if (summary.transactions == 0) summary.loaded_already = plan.loaded_already;
  summary.foreign = plan.foreign;
  SDP_CHECK_OK(load_chains(plan, stop, summary));
  return found_hole_;
}

Result<LoadPlan> LoadRunner::make_plan(LoadSummary& summary) {
  chain_ends_.clear();
  SDP_TRY(const auto chains, warehouse_.loaded_chains());
  for (const warehouse::LoadedChain& chain : chains) chain_ends_[chain.chain] = chain.end;
  SDP_TRY(auto loaded, warehouse_.loaded_objects());
  std::vector<store::ListedObject> listing;
  SDP_CHECK_OK(store_.list(lake::kBronzePrefix, [&](const store::ListedObject& object) {
    listing.push_back(object);
    return true;
  }));
  LoadPlan plan = plan_load(listing, std::set<std::string>(std::make_move_iterator(loaded.begin()),
                                                           std::make_move_iterator(loaded.end())));
  if (options_.complete_hours) {
    SDP_TRY(const LoadBounds bounds, bounds_of_complete_hours(store_, options_.hours_to));
    summary.left_for_later = keep_below(plan, bounds);
  }
  return plan;
}

Result<void> LoadRunner::load_chains(const LoadPlan& plan, const std::stop_token& stop,
                                     LoadSummary& summary) {
  const std::vector<PlannedObject> objects = in_order(plan);
  Prefetcher prefetcher(store_, objects, options_.fetch);
  std::vector<warehouse::StagedObject> staged;
  std::size_t staged_bytes = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const PlannedObject& planned = objects[i];
    if (closed_.contains(name_of(planned))) continue;
    if (stop.stop_requested())
      return fail(ErrorKind::interrupted, "load was stopped between transactions; run it again");
    auto object = prefetcher.get(i);
    if (!object && object.error().kind != ErrorKind::bad_input) return std::unexpected(object.error());
    if (!object) {
      close_chain(name_of(planned), object.error(), summary);
      continue;
    }
    if (!continues(*object, summary)) continue;
    staged_bytes += object->lines.size();
    staged.push_back(*std::move(object));
    if (staged_bytes >= options_.transaction_bytes || staged.size() >= options_.transaction_objects) {
      SDP_CHECK_OK(flush(staged, summary));
      staged_bytes = 0;
    }
  }
  return flush(staged, summary);
}

bool LoadRunner::continues(const warehouse::StagedObject& object, LoadSummary& summary) {
  log::Offset& end = chain_ends_[object.meta.chain];
  const lake::Link link{object.key, object.meta.range};
  lake::ChainCheck check = check_chain(object.meta.chain, end, {&link, 1}, gaps_);
  if (check.problems.empty()) {
    end = check.end;
    return true;
  }
  found_hole_ = found_hole_ || object.meta.range.first > end;
  close_chain({lake::short_id(object.meta.chain.topic_id), object.meta.chain.partition},
              check.problems.front(), summary);
  return false;
}

void LoadRunner::close_chain(const ChainName& chain, Error problem, LoadSummary& summary) {
  closed_.insert(chain);
  summary.problems.push_back(std::move(problem));
}

Result<void> LoadRunner::flush(std::vector<warehouse::StagedObject>& staged, LoadSummary& summary) {
  if (staged.empty()) return {};
  auto counts = warehouse_.load(staged);
  if (!counts && counts.error().kind == ErrorKind::bad_input && staged.size() > 1) {
    // One object's lines are damaged although its hash is right. Alone, the others load and it is named.
    auto alone = std::exchange(staged, {});
    for (auto& object : alone) {
      const ChainName chain{lake::short_id(object.meta.chain.topic_id), object.meta.chain.partition};
      if (closed_.contains(chain)) continue;
      std::vector<warehouse::StagedObject> one;
      one.push_back(std::move(object));
      SDP_CHECK_OK(flush(one, summary));
    }
    return {};
  }
  if (!counts && counts.error().kind == ErrorKind::bad_input) {
    const lake::ChainId& chain = staged.front().meta.chain;
    close_chain({lake::short_id(chain.topic_id), chain.partition}, counts.error(), summary);
    staged.clear();
    return {};
  }
  if (!counts) return std::unexpected(counts.error());
  ++summary.transactions;
  summary.counts.objects += counts->objects;
  summary.counts.rows += counts->rows;
  summary.counts.rejected += counts->rejected;
  summary.counts.objects_skipped += counts->objects_skipped;
  summary.counts.statements += counts->statements;
  summary.counts.staging_files += counts->staging_files;
  summary.counts.staging_bytes += counts->staging_bytes;
  for (const auto& object : staged) {
    summary.line_bytes += object.lines.size();
    summary.hours.insert(lake::hour_of(object.meta.first_timestamp));
  }
  staged.clear();
  return {};
}

Result<void> LoadRunner::read_gaps(LoadSummary& summary) {
  std::vector<std::string> keys;
  SDP_CHECK_OK(store_.list(lake::kGapsPrefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  gaps_.clear();
  for (const std::string& key : keys) {
    SDP_TRY(const store::Object object, store_.get(key));
    if (auto gap = lake::gap_from_json(object.body)) {
      gaps_.push_back(*std::move(gap));
    } else {
      // Without it its chain has a hole, which stops that chain and no other.
      summary.problems.push_back(gap.error().in(fmt::format("{}: object {}", store_.describe(), key)));
    }
  }
  return {};
}

}  // namespace sdp::load
