#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/upgrade_record.h"
#include "store/object_store.h"

namespace sdp::upgrade {

struct UpgradeOptions {
  bool dry_run = false;  ///< look and prove what can be proved, write nothing
  int threads = 16;      ///< requests at the same time
  /// An error when a sink writes to the lake. Asked before the first write, and again before the switch.
  std::function<Result<void>()> check_sinks_stopped = [] { return Result<void>(); };
  /// Hears now and then how far a step is; from any thread.
  std::function<void(std::string_view step, std::uint64_t done, std::uint64_t total)> progress =
      [](std::string_view, std::uint64_t, std::uint64_t) {};
};

struct UpgradeSummary {
  int layout_before = 2;
  std::uint64_t chains = 0;
  std::uint64_t objects = 0;  ///< they stay where they are
  std::uint64_t files = 0;    ///< markers, begins and gaps at the places of layout 1
  std::uint64_t copied = 0;   ///< by this run
  std::uint64_t removed = 0;  ///< by this run, from the places of layout 1
  /// Names that begin with `bronze/_` and are none of the lake's: left where they are.
  std::vector<std::string> foreign;
};

/// Brings a lake from layout 1 to layout 2 (docs/decisions/0047-lake-upgrade.md). All sinks are stopped. The
/// writes, in this order:
///   1. Remove the record of an upgrade that was stopped before its switch: a sink may have gone on since.
///   2. Copy markers, begins and gaps create-only to their places in layout 2, byte for byte. Then prove it:
///      the old places are listed again, each file is read at both, and there is no copy of anything else.
///   3. Put the record (lake/upgrade_record.h), which says where the chains end.
///   4. Remove `bronze/_lake.json`. This is the switch.
///   5. Put `_pipeline/lake.json`.
///   6. Remove from the old places what is the same at the new ones, and the probe.
/// A stop up to 3 leaves a whole lake of layout 1, since `bronze/_lake.json` decides; behind 4 a whole lake
/// of layout 2, which the record tells until 5 (lake_reader::find_layout). Another run finishes, whatever
/// step the last one came to; each step may be repeated.
///
/// `misconfigured` when there is no lake, or one of both layouts; `bad_input` names what is damaged or
/// differs at the two places; `interrupted` on a stop. Of a lake that has layout 2, with nothing left to
/// remove, nothing is changed.
Result<UpgradeSummary> upgrade(store::ObjectStore& store, const UpgradeOptions& options,
                               const std::stop_token& stop);

}  // namespace sdp::upgrade
