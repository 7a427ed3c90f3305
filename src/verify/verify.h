#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "log/event_log.h"
#include "mapping/mapping.h"
#include "store/object_store.h"
#include "verify/limits.h"
#include "verify/report.h"
#include "warehouse/warehouse.h"

namespace sdp::verify {

/// Another lake that the warehouse has loaded, and the log that fills it; without one it is proved from the
/// lake on.
struct OtherLake {
  store::ObjectStore* store = nullptr;
  log::EventLog* log = nullptr;
};

/// What to verify, and how strictly. A log is read live (`log`), from witness files (`witness_root`), or not
/// at all: what neither holds is proved from the lake on.
struct VerifyInputs {
  store::ObjectStore& store;
  log::EventLog* log = nullptr;
  std::filesystem::path witness_root{};  ///< `<data>/log`; empty for none
  /// Each is proved by itself up to its rows in bronze; silver and marts are those of all lakes together.
  std::vector<OtherLake> others{};
  warehouse::Warehouse* warehouse = nullptr;  ///< without one, only log and lake are looked at
  /// Later stages may be behind earlier ones: that is reported, but no violation.
  bool allow_pending = false;
  /// Also the marts that are counted again from silver; costs about as much as everything else.
  bool derived_marts = true;
  /// Folder of the recounts that are declared for them (`spotify_dbt/recounts`); empty when there is no dbt
  /// project here, which leaves these marts without recount.
  std::filesystem::path recounts{};
  /// What makes events of the records; nothing where they are events. `misconfigured` when the warehouse was
  /// built by another one.
  const mapping::Mapping* mapping = nullptr;
  /// A mart without recount breaks the proof.
  bool strict = false;
  /// What the marts must hold, as a simulation told it (docs/formats/oracle.md); empty for none.
  std::filesystem::path oracle{};
  VerifyLimits limits{};
};

/// `misconfigured` when the warehouse was built by another mapping than this one, or by one where none is
/// given: nothing of silver can then be told from something that is wrong.
Result<void> check_mapping(warehouse::Warehouse& warehouse, const mapping::Mapping* mapping);

/// Reads everything from the outside and compares sets, record by record and cell by cell. What is wrong with
/// the data is in the report; an error means that something could not be read at all. Simulator and sink may
/// go on. Where a load or a transform commits meanwhile, and something seems to be wrong, all is looked at
/// again; `retry` when that comes to nothing.
Result<Report> verify(const VerifyInputs& inputs);

class Verification;

/// What log and lake hold, looked at before there is a warehouse to compare them with: for who has the time
/// now, and will compare one that holds no more than that.
class EarlyLook {
 public:
  /// `inputs.warehouse` and `inputs.oracle` may come later; all else is as for verify().
  static Result<EarlyLook> take(const VerifyInputs& inputs);

  EarlyLook(EarlyLook&&) noexcept;
  EarlyLook& operator=(EarlyLook&&) noexcept;
  ~EarlyLook();

 private:
  explicit EarlyLook(std::unique_ptr<Verification> verification);
  friend Result<Report> verify(const VerifyInputs& inputs, EarlyLook look);

  std::unique_ptr<Verification> verification_;
};

/// The same with log and lake as `look` found them. Where something seems to be wrong, all is looked at
/// again.
Result<Report> verify(const VerifyInputs& inputs, EarlyLook look);

}  // namespace sdp::verify
