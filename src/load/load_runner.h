#pragma once

#include <chrono>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lake/chain.h"
#include "lake/hour_marker.h"
#include "lake_reader/lake_reader.h"
#include "load/object_feed.h"
#include "load/other_lake.h"
#include "load/prefetcher.h"
#include "store/object_store.h"
#include "warehouse/warehouse.h"

namespace sdp::load {

using lake_reader::LoadPlan;

/// What the warehouse has loaded by now.
struct Ledger {
  std::set<std::string> objects;
  std::vector<warehouse::LoadedChain> chains;
};

struct LoadOptions {
  /// DuckDB writes whole row groups (122,880 rows) of each of its threads straight into its file; what is
  /// left over in each transaction is written a second time by the checkpoint. So transactions are large; of
  /// their lines only those of a few objects are in memory.
  TransactionLimits transaction{
      .bytes = std::size_t{1} << 30, .objects = 1'000, .held_bytes = std::size_t{64} << 20};
  FetchLimits fetch{};
  /// A hole may be an object that was put while we listed, so it is looked for again before it is called one.
  int listings_max = 3;
  std::chrono::milliseconds listing_pause{300};
  lake_reader::HoursWanted hours{};
  OtherLake other_lake = OtherLake::refuse;
};

struct LoadSummary {
  warehouse::LoadCounts counts;
  std::uint64_t transactions = 0;
  std::uint64_t line_bytes = 0;
  /// The hours of the lake whose objects were loaded.
  std::set<lake::Hour> hours;
  std::uint64_t loaded_already = 0;
  /// Of hours that are not complete, when only complete ones were wanted.
  std::uint64_t left_for_later = 0;
  std::vector<std::string> foreign;
  /// What kept objects from being loaded, each by name. Everything else is loaded.
  std::vector<Error> problems;
  std::chrono::milliseconds took{0};
};

Result<Ledger> read_ledger(warehouse::Warehouse& warehouse);

/// What is in the lake and not in the ledger, of the hours that are wanted. `misconfigured` when the ledger
/// is another lake's (check_lake).
Result<LoadPlan> plan_new_objects(const lake_reader::LakeReader& lake, const Ledger& ledger,
                                  const lake_reader::HoursWanted& hours, OtherLake other_lake);

/// Loads what is in the lake and not in the ledger, chain by chain: an object only when it continues its
/// chain. Owned by one thread.
class LoadRunner {
 public:
  LoadRunner(store::ObjectStore& store, warehouse::Warehouse& warehouse, Clock& clock,
             LoadOptions options = {});

  /// Errors are the store's or the warehouse's; problems of single objects or chains stand in the summary.
  Result<LoadSummary> run(std::stop_token stop);

 private:
  /// One listing and what can be loaded of it. True when a second look may find more.
  Result<bool> load_once(const lake_reader::LakeReader& lake, const std::stop_token& stop,
                         LoadSummary& summary);
  /// True when a chain was closed for an object that is missing.
  Result<bool> load_chains(const LoadPlan& plan, std::span<const warehouse::LoadedChain> loaded,
                           const std::stop_token& stop, LoadSummary& summary);
  Result<void> load_transaction(ObjectFeed& feed, LoadSummary& summary);
  Result<void> load_alone(ObjectFeed& feed, LoadSummary& summary);

  store::ObjectStore& store_;
  warehouse::Warehouse& warehouse_;
  Clock& clock_;
  const LoadOptions options_;
  std::vector<lake::Gap> gaps_;
};

}  // namespace sdp::load
