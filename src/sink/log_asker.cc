#include "sink/log_asker.h"

#include <algorithm>
#include <utility>

#include "diag/log.h"
#include "lake_reader/chain_walk.h"
#include "lake_reader/lag.h"
#include "lake_reader/lake_reader.h"

namespace sdp::sink {
namespace {

/// For a record of a partition whose end was just answered.
constexpr std::chrono::milliseconds kReadTimeout{10'000};
constexpr std::size_t kUnreadableMax = 32;

}  // namespace

bool QuestionLine::add(const Question& question) {
  if (!pending_.insert(question).second) return false;
  waiting_.push_back(question);
  return true;
}

std::optional<Question> QuestionLine::take() {
  auto next = std::ranges::find_if(
      waiting_, [&](const Question& question) { return !failed_.contains(question.partition); });
  if (next == waiting_.end()) next = waiting_.begin();
  if (next == waiting_.end()) return std::nullopt;
  const Question question = *next;
  waiting_.erase(next);
  return question;
}

void QuestionLine::answered(const Question& question, bool failed) {
  pending_.erase(question);
  if (failed) {
    failed_.insert(question.partition);
  } else {
    failed_.erase(question.partition);
  }
}

LogAsker::LogAsker(log::EventLog& log, lake_reader::LakeReader lake, Clock& clock, log::TopicId topic_id,
                   AskerOptions options)
    : log_(log), lake_(std::move(lake)), clock_(clock), topic_id_(topic_id), options_(options) {
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

LogAsker::~LogAsker() {
  thread_.request_stop();
  answers_.close();
}

void LogAsker::ask(const Question& question) {
  {
    std::lock_guard lock(mutex_);
    if (!line_.add(question)) return;
  }
  ++open_questions_;
  asked_.notify_one();
}

std::optional<Answer> LogAsker::next_answer() {
  auto answer = answers_.try_pop();
  if (answer) --open_questions_;
  return answer;
}

void LogAsker::serve(const std::stop_token& stop) {
  for (;;) {
    std::optional<Question> question;
    {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, stop, [this] { return !line_.empty(); });
      if (stop.stop_requested()) return;
      question = line_.take();
    }
    if (!question) continue;
    Answer answer{*question, clock_.steady_now(), clock_.utc_now(), Finding{}};
    answer.found = find(*question);
    {
      std::lock_guard lock(mutex_);
      line_.answered(*question, !answer.found);
    }
    answers_.push(std::move(answer));
  }
}

Result<Finding> LogAsker::find(const Question& question) {
  Finding finding;
  switch (question.what) {
    case Ask::ends: {
      SDP_TRY(finding.available, log_.watermarks(question.partition));
      break;
    }
    case Ask::lag: {
      SDP_TRY(finding.lag, find_lag(question.partition, question.at));
      break;
    }
    case Ask::last_record: {
      SDP_TRY(finding.last_record, find_last_record(question.partition, question.at));
      break;
    }
    case Ask::unreadable: {
      SDP_TRY(finding.unreadable, find_unreadable(question.partition, question.at));
      break;
    }
    case Ask::listing: {
      SDP_TRY(finding.point, list(question.partition));
      break;
    }
  }
  return finding;
}

/// One for all partitions; another one after an error.
Result<log::Reader*> LogAsker::reader() {
  if (!reader_) {
    SDP_TRY(reader_, log_.open_reader());
  }
  return reader_.get();
}

/// The log below `up_to` does not change, so that a lag changes only with the chain's end.
Result<log::Offset> LogAsker::find_lag(log::Partition partition, log::Offset up_to) {
  SDP_TRY(log::Watermarks available, log_.watermarks(partition));
  available.end = up_to;
  SDP_TRY(const log::Offset end, chain_end(partition, available));
  const auto known = behind_.find({partition, Ask::lag, up_to});
  if (known != behind_.end() && known->second.chain_end == end) return known->second.offsets;
  SDP_TRY(const log::Offset offsets,
          lake_reader::lag_of(log_, lake_, {topic_id_, partition}, end, available, kReadTimeout));
  behind_[{partition, Ask::lag, up_to}] = {end, offsets};
  return offsets;
}

/// Of a chain that somebody else writes: from where it was seen last, or from its hint when that is further.
Result<log::Offset> LogAsker::chain_end(log::Partition partition, const log::Watermarks& available) {
  const lake::ChainId chain{topic_id_, partition};
  const log::Partition partitions[] = {partition};
  auto seen = seen_.find(partition);
  if (seen == seen_.end()) {
    SDP_TRY(auto points, lake_.chain_points(topic_id_, partitions));
    seen = seen_.emplace(partition, Seen{std::move(points.at(partition)), -1}).first;
  } else {
    SDP_TRY(auto hinted, lake_.hinted_point(chain));
    if (hinted && hinted->end > seen->second.point.end) seen->second.point = *std::move(hinted);
  }
  auto& [point, log_start] = seen->second;
  // A listing was taken already when the log began here; what is written since begins where the log does.
  if (point.end < available.start && log_start == available.start) return point.end;
  SDP_TRY(log::Reader* const log, reader());
  auto end =
      lake_reader::walk_to_end(*log, lake_, chain, options_.compression, point, available, kReadTimeout);
  if (!end) {
    reader_.reset();
    return std::unexpected(std::move(end).error());
  }
  point = *std::move(end);
  log_start = available.start;
  return point.end;
}

Result<std::optional<LastRecord>> LogAsker::find_last_record(log::Partition partition, log::Offset at) {
  SDP_TRY(log::Reader* const log, reader());
  std::optional<LastRecord> found;
  const auto read = log->read(
      partition, at, at + 1, kReadTimeout,
      [&](const log::RecordView& record) -> Result<void> {
        found = last_record_of(record, options_.value_bytes_max);
        return {};
      },
      [&](const log::UnreadableBatch&) -> Result<void> {
        found = LastRecord{.is_unreadable = true};
        return {};
      });
  if (!read) {
    reader_.reset();
    return std::unexpected(read.error());
  }
  return found;
}

/// Thousands may follow each other, and each answer is a turn of the sink: so many come at once.
Result<std::vector<log::UnreadableBatch>> LogAsker::find_unreadable(log::Partition partition,
                                                                    log::Offset at) {
  SDP_TRY(const log::Watermarks available, log_.watermarks(partition));
  SDP_TRY(log::Reader* const log, reader());
  std::vector<log::UnreadableBatch> found;
  bool enough = false;
  const auto stop = [&]() -> Result<void> {
    enough = true;
    return fail(ErrorKind::interrupted, "enough");
  };
  const auto read = log->read(
      partition, at, available.end, kReadTimeout, [&](const log::RecordView&) { return stop(); },
      [&](const log::UnreadableBatch& batch) -> Result<void> {
        found.push_back(batch);
        return found.size() < kUnreadableMax ? Result<void>() : stop();
      });
  if (!read && !enough) {
    reader_.reset();
    return std::unexpected(read.error());
  }
  return found;
}

Result<lake_reader::ChainPoint> LogAsker::list(log::Partition partition) {
  const log::Partition partitions[] = {partition};
  const auto progress = [&](std::uint64_t listed) {
    diag::log_event("sink.lake.listing", {{"topic", log_.topic_name()}, {"objects", listed}});
  };
  SDP_TRY(auto points, lake_.listed_points(topic_id_, partitions, progress));
  return std::move(points.at(partition));
}

}  // namespace sdp::sink
