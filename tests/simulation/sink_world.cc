#include "sink_world.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/sha256.h"
#include "lake/chain.h"
#include "lake/line.h"
#include "lake/object_key.h"
#include "lake_reader/lake_reader.h"
#include "overwriting_store.h"
#include "sink/commit_rule.h"
#include "sink/hour_plan.h"
#include "store/memory/memory_store.h"

namespace sdp::simulation {
namespace {

constexpr std::size_t kViolationsMax = 20;
constexpr sink::BatchLimits kLimits{.records_max = 7,
                                    .bytes_max = 2'000,
                                    .linger = std::chrono::milliseconds(400),
                                    .idle = std::chrono::milliseconds(200),
                                    .buffer_bytes_max = 6'000};

std::unique_ptr<store::ObjectStore> make_store(Mutation mutation) {
  if (mutation == Mutation::plain_put) return std::make_unique<OverwritingStore>();
  return std::make_unique<store::MemoryStore>();
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      rng_(options.seed),
      broker_clock_(std::chrono::sys_days(std::chrono::year(2026) / 2 / 15) + std::chrono::hours(16)),
      store_(make_store(options.mutation)),
      sinks_(static_cast<std::size_t>(options.sinks)) {
  create_again();
}

void World::create_again() {
  const auto partitions = static_cast<std::size_t>(options_.partitions);
  lives_.push_back({base::uuid4(rng_), std::vector<std::vector<ModelRecord>>(partitions),
                    std::vector<log::Offset>(partitions)});
  ++counts_.lives;
}

const std::vector<World::ModelRecord>& World::records_of(const lake::ChainId& chain) const {
  return std::ranges::find(lives_, chain.topic_id, &Life::id)->log[static_cast<std::size_t>(chain.partition)];
}

void World::run() {
  for (int i = 0; i < options_.steps; ++i) step();
  heal();
  for (const Life& life : lives_) {
    for (log::Partition partition = 0; partition < options_.partitions; ++partition) {
      audit_chain({life.id, partition}, &life == &lives_.back());
      audit_hours({life.id, partition});
    }
  }
}

void World::step() {
  if (options_.created_again > 0 && rng_.chance(options_.created_again)) {
    create_again();
    // At once as much as the old one had: a sink's positions are in its midst.
    for (std::size_t partition = 0; partition < lives_.back().log.size(); ++partition) {
      for (log::Offset i = lives_[lives_.size() - 2].log_end[partition]; i > 0; --i) append_record(partition);
    }
  }
  Sink& sink = sinks_[rng_.below(sinks_.size())];
  const auto index = static_cast<std::size_t>(&sink - sinks_.data());
  switch (rng_.below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
      append_to_log();
      break;
    case 4:
      if (rng_.chance(0.3)) {
        crash(sink);
      } else if (rng_.chance(0.04)) {
        // Now and then for longer than a sink waits.
        log_is_back_at_ = now_ + std::chrono::milliseconds(rng_.below(3'000));
        ++counts_.outages;
      }
      break;
    case 5:
    case 6: {
      // Nobody is asked to let go first: two owners of one partition are a zombie and its successor.
      const auto partition =
          static_cast<log::Partition>(rng_.below(static_cast<std::uint64_t>(options_.partitions)));
      if (rng_.chance(0.4)) assign(sink, partition);
      break;
    }
    case 7:
      if (sink.state && rng_.chance(0.2) && !sink.read_at.empty()) {
        const log::Partition partition = sink.read_at.begin()->first;
        sink.state->revoked(partition);
        sink.watch.forget(partition);
        sink.unconfirmed.erase(partition);
        sink.read_at.erase(partition);
      }
      break;
    case 8:
    case 9:
      now_ += std::chrono::milliseconds(rng_.below(300));
      if (sink.state) sink.state->tick(now_);
      break;
    case 10:
    case 11:
    case 12:
    case 13:
      if (!pending_.empty()) arrive(rng_.below(pending_.size()));
      break;
    case 14:
      if (!answers_.empty()) answer(rng_.below(answers_.size()));
      break;
    default:
      deliver(sink);
      break;
  }
  execute(index);
  if (rng_.chance(0.5)) upload_confirmed(index);
}

void World::append_to_log() {
  auto& [id, log, log_end] = lives_.back();
  const std::size_t partition = rng_.below(log.size());
  const auto records = static_cast<log::Offset>(rng_.below(6));
  if (rng_.chance(0.05)) {
    // An aborted transaction: its records and its marker. An empty one leaves a marker, too.
    log_end[partition] += records + 1;
    ++counts_.aborted;
    return;
  }
  if (records > 0 && rng_.chance(0.05)) {
    const log::Offset first = std::exchange(log_end[partition], log_end[partition] + records);
    log[partition].push_back({first, log::kTimeOfUnreadable, "", first + records});
    ++counts_.records;
    ++counts_.unreadable;
    return;
  }
  for (log::Offset i = 0; i < records; ++i) append_record(partition);
  if (rng_.chance(0.2)) {
    ++log_end[partition];
    ++counts_.committed;
  }
}

void World::append_record(std::size_t partition) {
  auto& [id, log, log_end] = lives_.back();
  broker_clock_ += std::chrono::milliseconds(rng_.below(200'000));
  if (rng_.chance(0.01)) broker_clock_ -= std::chrono::hours(2);
  const log::Offset offset = log_end[partition]++;
  std::string value = rng_.chance(0.1) ? fmt::format("not json {} {}", offset, lives_.size())
                                       : fmt::format(R"({{"n":{},"life":{}}})", offset, lives_.size());
  log[partition].push_back({offset, broker_clock_, std::move(value)});
  ++counts_.records;
}

void World::assign(Sink& sink, log::Partition partition) {
  if (!sink.state) {
    sink.life = lives_.size() - 1;
    sink.watch = {};
    sink.state.emplace(lives_.back().id, kLimits, lake::LineEncoder());
  }
  for (const Sink& other : sinks_) {
    if (&other != &sink && other.read_at.contains(partition)) ++counts_.shared;
  }
  const std::array partitions{partition};
  const auto ends =
      lake_reader::LakeReader(*store_, lake::Places()).chain_points(lives_[sink.life].id, partitions);
  if (!ends) return note(fmt::format("chain end of p{}: {}", partition, ends.error().message));
  sink.watch.forget(partition);
  sink.unconfirmed.erase(partition);
  sink.state->assigned(partition, ends->at(partition).end);
  sink.read_at[partition] = ends->at(partition).end;
  sink.paused.erase(partition);
}

void World::crash(Sink& sink) {
  sink.state.reset();
  sink.unconfirmed.clear();
  sink.read_at.clear();
  sink.paused.clear();
  sink.outage = sink::OutageClock(kOutageMax);
  sink.hours = sink::HourSchedule(kTimers, std::chrono::minutes(1));
  ++sink.incarnation;
  ++counts_.crashes;
}

bool World::log_answers(Sink& sink) {
  if (now_ >= log_is_back_at_) {
    static_cast<void>(sink.outage.answered(now_));
    return true;
  }
  if (sink.outage.failed(now_) == sink::OutageClock::Failure::exceeded) {
    ++counts_.given_up;
    crash(sink);
  }
  return false;
}

std::uint64_t World::deliver(Sink& sink) {
  if (!sink.state || sink.read_at.empty() || !log_answers(sink)) return 0;
  auto at = sink.read_at.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(rng_.below(sink.read_at.size())));
  auto& [partition, position] = *at;
  if (sink.paused.contains(partition)) return 0;
  const auto& records = lives_.back().log[static_cast<std::size_t>(partition)];
  auto record = std::ranges::lower_bound(records, position, {}, &ModelRecord::offset);
  if (sink.life + 1 < lives_.size() && record != records.end()) ++counts_.mixed;
  std::uint64_t delivered = 0;
  constexpr log::BrokerId kBroker = 1;
  for (std::uint64_t i = rng_.below(12); i > 0 && record != records.end(); --i, ++record, ++delivered) {
    sink.watch.received(partition, kBroker);
    if (record->end) {
      sink.state->append(record->batch(partition), now_);
    } else {
      log::RecordView view;
      view.partition = partition;
      view.offset = record->offset;
      view.timestamp = record->timestamp;
      view.value = record->value;
      sink.state->append(view, now_);
    }
    position = record->next();
  }
  if (record == records.end()) {
    position = std::max(position, lives_.back().log_end[static_cast<std::size_t>(partition)]);
    sink.state->read_to(partition, position);
  }
  return delivered;
}

void World::execute(std::size_t index) {
  Sink& sink = sinks_[index];
  if (!sink.state) return;
  for (sink::Command& command : sink.state->take_commands()) {
    if (auto* upload = std::get_if<sink::Upload>(&command)) {
      if (options_.mutation == Mutation::commit_before_upload) {
        audit_commit(sink, {upload->batch.chain.partition, upload->batch.range.end});
      }
      const log::Partition partition = upload->batch.chain.partition;
      sink.unconfirmed.insert_or_assign(partition, Unconfirmed{std::move(upload->batch), sink.watch.now()});
    } else if (const auto* seek = std::get_if<sink::Seek>(&command)) {
      if (options_.mutation == Mutation::keep_batch_after_conflict) continue;
      sink.watch.forget(seek->to.partition);
      sink.read_at[seek->to.partition] = seek->to.offset;
    } else if (const auto* commit = std::get_if<sink::Commit>(&command)) {
      audit_commit(sink, commit->next);
    } else if (const auto* pause = std::get_if<sink::Pause>(&command)) {
      sink.paused.insert(pause->partition);
    } else {
      sink.paused.erase(std::get<sink::Resume>(command).partition);
    }
  }
}

/// As the loop of a sink does it with every turn.
void World::upload_confirmed(std::size_t index) {
  Sink& sink = sinks_[index];
  if (!sink.state) return;
  std::erase_if(sink.unconfirmed, [&](auto& held) {
    auto& [partition, unconfirmed] = held;
    const bool asked = options_.mutation != Mutation::upload_without_asking;
    const auto mark = options_.mutation == Mutation::believe_older_answers ? 0 : unconfirmed.mark;
    if (asked && !sink.watch.is_sure(partition, mark)) return false;
    pending_.push_back({index, sink.incarnation, std::move(unconfirmed.batch)});
    return true;
  });
  ask(index);
}

void World::ask(std::size_t index) {
  Sink& sink = sinks_[index];
  for (const log::BrokerId broker : sink.watch.to_be_asked()) {
    sink.watch.asked(broker);
    answers_.push_back({index, sink.incarnation, lives_.size() - 1});
  }
}

void World::answer(std::size_t index) {
  const PendingAnswer answer = answers_[index];
  answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(index));
  Sink& sink = sinks_[answer.sink];
  if (!sink.state || sink.incarnation != answer.incarnation) return;
  if (answer.life != sink.life) {
    ++counts_.told;
    return crash(sink);
  }
  const bool told = !rng_.chance(0.1);
  for (const log::BrokerId broker : {1}) sink.watch.answered(broker, told);
  upload_confirmed(answer.sink);
}

std::string World::key_for(const sink::Batch& batch) const {
  if (options_.mutation == Mutation::second_resolution_key) {
    return fmt::format("bronze/date=2026-02-15/hour=16/spotify_events_{}.json",
                       batch.first_timestamp.time_since_epoch().count() / 1'000'000);
  }
  return format_key(key_of(batch, lake::Compression::none, lake::Places()));
}

void World::arrive(std::size_t put) {
  const PendingPut& pending = pending_[put];
  lake::ObjectMeta meta = meta_of(pending.batch, "spotify-events", lake::Places());
  meta.sha256 = base::sha256_hex(pending.batch.lines);
  meta.writer = "simulation";
  const auto outcome = sink::commit_object(*store_, key_for(pending.batch), pending.batch.lines, meta);
  if (rng_.chance(0.15)) {
    ++counts_.lost_answers;  // it took effect, nobody heard; the writer tries again
    return;
  }
  const PendingPut done = std::move(pending_[put]);
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(put));
  if (!outcome) return note(fmt::format("commit of {}: {}", key_for(done.batch), outcome.error().message));
  Sink& sink = sinks_[done.sink];
  if (sink.incarnation != done.incarnation || !sink.state) {
    ++counts_.late_puts;
    return;
  }
  const log::Partition partition = done.batch.chain.partition;
  if (const auto* adopted = std::get_if<sink::Adopted>(&*outcome)) {
    ++counts_.conflicts;
    sink.state->upload_lost(partition, done.batch.generation, adopted->winner.range.end);
  } else {
    sink.state->upload_done(partition, done.batch.generation);
  }
  const auto through = options_.mutation == Mutation::hours_by_the_clock_only
                           ? std::optional(lake::hour_of(broker_clock_))
                           : sink::HourSchedule::over_by_object(done.batch.first_timestamp);
  if (through && sink.hours.ask(partition, *through)) close_hours(done.batch.chain, *through);
  execute(done.sink);
}

void World::heal() {
  for (Sink& sink : sinks_) crash(sink);
  Sink& sink = sinks_.front();
  for (log::Partition partition = 0; partition < options_.partitions; ++partition) assign(sink, partition);
  sink::CaughtUpRule caught_up(kTimers, std::chrono::milliseconds(0));
  caught_up.begin(now_);
  for (log::Partition partition = 0; partition < options_.partitions; ++partition)
    caught_up.ended(partition, lives_.back().log_end[static_cast<std::size_t>(partition)], now_);
  log_is_back_at_ = now_;
  // Now and then all of it is read before the first put arrives.
  for (int i = rng_.chance(0.5) ? 200 : 0; i > 0; --i) {
    deliver(sink);
    execute(0);
  }
  bool stopped = false;
  for (int round = 0; round < 100'000 && !stopped; ++round) {
    const std::uint64_t delivered = deliver(sink);
    now_ += std::chrono::milliseconds(50);
    sink.state->tick(now_);
    execute(0);
    upload_confirmed(0);
    if (!answers_.empty()) answer(rng_.below(answers_.size()));
    if (!pending_.empty()) {
      // Those of dead sinks may take long.
      const std::size_t put = rng_.below(pending_.size());
      const bool own = pending_[put].sink == 0 && pending_[put].incarnation == sink.incarnation;
      if (rng_.chance(own ? 0.5 : 0.02)) arrive(put);
    }
    execute(0);
    stopped = is_caught_up(caught_up, sink, delivered == 0);
    execute(0);
  }
  if (!stopped) return note("the healed sink did not drain the log");
  sink.state->shut_down();
  execute(0);
  // In a world with a defect an upload may have failed, and then the state never drains.
  for (int uploads = 0; uploads < 10'000 && !sink.state->drained(); ++uploads) {
    upload_confirmed(0);
    if (!answers_.empty()) answer(0);
    if (!pending_.empty()) arrive(0);
  }
  if (!sink.state->drained()) note("the healed sink's uploads do not end");
  close_last_hours(sink);
  while (!pending_.empty()) arrive(0);
}

bool World::is_caught_up(const sink::CaughtUpRule& rule, Sink& sink, bool silent) const {
  bool durable = true;
  for (const sink::SinkState::Progress& at : sink.state->progress()) {
    const log::Offset end = rule.end_of(at.partition).value_or(0);
    if (options_.mutation == Mutation::silence_is_the_end ? silent : at.durable >= end) continue;
    durable = false;
    if (at.read >= end) sink.state->cut_below(at.partition, end);
  }
  return durable;
}

void World::close_last_hours(const Sink& sink) {
  for (const sink::SinkState::Progress& at : sink.state->progress()) {
    if (at.durable > at.chain_end) ++counts_.bare_ends;
    const lake::ChainId chain = chain_of(sink, at.partition);
    const auto& records = records_of(chain);
    if (records.empty() || at.durable < lives_.back().log_end[static_cast<std::size_t>(at.partition)])
      continue;
    close_hours(chain, lake::hour_of(std::ranges::max(records, {}, &ModelRecord::timestamp).timestamp));
    const std::vector<lake::HourMarker>& markers = markers_[chain];
    if (markers.empty() || markers.back().range.end != at.chain_end)
      note(fmt::format("p{}: the hours up to the clock's do not end where the chain does", at.partition));
  }
}

void World::note(std::string violation) {
  if (violations_.size() < kViolationsMax) violations_.push_back(std::move(violation));
}

std::vector<World::Object> World::objects_of(const lake::ChainId& chain) {
  std::vector<Object> objects;
  (void)store_->list("bronze/date=", [&](const store::ListedObject& object) {
    // Asked after each commit, and most objects were seen before. Only the mutations replace one.
    auto [seen, is_new] = seen_.try_emplace(object);
    if (is_new) {
      const auto head = store_->head(object.key);
      if (const auto meta = lake::meta_from((*head)->metadata)) seen->second = *meta;
    }
    if (seen->second && seen->second->chain == chain) objects.push_back({seen->first.key, *seen->second});
    return true;
  });
  return objects;
}

log::Offset World::durable_end(const lake::ChainId& chain) {
  std::vector<lake::Link> links;
  for (const auto& [key, meta] : objects_of(chain)) links.push_back({key, meta.range});
  const lake::ChainCheck check = check_chain(chain, 0, links, {});
  for (const Error& problem : check.problems) note(problem.message);
  return check.end;
}

/// As HourCloser does it, but for the listing: markers in order from the first open hour on, never twice.
void World::close_hours(const lake::ChainId& chain, lake::Hour through) {
  const log::Partition partition = chain.partition;
  std::map<std::string, lake::ObjectMeta> metas;
  std::vector<lake_reader::ChainObject> objects;
  log::Offset chain_end = 0;
  std::optional<lake::Hour> oldest;  // what has no time tells no hour
  for (const auto& [key, meta] : objects_of(chain)) {
    lake::Hour hour = lake::Hour::min();
    if (lake::has_time(meta.first_timestamp)) {
      hour = lake::hour_of(meta.first_timestamp);
      oldest = std::min(oldest.value_or(hour), hour);
    }
    objects.push_back({key, meta.range.first, hour});
    chain_end = std::max(chain_end, meta.range.end);
    metas.emplace(key, meta);
  }
  if (objects.empty()) return;
  std::vector<lake::HourMarker>& markers = markers_[chain];
  const sink::OpenHour open =
      markers.empty() ? sink::OpenHour{oldest.value_or(through), 0}
                      : sink::OpenHour{markers.back().hour + std::chrono::hours(1), markers.back().range.end};
  log::TopicInfo topic;
  topic.id = chain.topic_id;
  topic.partitions = options_.partitions;
  for (const sink::Closing& closing : plan_closings(open, objects, chain_end, through)) {
    std::vector<lake::ObjectMeta> of_hour;
    for (const std::string& key : closing.keys) of_hour.push_back(metas.at(key));
    if (!is_whole(closing, of_hour)) {
      note(fmt::format("p{} {}: its objects have not all of its offsets", partition,
                       lake::format_hour(closing.hour)));
    }
    markers.push_back(make_marker(topic, partition, closing, of_hour, lake::Places()));
    ++counts_.hours;
  }
}

void World::audit_commit(const Sink& sink, log::PartitionOffset next) {
  const log::Offset durable = durable_end(chain_of(sink, next.partition));
  const auto& records = records_of(chain_of(sink, next.partition));
  const auto missing = std::ranges::lower_bound(records, durable, {}, &ModelRecord::offset);
  // Offsets without a record are in no object.
  if (next.offset > durable && missing != records.end() && missing->offset < next.offset) {
    note(fmt::format("p{}: committed {} to the group although the lake ends at {}", next.partition,
                     next.offset, durable));
  }
}

void World::audit_chain(const lake::ChainId& chain, bool whole) {
  const log::Partition partition = chain.partition;
  const auto& records = records_of(chain);
  const log::Offset end = durable_end(chain);
  if (whole && !records.empty() && end != records.back().next()) {
    note(fmt::format("p{}: the chain ends at {}, the log's last record is {}", partition, end,
                     records.back().next() - 1));
  }
  std::map<log::Offset, std::string> lines;
  lake::LineDecoder decoder;
  (void)store_->list("bronze/date=", [&](const store::ListedObject& object) {
    const auto stored = store_->get(object.key);
    const auto meta = lake::meta_from((*store_->head(object.key))->metadata);
    if (meta && meta->chain.topic_id != chain.topic_id) return true;
    ++counts_.objects;
    std::string_view rest = stored->body;
    while (!rest.empty()) {
      const std::string_view text = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), text.size() + 1));
      const auto line = decoder.decode(text);
      if (!line) {
        note(fmt::format("{}: {}", object.key, line.error().message));
      } else if (line->partition == partition && !lines.emplace(line->offset, text).second) {
        note(fmt::format("p{} offset {} stands twice in the lake", partition, line->offset));
      }
    }
    return true;
  });
  lake::LineEncoder encoder;
  for (const ModelRecord& record : records) {
    log::RecordView view;
    view.partition = partition;
    view.offset = record.offset;
    view.timestamp = record.timestamp;
    view.value = record.value;
    std::string expected;
    if (record.end) {
      lake::LineEncoder::append(expected, record.batch(partition));
    } else {
      encoder.append(expected, view);
    }
    expected.pop_back();
    const auto at = lines.find(record.offset);
    if (at == lines.end()) {
      if (whole || record.offset < end) note(fmt::format("p{} offset {} is lost", partition, record.offset));
    } else if (at->second != expected) {
      note(fmt::format("p{} offset {} is not the record of the log", partition, record.offset));
    }
  }
  if (lines.size() > records.size()) note(fmt::format("p{} has offsets that the log never had", partition));
}

/// The hours have no hole in hours or offsets, and each of them is the records that came when the broker's
/// clock had reached it for the first time and not yet the next one, however they were batched and whoever
/// closed it.
void World::audit_hours(const lake::ChainId& chain) {
  const log::Partition partition = chain.partition;
  const std::vector<lake::HourMarker>& markers = markers_[chain];
  std::map<lake::Hour, std::pair<log::Offset, std::int64_t>> expected;  // end and records by hour
  // What has no time belongs to the hour of what was before it, at the beginning to the chain's first one.
  lake::Hour reached = markers.empty() ? lake::Hour() : markers.front().hour;
  bool has_begun = markers.empty();  // the first hour is that of a record
  for (const ModelRecord& record : records_of(chain)) {
    has_begun = has_begun ||
                (lake::has_time(record.timestamp) && lake::hour_of(record.timestamp) == markers.front().hour);
    reached = std::max(reached, lake::hour_of(record.timestamp));
    expected[reached].first = record.next();
    ++expected[reached].second;
  }
  if (!has_begun) {
    note(fmt::format("p{}: its first hour is {}, which no record has", partition,
                     lake::format_hour(markers.front().hour)));
  }
  log::Offset at = 0;
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const lake::HourMarker& marker = markers[i];
    if (marker.range.first != at || (i > 0 && marker.hour != markers[i - 1].hour + std::chrono::hours(1)))
      note(fmt::format("p{} {}: does not continue the hour before it", partition,
                       lake::format_hour(marker.hour)));
    at = marker.range.end;
    const auto hour = expected.find(marker.hour);
    const auto [end, records] = hour == expected.end() ? std::pair(at, std::int64_t{0}) : hour->second;
    if (marker.records != records || at < end) {
      note(fmt::format("p{} {}: is closed with {} records up to {}, but has {} up to {}", partition,
                       lake::format_hour(marker.hour), marker.records, at, records, end));
    }
  }
}

}  // namespace sdp::simulation
