#pragma once

#include <compare>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"
#include "store/object_store.h"

namespace sdp::sink {

/// What the sink wants to know of a partition.
struct Question {
  log::Partition partition = 0;
  /// Nothing: where the partition's log starts and ends. An offset: how far the lake is behind it.
  std::optional<log::Offset> up_to;

  auto operator<=>(const Question&) const = default;
};

struct Finding {
  /// Where the partition's log starts and ends; when that was the question.
  log::Watermarks available;
  /// How many of the offsets below `up_to` are still to come to the lake (lag_of); when that was the
  /// question.
  log::Offset lag = 0;
};

struct Answer {
  Question question;
  SteadyTime asked_at;
  UtcMillis asked_at_utc;
  Result<Finding> found;
};

/// The questions that wait, each once, and which of them is the next. Partitions whose last question failed
/// come behind all others: their broker may be dead, and each try takes its time. Pure.
class QuestionLine {
 public:
  /// False when it waits already, or is being asked.
  bool add(const Question& question);
  /// The next one, which counts as being asked until it is answered.
  std::optional<Question> take();
  void answered(const Question& question, bool failed);
  bool empty() const { return waiting_.empty(); }

 private:
  std::deque<Question> waiting_;
  std::set<Question> pending_;  ///< waiting or being asked
  std::set<log::Partition> failed_;
};

/// Asks log and lake on a thread of its own, so that a broker that does not answer holds up no partition of
/// another one. Used by one thread.
class LogAsker {
 public:
  /// Log, store and clock outlive this.
  LogAsker(log::EventLog& log, store::ObjectStore& store, lake::Places places, Clock& clock,
           log::TopicId topic_id);
  ~LogAsker();
  LogAsker(const LogAsker&) = delete;
  LogAsker& operator=(const LogAsker&) = delete;

  /// Once at a time: a question that waits is not asked again.
  void ask(const Question& question);
  std::optional<Answer> next_answer() { return answers_.try_pop(); }

 private:
  struct Behind {
    log::Offset chain_end = 0;
    log::Offset offsets = 0;
  };

  void serve(const std::stop_token& stop);
  Result<Finding> find(const Question& question);
  Result<log::Offset> find_lag(log::Partition partition, log::Offset up_to);

  log::EventLog& log_;
  const lake_reader::LakeReader lake_;
  Clock& clock_;
  const log::TopicId topic_id_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  QuestionLine line_;                  // guarded by mutex_
  std::map<Question, Behind> behind_;  // the thread's own: what was found last
  base::BoundedQueue<Answer> answers_{1 << 16};
  std::jthread thread_;
};

}  // namespace sdp::sink
