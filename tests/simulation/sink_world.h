#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "lake/object_meta.h"
#include "log/topic_watch.h"
#include "sink/sink_rules.h"
#include "sink/sink_state.h"
#include "store/object_store.h"

namespace sdp::simulation {

/// A defect put into the executor of commands on purpose, to see that the audit finds it.
enum class Mutation {
  none,
  plain_put,
  commit_before_upload,
  second_resolution_key,
  keep_batch_after_conflict,
  silence_is_the_end,
  hours_by_the_clock_only,
  upload_without_asking,
  believe_older_answers
};

struct WorldOptions {
  std::uint64_t seed = 0;
  int partitions = 3;
  int sinks = 3;
  int steps = 1'500;
  /// How likely the topic is deleted and created again at a step.
  double created_again = 0;
  Mutation mutation = Mutation::none;
};

/// A log, a bucket and several sinks in one thread, where a seeded scheduler decides what happens next.
///
/// Fault model: any sink may crash between any two steps, losing its memory, while its puts already on the
/// way may still arrive, now or much later; an answer to a put may be lost after the put took effect; two or
/// more sinks may believe that they own a partition (a zombie and its successor); records reach a sink in
/// runs of any length; the broker's clock ascends with an occasional step back of more than an hour; records
/// come one by one or in transactions, which leave offsets without a record: a marker behind each, and the
/// records of those that were aborted, at the log's end too; some batches cannot be read; the log is out of
/// reach for a while, at times for longer than a sink waits. The log and the bucket themselves do not lose or
/// change what they acknowledged. The topic may be deleted and created again: a sink is given the new one's
/// records at the positions that it had in the old one, and is told so only when it asks; the answer is of
/// the moment of the question, and may take long. All that is expected of an old topic is a part from its
/// begin.
///
/// The rules about time that the loop asks are in the simulation as well: an outage that lasts too long ends
/// a sink, the healed sink stops when it is caught up, while puts of dead sinks still arrive, and each sink
/// asks for the hours that an object proves to be over, which are closed at once from what is in the bucket.
/// The last hour of each partition is closed by the clock when the healed sink has come to the log's end.
class World {
 public:
  explicit World(const WorldOptions& options);

  /// Runs the steps, then heals: every sink crashes, one new sink takes everything while puts on the way
  /// still arrive, and stops when it is caught up.
  void run();

  /// What the audit found wrong; empty when all is well. At most 20 entries.
  const std::vector<std::string>& violations() const { return violations_; }

  struct Counts {
    std::uint64_t crashes = 0, conflicts = 0, lost_answers = 0, late_puts = 0, objects = 0, records = 0,
                  shared = 0, outages = 0, given_up = 0, hours = 0, committed = 0, aborted = 0, bare_ends = 0,
                  unreadable = 0, lives = 0, mixed = 0, told = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  static constexpr std::chrono::milliseconds kOutageMax{1'000};
  static constexpr sink::SinkTimers kTimers{};

  struct ModelRecord {
    log::Offset offset;
    UtcMillis timestamp;
    std::string value;
    /// Behind the last offset, of a batch that cannot be read.
    std::optional<log::Offset> end{};

    log::UnreadableBatch batch(log::Partition partition) const {
      return {partition, offset, *end, log::BatchFault::undecodable};
    }
    log::Offset next() const { return end.value_or(offset + 1); }
  };
  /// One topic of those that had the name.
  struct Life {
    log::TopicId id;
    std::vector<std::vector<ModelRecord>> log;
    std::vector<log::Offset> log_end;
  };
  struct Unconfirmed {
    sink::Batch batch;
    log::TopicWatch::Moment mark = 0;
  };
  struct Sink {
    std::uint64_t incarnation = 0;
    std::optional<sink::SinkState> state;
    std::size_t life = 0;  ///< the topic that it was started on
    log::TopicWatch watch;
    std::map<log::Partition, Unconfirmed> unconfirmed;
    sink::OutageClock outage{kOutageMax};
    sink::HourSchedule hours{kTimers, std::chrono::minutes(1)};
    std::map<log::Partition, log::Offset> read_at;
    std::set<log::Partition> paused;
  };
  /// A question for the topic's id under way. The broker answers by what it knows when it is asked.
  struct PendingAnswer {
    std::size_t sink;
    std::uint64_t incarnation;
    std::size_t life;
  };
  struct PendingPut {
    std::size_t sink;
    std::uint64_t incarnation;
    sink::Batch batch;
  };

  void step();
  void create_again();
  void upload_confirmed(std::size_t index);
  void ask(std::size_t index);
  void answer(std::size_t index);
  void append_to_log();
  void append_record(std::size_t partition);
  void assign(Sink& sink, log::Partition partition);
  void crash(Sink& sink);
  /// How many records of one partition the sink was given.
  std::uint64_t deliver(Sink& sink);
  /// Whether the log answers; a sink that waited for it for too long ends.
  bool log_answers(Sink& sink);
  void close_hours(const lake::ChainId& chain, lake::Hour through);
  void execute(std::size_t index);
  void arrive(std::size_t put);
  void heal();
  /// Whether the healed sink may stop.
  bool is_caught_up(const sink::CaughtUpRule& rule, Sink& sink, bool silent) const;
  /// By the clock, as at the end of a partition that is idle.
  void close_last_hours(const Sink& sink);
  void note(std::string violation);
  lake::ChainId chain_of(const Sink& sink, log::Partition partition) const {
    return {lives_[sink.life].id, partition};
  }
  const std::vector<ModelRecord>& records_of(const lake::ChainId& chain) const;
  log::Offset durable_end(const lake::ChainId& chain);
  /// A place in seen_.
  struct Object {
    const std::string& key;
    const lake::ObjectMeta& meta;
  };
  std::vector<Object> objects_of(const lake::ChainId& chain);
  void audit_commit(const Sink& sink, log::PartitionOffset next);
  void audit_chain(const lake::ChainId& chain, bool whole);
  void audit_hours(const lake::ChainId& chain);
  std::string key_for(const sink::Batch& batch) const;

  const WorldOptions options_;
  Rng rng_;
  UtcMillis broker_clock_;
  SteadyTime now_;
  std::vector<Life> lives_;
  SteadyTime log_is_back_at_;
  /// The markers of each partition, as their create-only puts left them.
  std::map<lake::ChainId, std::vector<lake::HourMarker>> markers_;
  std::unique_ptr<store::ObjectStore> store_;
  /// What the objects' metadata say; nothing for those that are not lines.
  std::map<store::ListedObject, std::optional<lake::ObjectMeta>> seen_;
  std::vector<Sink> sinks_;
  std::vector<PendingPut> pending_;
  std::vector<PendingAnswer> answers_;
  std::vector<std::string> violations_;
  Counts counts_;
};

}  // namespace sdp::simulation
