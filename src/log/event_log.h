#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "log/record.h"
#include "log/topic.h"

namespace sdp::log {

struct ProducerCounts {
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
};

struct PartitionOffset {
  Partition partition = 0;
  Offset offset = 0;

  auto operator<=>(const PartitionOffset&) const = default;
};

/// Where the log has a record that was sent.
struct Placement {
  bool is_confirmed = false;
  std::optional<PartitionOffset> at;  ///< nothing: what took it has no places
};

/// A record to be sent. The bytes are copied.
struct Outgoing {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  /// Filled in once the log has the record, inside a call of the producer: flush() at the latest. Stays where
  /// it is until then, or until nobody calls the producer again.
  Placement* placement = nullptr;
};

enum class TransactionEnd { commit, abort };

/// Sends records; delivery is confirmed later and counted. Owned by one thread.
class Producer {
 public:
  virtual ~Producer() = default;

  /// Queues one record (partition by key hash, the same key always to the same partition of a topic). Blocks
  /// while the bounded queue is full, up to the adapter's delivery timeout.
  virtual Result<void> send(const Outgoing& record) = 0;
  Result<void> send(std::optional<std::string_view> key, std::optional<std::string_view> value) {
    return send({.key = key, .value = value});
  }
  /// Sends the records as one transaction, behind all that was sent before, and waits for its end. Of one
  /// that is aborted readers are given nothing: its records count neither as acked nor as failed.
  virtual Result<void> send_transaction(std::span<const Outgoing> records, TransactionEnd end) = 0;
  /// Waits until every queued record is acked or failed; `unavailable` when that takes longer than the
  /// timeout.
  virtual Result<void> flush(std::chrono::milliseconds timeout) = 0;
  virtual ProducerCounts counts() const = 0;
  /// Why deliveries failed, first error only; empty when none did.
  virtual std::string first_failure() const = 0;
};

/// What is said of a batch that cannot be read by who cannot do without it.
inline Error unreadable_error(Partition partition, Offset at) {
  return {ErrorKind::bad_input, "partition " + std::to_string(partition) + ": the record batch at offset " +
                                    std::to_string(at) + " cannot be read"};
}

/// `fenced`: the topic with this id is gone, and its name is another one's now.
inline Error created_again_error(const std::string& topic, TopicId id, TopicId now) {
  return {ErrorKind::fenced, "topic " + topic + " was deleted and created again (id " + base::to_string(id) +
                                 " is now " + base::to_string(now) +
                                 "): its offsets mean other records. Start again to read the new one"};
}

/// A moment among what a consumer delivers: what it delivered before.
using DeliveryMark = std::uint64_t;

/// What a consumer tells its owner, on the owner's thread, inside poll().
class ConsumerHandler {
 public:
  virtual ~ConsumerHandler() = default;

  /// These partitions are now ours. Returns where to start each of them (all of them, absolute offsets). May
  /// take as long as the group's max.poll.interval; an error ends poll() with it and nothing is assigned.
  virtual Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition> partitions) = 0;
  /// These partitions are no longer ours; no record of them follows. `lost`: somebody else may already own
  /// them.
  virtual void on_revoked(std::span<const Partition> partitions, bool lost) = 0;
  /// A record of an assigned partition; offsets of one partition ascend (with holes where the log has
  /// offsets without a record: control records, and records of aborted transactions).
  virtual Result<void> on_record(const RecordView& record) = 0;
  /// The partition was read to its end, which was `end` then: every record below it was handed over. Told
  /// once for each end that is come to, and again after a seek, a pause or an assignment. `end` may lie
  /// behind the last record's next offset, since no consumer is given control records.
  virtual void on_end(Partition /*partition*/, Offset /*end*/) {}
  /// The log does not have what a partition's position asks for; `error` is the `data_gap` that poll() would
  /// return. An answer without an error leaves the partition silent until it is moved by seek().
  virtual Result<void> on_gap(Partition /*partition*/, Error error) {
    return std::unexpected(std::move(error));
  }
  /// The batch at the partition's position cannot be read; `at` is the first of its offsets that is not below
  /// the position. A Reader tells how far it goes. An answer without an error leaves the partition silent
  /// until it is moved by seek(); it may be told again until then.
  virtual Result<void> on_unreadable(Partition partition, Offset at) {
    return std::unexpected(unreadable_error(partition, at));
  }
};

/// A member of a consumer group on one topic. Offsets are committed only by commit(). Owned by one thread.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// Answers rebalances and delivers the records at hand, at most `records_max`, waiting up to `timeout` for
  /// the first. Returns the number of records delivered. Errors: `data_gap` (offset out of range: the
  /// log no longer has what was asked for), `fenced`, `unauthorized`, `retry` (broker down; poll again),
  /// `misconfigured`, `fatal`.
  virtual Result<std::size_t> poll(ConsumerHandler& handler, std::size_t records_max,
                                   std::chrono::milliseconds timeout) = 0;
  /// Continue `position.partition` at `position.offset`; records fetched before this call are dropped. Who
  /// goes back also drops what was delivered before: confirm() tells of what comes now.
  virtual Result<void> seek(PartitionOffset position) = 0;
  /// Stop and resume delivery of a partition; membership is kept. Idempotent.
  virtual Result<void> pause(Partition partition) = 0;
  virtual Result<void> resume(Partition partition) = 0;
  /// Stores group offsets (next offset to read), for lag tools only. Asynchronous; failures are not errors
  /// here.
  virtual Result<void> commit(std::span<const PartitionOffset> positions) = 0;
  /// Where an assigned partition ends, as its broker said last; nothing is asked. Nothing while no broker has
  /// said it.
  virtual std::optional<Offset> known_end(Partition /*partition*/) const { return std::nullopt; }
  /// Now, among what is delivered.
  virtual DeliveryMark delivery_mark() const = 0;
  /// Whether all that was delivered of the partition up to the mark is known to be of the topic that this was
  /// opened on. Where the log has topics by name, records of one that was created again may be delivered as
  /// if they were the old one's. False: it is asked for, and a later call tells; never waits. What is not
  /// answered stays false. `fenced` when the topic was created again.
  virtual Result<bool> confirm(Partition partition, DeliveryMark mark) = 0;
  /// Leaves the group. The handler is told of the revocations before it returns.
  virtual Result<void> close(ConsumerHandler& handler) = 0;
};

/// Reads ranges without a group: what verify and tools use. Owned by one thread.
class Reader {
 public:
  virtual ~Reader() = default;

  using Visit = std::function<Result<void>(const RecordView&)>;
  using VisitUnreadable = std::function<Result<void>(const UnreadableBatch&)>;

  /// read() for who cannot do without any batch: `bad_input` at the first one that cannot be read.
  Result<void> read_all(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                        const Visit& visit) {
    return read(partition, from, to, timeout, visit, [](const UnreadableBatch& batch) -> Result<void> {
      return std::unexpected(unreadable_error(batch.partition, batch.first));
    });
  }

  /// Delivers every record of [from, to) of a partition to `visit`, and every batch that cannot be read to
  /// `unreadable`, in offset order, waiting at most `timeout` between them. Such a batch is told from `from`,
  /// or from its first record on, to its end, which may lie behind `to`. `data_gap` when the log no longer
  /// has `from`.
  virtual Result<void> read(Partition partition, Offset from, Offset to, std::chrono::milliseconds timeout,
                            const Visit& visit, const VisitUnreadable& unreadable) = 0;
  /// The first record of [from, to), or the first offset of a batch that cannot be read; nothing when the
  /// range holds control records and records of aborted transactions only. `to` is at most the partition's
  /// end. Errors as of read().
  virtual Result<std::optional<RecordStamp>> first_record(Partition partition, Offset from, Offset to,
                                                          std::chrono::milliseconds timeout) = 0;
};

struct ConsumerOptions {
  std::string group = "spotify-sink";
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds max_poll_interval{300'000};
  /// The topic that is meant; `fenced` where its name is another one's now. Nothing: whichever has the name.
  std::optional<TopicId> topic_id{};
};

/// One topic of a log. Safe to use from several threads; what it opens is owned by one thread each.
class EventLog {
 public:
  virtual ~EventLog() = default;

  /// The topic's name, whether it exists or not.
  virtual const std::string& topic_name() const = 0;
  /// Creates the topic when it is missing (LogAppendTime, delete retention). True when it was created.
  virtual Result<bool> ensure_topic(const TopicSpec& spec) = 0;
  /// `bad_input` names the topic when it does not exist.
  virtual Result<TopicInfo> describe() = 0;
  virtual Result<Watermarks> watermarks(Partition partition) = 0;
  /// What the group has committed, per partition; nothing where it has no commit.
  virtual Result<std::vector<std::optional<Offset>>> committed(std::string_view group) = 0;
  /// How many members the group has now, on whatever topic.
  virtual Result<std::size_t> members(std::string_view group) = 0;

  virtual Result<std::unique_ptr<Producer>> open_producer() = 0;
  virtual Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options) = 0;
  virtual Result<std::unique_ptr<Reader>> open_reader() = 0;
};

}  // namespace sdp::log
