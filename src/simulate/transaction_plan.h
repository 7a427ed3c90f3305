#pragma once

#include <cstddef>
#include <cstdint>

#include "base/rng.h"
#include "simulate/streams.h"

namespace sdp::simulate {

/// How much of a simulation is sent in transactions.
struct TransactionRates {
  double used = 0;     ///< share of the batches
  double aborted = 0;  ///< share of these that are aborted first, and sent again

  bool any() const { return used > 0; }
};

/// Records that are sent in one way; the last batch may have fewer.
inline constexpr std::size_t kTransactionRecords = 100;

enum class BatchWay : std::uint8_t { plain, committed, aborted_first };

/// In which way each batch of records is sent: a function of seed, start and rates. What the records are does
/// not depend on it.
class TransactionPlan {
 public:
  TransactionPlan(const SimulationSpec& spec, const TransactionRates& rates)
      : rates_(rates), rng_(faults_rng(spec).fork(kStream)) {}

  /// Of the next batch.
  BatchWay next() {
    if (!rng_.chance(rates_.used)) return BatchWay::plain;
    return rng_.chance(rates_.aborted) ? BatchWay::aborted_first : BatchWay::committed;
  }

 private:
  /// No number of a fault class, which have generators beside this one.
  static constexpr std::uint64_t kStream = 0x7472616e7361;

  const TransactionRates rates_;
  Rng rng_;
};

}  // namespace sdp::simulate
