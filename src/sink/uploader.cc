#include "sink/uploader.h"

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "lake_reader/find_places.h"

namespace sdp::sink {
namespace {

struct Attempt {
  CommitOutcome outcome;
  lake::ObjectMeta meta;
  std::size_t body_bytes = 0;
};

Result<Attempt> compress_and_commit(store::ObjectStore& store, const UploaderOptions& options,
                                    std::string_view key, const Batch& batch) {
  std::string compressed;
  std::string_view body = batch.lines;
  if (options.compression != lake::Compression::none) {
    SDP_TRY(compressed, lake::compress(options.compression, batch.lines));
    body = compressed;
  }
  lake::ObjectMeta meta = meta_of(batch, options.topic, options.places);
  meta.sha256 = base::sha256_hex(body);
  meta.writer = options.writer;
  SDP_TRY(CommitOutcome outcome, commit_object(store, key, body, meta));
  return Attempt{std::move(outcome), std::move(meta), body.size()};
}

}  // namespace

Uploader::Uploader(store::ObjectStore& store, Clock& clock, UploaderOptions options)
    : store_(store), clock_(clock), options_(std::move(options)) {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] {
      while (auto work = work_.pop()) results_.push(upload(*std::move(work)));
    });
  }
}

Uploader::~Uploader() {
  // What was not begun is dropped: it is still in the log.
  while (work_.try_pop()) continue;
  work_.close();
  results_.close();
}

void Uploader::start(Batch batch) {
  const SteadyTime now = clock_.steady_now();
  asked_at_.insert(now);
  work_.push({std::move(batch), now});
}

std::optional<UploadResult> Uploader::next_result(std::chrono::milliseconds timeout) {
  auto result = timeout.count() == 0 ? results_.try_pop() : results_.pop_for(timeout);
  if (result) asked_at_.erase(asked_at_.find(result->asked_at));
  return result;
}

std::optional<SteadyTime> Uploader::oldest() const {
  if (asked_at_.empty()) return std::nullopt;
  return *asked_at_.begin();
}

Result<CommitOutcome> Uploader::commit(const Batch& batch, UploadResult& result) {
  // A lake of layout 1 may have been upgraded by somebody who does not know of this sink.
  if (options_.places.version() == 1)
    SDP_RETURN_IF_ERROR(lake_reader::check_only_layout(store_, options_.places));
  SDP_TRY(Attempt attempt, compress_and_commit(store_, options_, result.key, batch));
  result.body_bytes = attempt.body_bytes;
  const auto* adopted = std::get_if<Adopted>(&attempt.outcome);
  if (adopted != nullptr) result.chain_end = adopted->winner.range.end;
  const lake::ObjectMeta& durable = adopted != nullptr ? adopted->winner : attempt.meta;
  if (options_.heads) SDP_RETURN_IF_ERROR(options_.heads->committed(durable, result.key));
  return std::move(attempt.outcome);
}

UploadResult Uploader::upload(Work work) {
  const SteadyTime started = clock_.steady_now();
  const Batch& batch = work.batch;
  UploadResult result;
  result.asked_at = work.asked_at;
  result.partition = batch.chain.partition;
  result.generation = batch.generation;
  result.range = batch.range;
  result.records = batch.records;
  result.rejected = batch.rejected;
  result.rejected_codes = batch.rejected_codes;
  result.first_timestamp = batch.first_timestamp;
  result.reason = batch.reason;
  result.key = format_key(key_of(batch, options_.compression, options_.places));
  result.outcome = commit(batch, result);
  result.buffer = std::move(work.batch.lines);
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - started);
  return result;
}

}  // namespace sdp::sink
