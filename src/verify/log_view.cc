#include "verify/log_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>

#include "base/parallel.h"
#include "diag/progress.h"
#include "os/posix_file.h"
#include "verify/witness_file.h"

namespace sdp::verify {
namespace {

Result<LogChain> read_partition(log::EventLog& log, log::Partition partition, const VerifyLimits& limits,
                                RecordBudget& budget, diag::Progress& progress) {
  SDP_TRY(const log::Watermarks marks, log.watermarks(partition));
  LogChain chain(marks.start, marks.end);
  if (marks.start >= marks.end) return chain;
  chain.reserve(
      std::min<std::uint64_t>(limits.records_max, static_cast<std::uint64_t>(marks.end - marks.start)));
  SDP_TRY(const auto reader, log.open_reader());
  Fingerprinter fingerprinter;
  std::uint64_t records = 0;
  SDP_RETURN_IF_ERROR(reader->read(
      partition, marks.start, marks.end, limits.log_timeout,
      [&](const log::RecordView& record) -> Result<void> {
        const LogEntry entry{fingerprinter.of(record), record.timestamp.time_since_epoch().count()};
        if (++records % diag::Progress::kToldAtOnce == 0) {
          progress.add(diag::Progress::kToldAtOnce);
          if (auto going_on = limits.go_on(); !going_on) return going_on;
        }
        if (record.leader_epoch) chain.note_epoch(record.offset, *record.leader_epoch);
        return chain.add(record.offset, entry, budget);
      },
      [&](const log::UnreadableBatch& batch) {
        return chain.add_unreadable({batch.first, batch.end}, budget);
      }));
  return chain;
}

/// Reads as far as the file is whole; damage is a finding and what comes before it still counts.
Result<void> read_one_witness(LogView& view, const std::filesystem::path& path, RecordBudget& budget,
                              Findings& findings) {
  view.whole = false;
  std::error_code code;
  if (std::filesystem::file_size(path, code) == 0 && !code) {
    findings.note(fmt::format("{} is empty: its run was killed before it noted anything", path.string()));
    return {};
  }
  std::optional<LogChain> chain;
  bool within_budget = true;
  const auto note = [&](const WitnessHeader& header, std::span<const WitnessRecord> block) -> Result<void> {
    if (!chain) {
      chain.emplace(header.start, header.start);
      chain->reserve(std::min<std::uint64_t>(budget.records_max(),
                                             std::filesystem::file_size(path, code) / sizeof(WitnessRecord)));
    }
    for (const WitnessRecord& record : block) {
      auto added = chain->add(record.offset, {record.fingerprints, record.timestamp_ms}, budget);
      within_budget = added.has_value();
      SDP_RETURN_IF_ERROR(std::move(added));
    }
    return {};
  };
  const auto end = read_witness(path, note);
  if (!within_budget) return std::unexpected(end.error());
  if (!end) {
    findings.item(Stage::log, "damaged witness", end.error().message);
    return {};
  }
  if (witness_path(path.parent_path().parent_path(), end->header.chain) != path) {
    findings.item(Stage::log, "damaged witness",
                  fmt::format("{} holds {}", path.string(), lake::describe(end->header.chain)));
    return {};
  }
  if (!chain) chain.emplace(end->header.start, end->next);
  chain->end = end->next;
  chain->gone = !end->finished;
  if (!end->finished) {
    findings.note(
        fmt::format("the log of {} ended before its witness did (a killed run): its records behind offset {} "
                    "were never noted",
                    lake::describe(end->header.chain), end->next));
  }
  view.chains.insert_or_assign(end->header.chain, *std::move(chain));
  view.whole = true;
  return {};
}

}  // namespace

Result<void> RecordBudget::take(std::uint64_t records) {
  if (taken_.fetch_add(records) + records <= records_max_) return {};
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "there are more than {} offsets to hold in memory: raise --records-max (about 100 bytes each)",
          records_max_));
}

Result<void> LogChain::add(log::Offset offset, const LogEntry& entry, RecordBudget& budget) {
  const auto at = static_cast<std::uint64_t>(offset - start);
  if (at >= entries_.size()) {
    SDP_RETURN_IF_ERROR(budget.take(at + 1 - entries_.size()));
    entries_.resize(at + 1);
  }
  entries_[at] = entry;
  ++records;
  return {};
}

const LogEntry* LogChain::find(log::Offset offset) const {
  const auto at = static_cast<std::uint64_t>(offset - start);
  if (offset < start || at >= entries_.size() || !entries_[at].present()) return nullptr;
  return &entries_[at];
}

Result<void> LogChain::add_unreadable(lake::OffsetRange range, RecordBudget& budget) {
  SDP_RETURN_IF_ERROR(budget.take(1));
  unreadable_.push_back(range);
  ++records;
  return {};
}

std::optional<lake::OffsetRange> LogChain::unreadable_at(log::Offset offset) const {
  const auto at = std::ranges::upper_bound(unreadable_, offset, {}, &lake::OffsetRange::end);
  if (at == unreadable_.end() || at->first > offset) return std::nullopt;
  return *at;
}

void LogChain::note_epoch(log::Offset offset, log::LeaderEpoch epoch) {
  if (epochs_.empty() || epochs_.rbegin()->second != epoch) epochs_.emplace(offset, epoch);
}

std::optional<log::LeaderEpoch> LogChain::epoch_of(log::Offset offset) const {
  const auto behind = epochs_.upper_bound(offset);
  if (behind == epochs_.begin()) return std::nullopt;
  return std::prev(behind)->second;
}

log::Offset LogChain::next_record(log::Offset from) const {
  log::Offset at = std::max(from, start);
  const log::Offset entries_end = start + static_cast<log::Offset>(entries_.size());
  while (at < entries_end && !entries_[static_cast<std::size_t>(at - start)].present()) ++at;
  if (at >= entries_end) at = std::max(at, end);
  // The next batch that cannot be read may lie before.
  const auto batch =
      std::ranges::upper_bound(unreadable_, std::max(from, start), {}, &lake::OffsetRange::end);
  return batch == unreadable_.end() ? at : std::min(at, std::max({batch->first, from, start}));
}

const LogChain* LogView::find(const lake::ChainId& chain) const {
  const auto found = chains.find(chain);
  return found == chains.end() ? nullptr : &found->second;
}

std::uint64_t LogView::records() const {
  std::uint64_t sum = 0;
  for (const auto& [id, chain] : chains) sum += chain.records;
  return sum;
}

Result<void> read_log(LogView& view, log::EventLog& log, const VerifyLimits& limits, RecordBudget& budget) {
  SDP_TRY(const log::TopicInfo topic, log.describe());
  view.living = topic.id;
  std::mutex mutex;
  diag::Progress progress("verify: log", "records", 0);
  return base::in_parallel(limits.threads, static_cast<std::size_t>(topic.partitions),
                           [&](std::size_t index, int) -> Result<void> {
                             const auto partition = static_cast<log::Partition>(index);
                             SDP_TRY(LogChain chain,
                                     read_partition(log, partition, limits, budget, progress));
                             std::lock_guard lock(mutex);
                             view.chains.insert_or_assign({topic.id, partition}, std::move(chain));
                             return {};
                           });
}

Result<void> read_witnesses(LogView& view, const std::filesystem::path& root, const VerifyLimits& limits,
                            RecordBudget& budget, Findings& findings) {
  std::error_code code;
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::recursive_directory_iterator at(root, code), end; !code && at != end;
       at.increment(code)) {
    if (at->path().extension() != ".witness") continue;
    std::error_code unknown;
    // One that cannot be looked at is not passed over: reading it says why.
    if (at->is_regular_file(unknown) || unknown) paths.push_back(at->path());
  }
  // What cannot be listed may have anything in it. Only a folder that is not there has no witness.
  if (code && code != std::errc::no_such_file_or_directory)
    return os::posix_error(code.value(), os::Access::read, "list", root);
  std::ranges::sort(paths);
  std::vector<LogView> parts(paths.size());
  SDP_RETURN_IF_ERROR(base::in_parallel(limits.threads, paths.size(), [&](std::size_t i, int) {
    return read_one_witness(parts[i], paths[i], budget, findings);
  }));
  for (LogView& part : parts) {
    view.chains.merge(part.chains);
    view.whole = view.whole && part.whole;
  }
  return {};
}

}  // namespace sdp::verify
