#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "diag/progress.h"
#include "lake/chain.h"
#include "lake_reader/load_plan.h"
#include "load/prefetcher.h"
#include "store/object_store.h"
#include "warehouse/warehouse.h"

namespace sdp::load {

/// A transaction ends with the object that reaches one of these.
struct TransactionLimits {
  std::size_t bytes = 0;  ///< of lines
  std::size_t objects = 0;
  std::size_t held_bytes = 0;  ///< of lines that the warehouse keeps until its end
};

using ChainEnds = std::map<lake::ChainId, log::Offset>;

/// Hands the planned objects to the warehouse, transaction by transaction: those that continue their chain. A
/// chain is closed by the first object of it that does not, or is damaged; the others go on. Any thread may
/// take objects, one at a time each; everything else is for the owner, between transactions.
class ObjectFeed final : public warehouse::ObjectSource {
 public:
  /// What is given outlives this. `ends`: where each chain goes on. `progress` counts what was taken.
  ObjectFeed(store::ObjectStore& store, std::span<const PlannedObject> objects, ChainEnds ends,
             std::span<const lake::Gap> gaps, TransactionLimits limits, FetchLimits fetch,
             std::stop_token stop, diag::Progress& progress);

  /// Starts the next transaction. False when nothing is left, or the store failed, or it was stopped.
  bool begin();
  std::optional<warehouse::FetchedObject> next(std::size_t held_bytes) override;

  /// What was handed out in this transaction.
  std::span<const PlannedObject* const> handed() const { return handed_; }
  std::uint64_t line_bytes() const { return line_bytes_; }

  bool is_closed(const PlannedObject& object) const { return closed_.contains(chain_of(object)); }
  void close_chain(const PlannedObject& object, Error problem);

  /// Why it ended before the plan did: the store's error, or `interrupted`.
  Result<void> outcome() const { return outcome_; }
  std::vector<Error> take_problems() { return std::exchange(problems_, {}); }
  /// Whether a chain was closed for an object that is missing.
  bool found_hole() const { return found_hole_; }

 private:
  using ChainName = std::pair<std::string, log::Partition>;

  static ChainName chain_of(const PlannedObject& object) {
    return {object.place.topic_id_short, object.place.partition};
  }
  bool is_over(std::size_t held_bytes) const;
  /// The planned object when it is to be loaded; notes why when it is not.
  std::optional<warehouse::FetchedObject> fetch(std::size_t index);
  bool continues(const PlannedObject& planned, const warehouse::FetchedObject& object);

  const std::span<const PlannedObject> objects_;
  const std::span<const lake::Gap> gaps_;
  const TransactionLimits limits_;
  const std::stop_token stop_;
  diag::Progress& progress_;
  Prefetcher prefetcher_;

  std::mutex mutex_;
  ChainEnds ends_;
  std::size_t next_ = 0;
  std::vector<const PlannedObject*> handed_;
  std::uint64_t line_bytes_ = 0;
  std::set<ChainName> closed_;
  std::vector<Error> problems_;
  Result<void> outcome_;
  bool found_hole_ = false;
};

}  // namespace sdp::load
