#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "diag/log.h"
#include "verify/changes.h"
#include "verify/check_batches.h"
#include "verify/check_bronze.h"
#include "verify/check_marts.h"
#include "verify/check_oracle.h"
#include "verify/check_silver.h"
#include "verify/lake_view.h"
#include "verify/log_view.h"
#include "verify/mart_tables.h"
#include "verify/open_batch.h"
#include "verify/proof_list.h"
#include "verify/recount.h"
#include "verify/tables.h"
#include "verify/warehouse_shape.h"

namespace sdp::verify {
namespace {

constexpr std::array<std::string_view, 3> kSilverTables{kSilver, kDuplicates, kRejected};

/// Each reads all of log, lake and warehouse.
constexpr int kLooksMax = 3;

}  // namespace

class Verification {
 public:
  explicit Verification(const VerifyInputs& inputs)
      : in_(inputs),
        findings_(inputs.limits.named_max),
        records_of_logs_(inputs.limits.records_max),
        records_of_lakes_(inputs.limits.records_max) {
    report_.allow_pending = inputs.allow_pending;
    report_.strict = inputs.strict;
  }

  Result<void> look_at_lakes() {
    SDP_RETURN_IF_ERROR(look_at({.store = &in_.store, .log = in_.log}, in_.witness_root));
    for (const OtherLake& other : in_.others) SDP_RETURN_IF_ERROR(look_at(other, {}));
    return {};
  }

  /// Once, behind look_at_lakes().
  Result<Report> compare(const VerifyInputs& inputs) {
    in_.warehouse = inputs.warehouse;
    in_.oracle = inputs.oracle;
    if (in_.warehouse) SDP_RETURN_IF_ERROR(warehouse());
    finish();
    return std::move(report_);
  }

 private:
  Result<void> look_at(const OtherLake& source, const std::filesystem::path& witness_root) {
    // The order matters on a living pipeline: what is read later can only be ahead of what was read before.
    SDP_TRY(const LakeListing listing, list_lake(*source.store, findings_));
    LogView log;
    SDP_RETURN_IF_ERROR(read(log, source, witness_root));
    LakeView lake;
    SDP_RETURN_IF_ERROR(
        read_lake(lake, listing, *source.store, log, in_.mapping, in_.limits, records_of_lakes_, findings_));
    for (const auto& [id, chain] : lake.chains) {
      report_.chains += !chain.objects.empty();
      if (const LogChain* held = log.find(id)) report_.offsets_against_log += against_log(chain, *held);
    }
    SDP_RETURN_IF_ERROR(lake_.join(std::move(lake)));
    StageReport& stage = report_.stage(Stage::lake);
    stage.looked_at = true;
    stage.records = report_.offsets = lake_.records();
    stage.groups = report_.objects = lake_.objects.size();
    report_.exceptions = lake_.exceptions;
    return {};
  }

  /// The log's part of memory is not needed any more once its lake is compared.
  Result<void> read(LogView& log, const OtherLake& source, const std::filesystem::path& witness_root) {
    if (!witness_root.empty())
      SDP_RETURN_IF_ERROR(read_witnesses(log, witness_root, in_.limits, records_of_logs_, findings_));
    if (source.log) SDP_RETURN_IF_ERROR(read_log(log, *source.log, in_.limits, records_of_logs_));
    StageReport& stage = report_.stage(Stage::log);
    stage.looked_at = stage.looked_at || source.log != nullptr || !witness_root.empty();
    stage.records += log.records();
    stage.groups += static_cast<std::uint64_t>(
        std::ranges::count_if(log.chains, [](const auto& chain) { return chain.second.records > 0; }));
    return {};
  }

  static std::uint64_t against_log(const LakeChain& chain, const LogChain& held) {
    std::uint64_t sum = 0;
    for (const LakeObject* object : chain.objects) {
      const auto& range = object->meta.range;
      if (range.first >= held.start && range.end <= held.end) {
        sum += object->lines.size();
      } else {
        sum += static_cast<std::uint64_t>(std::ranges::count_if(object->lines, [&](const LineFact& line) {
          return held.find(object->offset_of(line)) != nullptr;
        }));
      }
    }
    return sum;
  }

  /// What is wrong with one table never keeps the others from being looked at: only a stage of which nothing
  /// is there yet, and what is counted from it, are left out.
  Result<void> warehouse() {
    SDP_TRY(shape_, read_shape(*in_.warehouse));
    SDP_TRY(const ClosedParts parts, read_parts(*in_.warehouse, shape_, findings_));
    SDP_TRY(const Recounts recounts, read_recounts_by_table(in_.recounts));
    report_.proof = proof_list(recounts);
    SDP_RETURN_IF_ERROR(check_shape(shape_, report_.proof, parts, *in_.warehouse, findings_));
    if (!in_.derived_marts) {
      for (ProofLine& line : report_.proof) {
        if (!recounts.contains(line.place) || !line.proved) continue;
        line.proved = line.looked_at = false;
        line.by = "not looked at by this run of verify";
      }
    }
    if (any_of(kBronzeTables)) SDP_RETURN_IF_ERROR(bronze());
    if (any_of(kBronzeTables) && any_of(kSilverTables)) SDP_RETURN_IF_ERROR(silver(parts));
    SDP_RETURN_IF_ERROR(marts(parts, recounts));
    return in_.oracle.empty() ? Result<void>() : oracle(parts, recounts);
  }

  Result<void> oracle(const ClosedParts& parts, const Recounts& recounts) {
    std::set<std::string> marts(kCountedFromLake.begin(), kCountedFromLake.end());
    for (const auto& [mart, rows] : parts.marts) marts.insert(mart);
    for (const auto& [table, recount] : recounts) {
      if (table.starts_with("MART.")) marts.insert(table);
    }
    SDP_TRY(report_.oracle, check_oracle(in_.oracle, marts, shape_, *in_.warehouse, findings_));
    return {};
  }

  bool any_of(std::span<const std::string_view> tables) const {
    return std::ranges::any_of(tables, [&](std::string_view table) { return shape_.has(table); });
  }

  Result<void> bronze() {
    SDP_TRY(const BronzeCounts counts,
            check_bronze(lake_, shape_, *in_.warehouse, in_.limits.threads, findings_));
    report_.stage(Stage::bronze).looked_at = true;
    report_.stage(Stage::bronze).records = counts.events + counts.rejected;
    report_.stage(Stage::bronze).groups = counts.objects;
    return {};
  }

  Result<void> silver(const ClosedParts& parts) {
    SDP_RETURN_IF_ERROR(check_batch_ledger(lake_, shape_, parts, *in_.warehouse, findings_));
    SilverCheck view(lake_, in_.mapping, parts, in_.limits, findings_);
    SDP_TRY(const SilverCounts counts, view.read(*in_.warehouse, shape_));
    check_batches_are_closed(lake_, shape_, findings_);
    recount_.emplace(lake_);
    std::optional<Recount> before;
    if (parts.open && shape_.usable(kTransformLedger))
      before.emplace(lake_, [](const LakeObject& object) { return object.in_batch; }, kDuplicateBefore);
    view.check_fates(*recount_, before ? &*before : nullptr);
    report_.stage(Stage::silver).looked_at = true;
    report_.stage(Stage::silver).records = counts.kept + counts.duplicates + counts.rejected;
    report_.stage(Stage::silver).groups = kSilverTables.size();
    report_.kept = recount_->kept();
    report_.duplicates = recount_->duplicates();
    report_.rejected = recount_->rejected();
    report_.faults = recount_->faults();
    return {};
  }

  Result<void> marts(const ClosedParts& parts, const Recounts& recounts) {
    const bool any = std::ranges::any_of(shape_.tables,
                                         [](const auto& table) { return table.first.starts_with("MART."); });
    // Before the first transform there is nothing to miss.
    if (!recount_ && !any && !parts.closed()) return {};
    SDP_RETURN_IF_ERROR(check_catalogue(shape_, parts, recounts, *in_.warehouse, findings_));
    if (!any || !recount_) return {};
    report_.stage(Stage::marts).looked_at = true;
    if (in_.derived_marts && in_.recounts.empty()) {
      findings_.note("there is no dbt project here to say how marts are counted again (--dbt-project)");
    }
    auto states = OpenBatch::states(lake_, shape_, parts, *in_.warehouse);
    if (!states.empty()) {
      SDP_TRY(const auto wrong, SilverCheck::with_wrong_hidden_rows(lake_, *in_.warehouse));
      std::erase_if(states, [&](const OpenBatch::State& state) {
        return std::ranges::any_of(
            wrong, [&](const LakeObject* object) { return object == nullptr || state.has(*object); });
      });
    }
    return check_marts(shape_, recounts, in_.derived_marts, *recount_, lake_, states, *in_.warehouse,
                       findings_, report_);
  }

  void finish() {
    report_.findings = findings_.all();
    report_.notes = findings_.notes();
    for (const Finding& finding : report_.findings) {
      StageReport& stage = report_.stage(finding.stage);
      (finding.pending ? stage.pending : stage.problems) += finding.total;
    }
  }

  VerifyInputs in_;
  Findings findings_;
  Report report_;
  RecordBudget records_of_logs_;
  RecordBudget records_of_lakes_;
  LakeView lake_;  ///< all lakes
  WarehouseShape shape_;
  std::optional<Recount> recount_;
};

namespace {

std::string shown_mapping(const std::string& digest) {
  return digest.empty() ? "without a mapping" : fmt::format("by the mapping {:.12}", digest);
}

Result<Report> look_at_all(const VerifyInputs& inputs) {
  Verification verification(inputs);
  SDP_RETURN_IF_ERROR(verification.look_at_lakes());
  return verification.compare(inputs);
}

bool is_sound(const Report& report) {
  return std::ranges::none_of(report.stages, [](const StageReport& stage) { return stage.problems > 0; });
}

}  // namespace

Result<void> check_mapping(warehouse::Warehouse& warehouse, const mapping::Mapping* mapping) {
  Findings none(0);
  SDP_TRY(const WarehouseShape shape, read_shape(warehouse));
  SDP_TRY(const ClosedParts parts, read_parts(warehouse, shape, none));
  const std::string ours = mapping ? mapping::digest(*mapping) : "";
  if (!parts.closed() || parts.mapping == ours) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format("{} was built {}, but this command runs {}. Run it with the mapping that the warehouse was "
                  "built by (--mapping), or build the warehouse again by `spotify-pipeline transform "
                  "--full-refresh`",
                  warehouse.describe(), shown_mapping(parts.mapping), shown_mapping(ours)));
}

EarlyLook::EarlyLook(std::unique_ptr<Verification> verification) : verification_(std::move(verification)) {}
EarlyLook::EarlyLook(EarlyLook&&) noexcept = default;
EarlyLook& EarlyLook::operator=(EarlyLook&&) noexcept = default;
EarlyLook::~EarlyLook() = default;

Result<EarlyLook> EarlyLook::take(const VerifyInputs& inputs) {
  auto verification = std::make_unique<Verification>(inputs);
  SDP_RETURN_IF_ERROR(verification->look_at_lakes());
  return EarlyLook(std::move(verification));
}

Result<Report> verify(const VerifyInputs& inputs, EarlyLook look) {
  SDP_RETURN_IF_ERROR(check_mapping(*inputs.warehouse, inputs.mapping));
  SDP_TRY(Report report, look.verification_->compare(inputs));
  if (is_sound(report)) return report;
  // What is wrong may only be what has come since.
  look.verification_.reset();
  return verify(inputs);
}

Result<Report> verify(const VerifyInputs& inputs) {
  if (!inputs.warehouse) return look_at_all(inputs);
  for (int look = 1; look <= kLooksMax; ++look) {
    SDP_RETURN_IF_ERROR(check_mapping(*inputs.warehouse, inputs.mapping));
    SDP_TRY(const std::string before, read_marks(*inputs.warehouse));
    SDP_TRY(Report report, look_at_all(inputs));
    if (is_sound(report)) return report;
    // What is wrong may only be what was written while it was looked at.
    SDP_TRY(const std::string after, read_marks(*inputs.warehouse));
    if (after == before) return report;
    diag::log_event("verify.changed_meanwhile", {{"look", look}});
  }
  return fail(
      ErrorKind::retry,
      fmt::format("{}: a load or a transform has committed while verify looked, at each of {} looks, and "
                  "not everything fitted together; run verify when neither works",
                  inputs.warehouse->describe(), kLooksMax));
}

}  // namespace sdp::verify
