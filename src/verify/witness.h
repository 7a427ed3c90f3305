#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "log/event_log.h"
#include "verify/witness_file.h"

namespace sdp::verify {

/// Notes every record of a topic in witness files, so that what a log held in memory can still be proved when
/// the log is gone. Continues files that are there. Owned by the consumer's thread.
class WitnessWriter final : public log::ConsumerHandler {
 public:
  WitnessWriter(log::EventLog& log, log::TopicInfo topic, std::filesystem::path root)
      : log_(log), topic_(std::move(topic)), root_(std::move(root)) {}

  Result<std::vector<log::PartitionOffset>> on_assigned(std::span<const log::Partition> partitions) override;
  void on_revoked(std::span<const log::Partition> partitions, bool lost) override;
  Result<void> on_record(const log::RecordView& record) override;
  void on_end(log::Partition partition, log::Offset end) override;

  Result<void> flush();
  /// Writes the end marks. Only for a witness which has seen the log up to its end.
  Result<void> finish();
  /// How far the partition was read: behind the last noted record, or behind offsets without a record that
  /// transactions leave at the end; 0 when nothing of it was ever assigned.
  log::Offset next(log::Partition partition) const;
  std::uint64_t records() const { return records_; }

 private:
  Result<WitnessFile*> file_of(log::Partition partition);

  log::EventLog& log_;
  log::TopicInfo topic_;
  std::filesystem::path root_;
  std::map<log::Partition, std::unique_ptr<WitnessFile>> files_;
  std::map<log::Partition, log::Offset> ends_;  ///< that were come to
  Fingerprinter fingerprinter_;
  std::uint64_t records_ = 0;
};

struct WitnessOptions {
  std::string group = "witness";
  std::size_t records_max = 10'000;
  std::chrono::milliseconds poll_timeout{50};
  /// How long after the stop the rest of the log may take.
  std::chrono::milliseconds drain_timeout{30'000};
};

/// Consumes `log` into witness files below `root` until `stop`, then up to the log's end at that moment, and
/// writes the end marks. Returns the number of records noted. `unavailable` when the rest takes longer than
/// the drain timeout. On `abandon` it ends at once and without end marks, as if the process were killed: who
/// reads the log to its end has failed, and what no object holds dies with the log.
Result<std::uint64_t> run_witness(log::EventLog& log, const std::filesystem::path& root,
                                  const WitnessOptions& options, Clock& clock, std::stop_token stop,
                                  std::stop_token abandon = {});

}  // namespace sdp::verify
