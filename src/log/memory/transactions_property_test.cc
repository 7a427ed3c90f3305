#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/rng.h"
#include "log/memory/memory_log.h"

// Producers that are random in all they may do to a partition: plain records, transactions that overlap, are
// committed, aborted or left open, control records, batches that cannot be read, elections, truncation and
// retention. A model of a few lines says what readers must be given.

namespace sdp::log {
namespace {

using namespace std::chrono_literals;

constexpr int kSteps = 300;
constexpr TransactionalId kProducers = 4;

enum class State { kept, open, mark, unreadable };

struct Entry {
  State state = State::kept;
  TransactionalId id = 0;
  std::string value{};
  std::optional<LeaderEpoch> epoch{};
  Offset batch_end = 0;  // of one that cannot be read
};

struct Counts {
  std::uint64_t committed = 0, aborted = 0, elections = 0, truncated = 0, held_back = 0, gaps = 0,
                refused = 0, read = 0;
};

std::uint64_t seeds_to_run() {
  const char* many = std::getenv("SDP_TRANSACTION_SEEDS");
  return many == nullptr ? 300 : std::strtoull(many, nullptr, 10);
}

class World final : private ConsumerHandler {
 public:
  World(std::uint64_t seed, Counts& counts)
      : rng_(seed), counts_(counts), log_(options(), clock_, Rng(seed)) {
    EXPECT_TRUE(log_.ensure_topic({.name = "events", .partitions = 1}));
    consumer_ = log_.open_consumer({}).value();
  }

  void run() {
    for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) {
      step();
      if (rng_.chance(0.2)) follow();
    }
    for (TransactionalId id = 0; id < kProducers; ++id) end_transaction(id);
    follow();
    read_all();
    EXPECT_EQ(stable_end(), end());
  }

 private:
  static MemoryLogOptions options() {
    // Chunks of 4 KiB: every run has several.
    return {.topic = "events", .retained_bytes_max = 16 << 20};
  }

  Offset end() const { return static_cast<Offset>(model_.size()); }
  Entry& at(Offset offset) { return model_[static_cast<std::size_t>(offset)]; }

  Offset stable_end() {
    Offset stable = start_;
    while (stable < end() && at(stable).state != State::open) ++stable;
    return stable;
  }

  void step() {
    const double draw = rng_.uniform();
    if (draw < 0.45) {
      append(State::kept);
    } else if (draw < 0.75) {
      append(State::open);
    } else if (draw < 0.90) {
      end_transaction(static_cast<TransactionalId>(rng_.below(kProducers)));
    } else if (draw < 0.92) {
      ASSERT_EQ(log_.append_mark(0), end());
      model_.push_back({.state = State::mark});
    } else if (draw < 0.94) {
      append_unreadable();
    } else if (draw < 0.96) {
      epoch_ = epoch_.value_or(0) + 1;
      ASSERT_EQ(log_.elect(0), *epoch_);
      ++counts_.elections;
    } else if (draw < 0.98) {
      truncate();
    } else {
      delete_below();
    }
    const Watermarks marks = log_.watermarks(0).value();
    ASSERT_EQ(marks.start, start_);
    ASSERT_EQ(marks.end, stable_end());
    if (stable_end() < end()) ++counts_.held_back;
  }

  void append(State state) {
    Entry entry{.state = state,
                .id = static_cast<TransactionalId>(rng_.below(kProducers)),
                .value = fmt::format("{}{}", next_value_++, std::string(rng_.below(200), 'x')),
                .epoch = epoch_};
    const RecordBytes record{clock_.utc_now(), "key", entry.value, {}};
    ASSERT_EQ(state == State::open ? log_.append_open(0, entry.id, record) : log_.append(0, record), end());
    model_.push_back(std::move(entry));
  }

  void append_unreadable() {
    const auto count = static_cast<std::int32_t>(1 + rng_.below(5));
    ASSERT_EQ(log_.append_unreadable(0, count), end());
    const Offset behind = end() + count;
    while (end() < behind) model_.push_back({.state = State::unreadable, .batch_end = behind});
  }

  void end_transaction(TransactionalId id) {
    const bool commit = rng_.chance(0.5);
    bool had_one = false;
    for (Entry& entry : model_) {
      if (entry.state != State::open || entry.id != id) continue;
      entry.state = commit ? State::kept : State::mark;
      had_one = true;
    }
    const auto ended = log_.end_transaction(0, id, commit ? TransactionEnd::commit : TransactionEnd::abort);
    ASSERT_TRUE(ended);
    ASSERT_EQ(*ended, had_one ? std::optional(end()) : std::nullopt);
    if (!had_one) return;
    model_.push_back({.state = State::mark});
    ++(commit ? counts_.committed : counts_.aborted);
  }

  void truncate() {
    Offset cut = start_ + static_cast<Offset>(rng_.below(static_cast<std::uint64_t>(end() - start_) + 1));
    cut = std::max(cut, end() - 20);
    // A replica has a batch or has it not.
    if (cut < end() && at(cut).state == State::unreadable) cut = at(cut).batch_end;
    ASSERT_TRUE(log_.truncate(0, cut));
    model_.resize(static_cast<std::size_t>(cut));
    ++counts_.truncated;
  }

  /// Retention takes nothing of a transaction that is open.
  void delete_below() {
    start_ += static_cast<Offset>(rng_.below(static_cast<std::uint64_t>(stable_end() - start_) + 1));
    ASSERT_TRUE(log_.delete_below(0, start_));
  }

  /// The consumer comes to the end: it is given exactly what stands between its position and that.
  void follow() {
    given_.clear();
    refused_.clear();
    told_end_.reset();
    const Offset from = position_;
    const Offset to = stable_end();
    do {
      unreadable_at_.reset();
      ASSERT_TRUE(consumer_->poll(*this, 100'000, 0ms));
      if (in_gap_) {
        EXPECT_TRUE(from < start_ || from > end());
        in_gap_ = false;
        ++counts_.gaps;
        position_ = start_ + static_cast<Offset>(rng_.below(static_cast<std::uint64_t>(to - start_) + 1));
        ASSERT_TRUE(consumer_->seek({0, position_}));
        return;
      }
      if (unreadable_at_) {
        ASSERT_LT(*unreadable_at_, to);
        ASSERT_EQ(at(*unreadable_at_).state, State::unreadable) << "offset " << *unreadable_at_;
        refused_.emplace_back(*unreadable_at_, at(*unreadable_at_).batch_end);
        ASSERT_TRUE(consumer_->seek({0, refused_.back().second}));
      }
    } while (unreadable_at_);
    expect_given(from, to);
    position_ = std::max(from, to);
    EXPECT_EQ(told_end_.value_or(position_), position_);
  }

  void read_all() {
    given_.clear();
    refused_.clear();
    const auto reader = log_.open_reader().value();
    ASSERT_TRUE(reader->read(
        0, start_, stable_end(), 0ms, [&](const RecordView& record) { return on_record(record); },
        [&](const UnreadableBatch& batch) -> Result<void> {
          refused_.emplace_back(batch.first, batch.end);
          return {};
        }));
    expect_given(start_, stable_end());
  }

  void expect_given(Offset from, Offset to) {
    std::size_t i = 0;
    std::vector<std::pair<Offset, Offset>> refused;
    for (Offset offset = from; offset < to; ++offset) {
      const Entry& entry = at(offset);
      if (entry.state == State::mark) continue;
      if (entry.state == State::unreadable) {
        refused.emplace_back(offset, entry.batch_end);
        offset = entry.batch_end - 1;
        continue;
      }
      ASSERT_LT(i, given_.size()) << "offset " << offset << " was not given";
      ASSERT_EQ(given_[i].first, offset);
      ASSERT_EQ(given_[i].second.value, entry.value);
      ASSERT_EQ(given_[i].second.epoch, entry.epoch);
      ++i;
    }
    ASSERT_EQ(i, given_.size()) << "more was given than there is";
    ASSERT_EQ(refused_, refused);
    counts_.read += i;
    counts_.refused += refused.size();
  }

  Result<std::vector<PartitionOffset>> on_assigned(std::span<const Partition>) override {
    return std::vector<PartitionOffset>{{0, position_}};
  }
  void on_revoked(std::span<const Partition>, bool) override {}
  Result<void> on_record(const RecordView& record) override {
    given_.emplace_back(record.offset,
                        Entry{.value = std::string(*record.value), .epoch = record.leader_epoch});
    return {};
  }
  void on_end(Partition, Offset end) override { told_end_ = end; }
  Result<void> on_gap(Partition, Error error) override {
    EXPECT_EQ(error.kind, ErrorKind::data_gap);
    in_gap_ = true;
    return {};
  }
  Result<void> on_unreadable(Partition, Offset at) override {
    unreadable_at_ = at;
    return {};
  }

  Rng rng_;
  Counts& counts_;
  base::ManualClock clock_{UtcMillis(1'771'176'756'123ms)};
  MemoryLog log_;
  std::unique_ptr<Consumer> consumer_;
  std::vector<Entry> model_;
  Offset start_ = 0;
  std::optional<LeaderEpoch> epoch_;
  int next_value_ = 0;

  Offset position_ = 0;
  bool in_gap_ = false;
  std::optional<Offset> told_end_;
  std::optional<Offset> unreadable_at_;
  std::vector<std::pair<Offset, Offset>> refused_;  // [first, end) of each batch
  std::vector<std::pair<Offset, Entry>> given_;
};

TEST(MemoryLogProperty, ReadersAreGivenWhatIsCommittedWhateverProducersDo) {
  Counts counts;
  const std::uint64_t seeds = seeds_to_run();
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World(seed, counts).run();
    if (testing::Test::HasFailure()) return;
  }
  fmt::print(
      "{} seeds: {} transactions committed, {} aborted, {} elections, {} truncated, {} steps held back, {} "
      "gaps, {} batches refused, {} read\n",
      seeds, counts.committed, counts.aborted, counts.elections, counts.truncated, counts.held_back,
      counts.gaps, counts.refused, counts.read);
  // It really happened; a few seeds may be without some of it.
  if (seeds < 100) return;
  for (const std::uint64_t count : {counts.committed, counts.aborted, counts.elections, counts.truncated})
    EXPECT_GT(count, seeds);
  EXPECT_GT(counts.held_back, 10 * seeds);
  EXPECT_GT(counts.gaps, seeds / 2);
  EXPECT_GT(counts.refused, seeds);
  EXPECT_GT(counts.read, 100 * seeds);
}

}  // namespace
}  // namespace sdp::log
