#pragma once

#include <compare>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "lake/line.h"
#include "lake_reader/lake_reader.h"
#include "log/event_log.h"
#include "sink/same_log.h"
#include "store/object_store.h"

namespace sdp::sink {

enum class Ask {
  ends,         ///< where the partition's log starts and ends
  lag,          ///< how far the lake is behind the offset
  last_record,  ///< what the log has at the offset, which is the last one of an object
  listing,      ///< where the chain ends, by a listing of the lake
  unreadable,   ///< how far the batches go that cannot be read at the offset
};

/// What the sink wants to know of a partition.
struct Question {
  log::Partition partition = 0;
  Ask what = Ask::ends;
  log::Offset at = 0;

  auto operator<=>(const Question&) const = default;
};

struct Finding {
  log::Watermarks available;  ///< of Ask::ends
  log::Offset lag = 0;        ///< of Ask::lag: offsets that are still to come to the lake (lag_of)
  std::optional<LastRecord> last_record{};  ///< of Ask::last_record; nothing when the log has none there
  lake_reader::ChainPoint point{};          ///< of Ask::listing
  /// Of Ask::unreadable: the batch at the offset, and those directly behind it; none when it can be read now.
  std::vector<log::UnreadableBatch> unreadable{};
};

struct AskerOptions {
  lake::Compression compression = lake::Compression::none;
  std::size_t value_bytes_max = lake::kValueBytesMaxDefault;
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
  /// Log, the lake's store and clock outlive this.
  LogAsker(log::EventLog& log, lake_reader::LakeReader lake, Clock& clock, log::TopicId topic_id,
           AskerOptions options);
  ~LogAsker();
  LogAsker(const LogAsker&) = delete;
  LogAsker& operator=(const LogAsker&) = delete;

  /// Once at a time: a question that waits is not asked again.
  void ask(const Question& question);
  std::optional<Answer> next_answer();
  /// Whether a question was taken whose answer was not.
  bool works() const { return open_questions_ > 0; }

 private:
  struct Behind {
    log::Offset chain_end = 0;
    log::Offset offsets = 0;
  };
  /// How far a chain was seen to come, and from where on the log had it then.
  struct Seen {
    lake_reader::ChainPoint point;
    log::Offset log_start = 0;
  };

  void serve(const std::stop_token& stop);
  Result<Finding> find(const Question& question);
  Result<log::Offset> find_lag(log::Partition partition, log::Offset up_to);
  Result<log::Offset> chain_end(log::Partition partition, const log::Watermarks& available);
  Result<std::optional<LastRecord>> find_last_record(log::Partition partition, log::Offset at);
  Result<std::vector<log::UnreadableBatch>> find_unreadable(log::Partition partition, log::Offset at);
  Result<lake_reader::ChainPoint> list(log::Partition partition);
  Result<log::Reader*> reader();

  log::EventLog& log_;
  const lake_reader::LakeReader lake_;
  Clock& clock_;
  const log::TopicId topic_id_;
  const AskerOptions options_;
  std::size_t open_questions_ = 0;  // the caller's
  std::mutex mutex_;
  std::condition_variable_any asked_;
  QuestionLine line_;  // guarded by mutex_
  // The thread's own: what was found last, and what it reads the log with.
  std::map<Question, Behind> behind_;
  std::map<log::Partition, Seen> seen_;
  std::unique_ptr<log::Reader> reader_;
  base::BoundedQueue<Answer> answers_{1 << 16};
  std::jthread thread_;
};

}  // namespace sdp::sink
