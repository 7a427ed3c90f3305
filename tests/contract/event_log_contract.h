#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "contract/recorder.h"
#include "log/event_log.h"

namespace sdp::log {

/// A topic of an adapter, and what foreigners do to it. One object a test; the topic does not exist yet.
class LogPlace {
 public:
  virtual ~LogPlace() = default;
  virtual EventLog& log() = 0;
  virtual std::string topic() const = 0;

  struct ForeignRecord {
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  };
  virtual void append(Partition partition, const ForeignRecord& record) = 0;
  /// Appends one batch of `count` records that no reader can read, because it is too large.
  virtual void append_unreadable(Partition partition, std::int32_t count) = 0;
  /// Returns when everything appended is in the log.
  virtual void settle() {}
  virtual void delete_below(Partition partition, Offset offset) = 0;
  /// Deletes the topic and creates it again, empty.
  virtual void recreate(const TopicSpec& spec) = 0;
};

struct LogUnderTest {
  std::string name;
  std::function<std::unique_ptr<LogPlace>()> make;
};

inline void PrintTo(const LogUnderTest& log, std::ostream* out) {
  *out << log.name;
}

/// What every EventLog must do, whatever stands behind it. An adapter runs it by
/// INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract, testing::Values(LogUnderTest{...})).
class EventLogContract : public ::testing::TestWithParam<LogUnderTest> {
 protected:
  void SetUp() override;

  void create(Partition partitions);
  /// Appends records "first" ... "first + count - 1" to a partition.
  void fill(Partition partition, int count, int first = 0);
  /// A consumer group of this test alone: others may run on the same broker.
  std::string group(std::string_view name = "group") const {
    return place_->topic() + "-" + std::string(name);
  }
  std::unique_ptr<Consumer> join() { return join(group()); }
  std::unique_ptr<Consumer> join(const std::string& group);
  /// Polls until the recorder holds `count` records; fails the test when that takes too long.
  void poll_until(Consumer& consumer, Recorder& recorder, std::size_t count);
  void poll_until(Consumer& consumer, Recorder& recorder, const std::function<bool()>& done);
  /// Polls for a while in which nothing is expected.
  void poll_idle(Consumer& consumer, Recorder& recorder);
  /// The first error of polling.
  Error poll_error(Consumer& consumer, Recorder& recorder);
  void close(Consumer& consumer, Recorder& recorder);
  Watermarks marks(Partition partition);
  std::vector<Offset> read(Partition partition, Offset from, Offset to);

  std::unique_ptr<LogPlace> place_;
  EventLog* log_ = nullptr;
};

}  // namespace sdp::log
