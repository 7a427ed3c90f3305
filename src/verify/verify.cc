#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "verify/check_bronze.h"
#include "verify/check_silver.h"
#include "verify/lake_view.h"
#include "verify/log_view.h"
#include "verify/mart_tables.h"
#include "verify/recount.h"

namespace sdp::verify {
namespace {

/// The tables of a stage that must be there before it can be looked at. Which marts there are, the warehouse
/// says.
struct StageTables {
  Stage stage;
  std::vector<std::string> names;
};

const std::vector<StageTables>& stage_tables() {
  static const std::vector<StageTables> tables{
      {Stage::bronze, {"BRONZE.SPOTIFY_EVENTS", "BRONZE.REJECTED_EVENTS", "BRONZE.LOAD_LEDGER"}},
      {Stage::silver,
       {"TRANSFORM.SPOTIFY_SILVER", "TRANSFORM.SPOTIFY_DUPLICATES", "TRANSFORM.SPOTIFY_REJECTED"}}};
  return tables;
}

class Verification {
 public:
  explicit Verification(const VerifyInputs& inputs) : in_(inputs), findings_(inputs.limits.named_max) {
    report_.allow_pending = inputs.allow_pending;
    report_.strict = inputs.strict;
  }

  Result<Report> run() {
    // The order matters on a living pipeline: what is read later can only be ahead of what was read before.
    SDP_TRY(const LakeListing listing, list_lake(in_.store, findings_));
    SDP_RETURN_IF_ERROR(log());
    SDP_RETURN_IF_ERROR(lake(listing));
    if (in_.warehouse) SDP_RETURN_IF_ERROR(warehouse());
    finish();
    return std::move(report_);
  }

 private:
  Result<void> log() {
    RecordBudget budget(in_.limits.records_max);
    if (!in_.witness_root.empty()) {
      SDP_RETURN_IF_ERROR(read_witnesses(log_, in_.witness_root, in_.limits, budget, findings_));
    }
    if (in_.log) SDP_RETURN_IF_ERROR(read_log(log_, *in_.log, in_.limits, budget));
    StageReport& stage = report_.stage(Stage::log);
    stage.looked_at = in_.log != nullptr || !in_.witness_root.empty();
    stage.records = log_.records();
    stage.groups = static_cast<std::uint64_t>(
        std::ranges::count_if(log_.chains, [](const auto& chain) { return chain.second.records > 0; }));
    return {};
  }

  Result<void> lake(const LakeListing& listing) {
    SDP_RETURN_IF_ERROR(read_lake(lake_, listing, in_.store, log_, in_.limits, findings_));
    StageReport& stage = report_.stage(Stage::lake);
    stage.looked_at = true;
    stage.records = report_.offsets = lake_.records();
    stage.groups = report_.objects = lake_.objects.size();
    for (const auto& [id, chain] : lake_.chains) {
      report_.chains += !chain.objects.empty();
      if (const LogChain* held = log_.find(id)) report_.offsets_against_log += against_log(chain, *held);
    }
    // The log's part of memory is not needed any more.
    log_.chains.clear();
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

  Result<void> warehouse() {
    SDP_TRY(const auto present, present_tables());
    for (const StageTables& tables : stage_tables()) {
      if (!all_present(tables, present)) return {};
      SDP_RETURN_IF_ERROR(look_at(tables.stage));
      report_.stage(tables.stage).looked_at = true;
    }
    return marts(present);
  }

  Result<std::set<std::string>> present_tables() {
    // Whether views stand among the tables differs between warehouses.
    constexpr std::string_view kTables =
        "SELECT upper(table_schema), upper(table_name) FROM information_schema.tables UNION "
        "SELECT upper(table_schema), upper(table_name) FROM information_schema.views";
    SDP_TRY(const warehouse::Table table, in_.warehouse->query(kTables));
    std::set<std::string> present;
    for (const auto& row : table.rows) present.insert(row[0].value_or("") + "." + row[1].value_or(""));
    return present;
  }

  bool all_present(const StageTables& tables, const std::set<std::string>& present) {
    bool all = true;
    for (const std::string& name : tables.names) {
      if (present.contains(name)) continue;
      findings_.pending_item(tables.stage, "table not made yet", name);
      all = false;
    }
    return all;
  }

  Result<void> look_at(Stage stage) { return stage == Stage::bronze ? bronze() : silver(); }

  Result<void> bronze() {
    SDP_TRY(const BronzeCounts counts, check_bronze(lake_, *in_.warehouse, findings_));
    report_.stage(Stage::bronze).records = counts.events + counts.rejected;
    report_.stage(Stage::bronze).groups = counts.objects;
    return {};
  }

  Result<void> silver() {
    SilverCheck view(lake_, in_.store, in_.limits.named_max, findings_);
    SDP_TRY(const SilverCounts counts, view.read(*in_.warehouse));
    recount_.emplace(lake_);
    view.check_fates(*recount_);
    report_.stage(Stage::silver).records = counts.kept + counts.duplicates + counts.rejected;
    report_.stage(Stage::silver).groups = stage_tables()[1].names.size();
    report_.kept = recount_->kept();
    report_.duplicates = recount_->duplicates();
    report_.rejected = recount_->rejected();
    return {};
  }

  Result<void> marts(const std::set<std::string>& present) {
    SDP_TRY(const MartTables marts, read_mart_tables(*in_.warehouse, present, in_.recounts));
    SDP_RETURN_IF_ERROR(check_catalogue(marts, *in_.warehouse, findings_));
    if (marts.present.empty()) return {};
    report_.stage(Stage::marts).looked_at = true;
    if (in_.derived_marts && in_.recounts.empty()) {
      findings_.note("there is no dbt project here to say how marts are counted again (--dbt-project)");
    }
    return check_marts(marts, in_.derived_marts, *recount_, *in_.warehouse, findings_, report_);
  }

  void finish() {
    report_.findings = findings_.all();
    report_.notes = findings_.notes();
    for (const Finding& finding : report_.findings) {
      StageReport& stage = report_.stage(finding.stage);
      (finding.pending ? stage.pending : stage.problems) += finding.total;
    }
  }

  const VerifyInputs& in_;
  Findings findings_;
  Report report_;
  LogView log_;
  LakeView lake_;
  std::optional<Recount> recount_;
};

}  // namespace

Result<Report> verify(const VerifyInputs& inputs) {
  return Verification(inputs).run();
}

}  // namespace sdp::verify
