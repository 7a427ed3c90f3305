#include "sink/log_asker.h"

#include <algorithm>
#include <utility>

#include "lake_reader/lag.h"
#include "lake_reader/lake_reader.h"

namespace sdp::sink {
namespace {

/// For a record of a partition whose end was just answered.
constexpr std::chrono::milliseconds kReadTimeout{10'000};

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

LogAsker::LogAsker(log::EventLog& log, store::ObjectStore& store, lake::Places places, Clock& clock,
                   log::TopicId topic_id)
    : log_(log), lake_(store, places), clock_(clock), topic_id_(topic_id) {
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
  asked_.notify_one();
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
  if (question.up_to) {
    SDP_TRY(finding.lag, find_lag(question.partition, *question.up_to));
  } else {
    SDP_TRY(finding.available, log_.watermarks(question.partition));
  }
  return finding;
}

/// The log below `up_to` does not change, so that a lag changes only with the chain's end.
Result<log::Offset> LogAsker::find_lag(log::Partition partition, log::Offset up_to) {
  const log::Partition partitions[] = {partition};
  SDP_TRY(const auto ends, lake_.chain_ends(topic_id_, partitions));
  const log::Offset chain_end = ends.at(partition);
  const auto known = behind_.find({partition, up_to});
  if (known != behind_.end() && known->second.chain_end == chain_end) return known->second.offsets;
  SDP_TRY(log::Watermarks available, log_.watermarks(partition));
  available.end = up_to;
  SDP_TRY(const log::Offset offsets,
          lake_reader::lag_of(log_, lake_, {topic_id_, partition}, chain_end, available, kReadTimeout));
  behind_[{partition, up_to}] = {chain_end, offsets};
  return offsets;
}

}  // namespace sdp::sink
