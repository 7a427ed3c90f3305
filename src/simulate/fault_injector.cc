#include "simulate/fault_injector.h"

#include <algorithm>
#include <cstring>

#include "event/encode.h"
#include "simulate/faulty_copy.h"
#include "simulate/streams.h"

namespace sdp::simulate {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOfflineMin = std::chrono::minutes(1);
/// A repeated id with another body is later than the event by up to this.
constexpr std::uint64_t kLaterMaxMs = 60'000;
constexpr int kSchemas = 3;
constexpr std::string_view kPlayers[kSchemas] = {"9.9.3", "10.4.0", "11.0.1"};

std::uint64_t number_of(const Uuid& id) {
  std::uint64_t number = 0;
  std::memcpy(&number, id.bytes.data(), sizeof number);
  return number;
}

bool is_time(UtcMillis time) {
  return time >= kFirstTime && time < kEndOfTime;
}

}  // namespace

std::size_t FaultInjector::Hash::operator()(const Uuid& id) const {
  return number_of(id);
}

FaultInjector::FaultInjector(const SimulationSpec& spec, EventSource& source)
    : start_(spec.start), value_bytes_max_(spec.faults.value_bytes_max), source_(source) {
  const Rng events = faults_rng(spec);
  const Rng listeners = devices_rng(spec);
  for (std::size_t i = 0; i < kFaults; ++i) {
    rngs_.push_back(events.fork(i));
    listeners_.push_back(listeners.fork(i));
  }
  set_rates(spec.faults.rates);
}

bool FaultInjector::set_rates(const FaultRates& rates) {
  const bool is_change = rates != rates_;
  rates_ = rates;
  any_ = rates_.any();
  return is_change;
}

bool FaultInjector::next(SimulatedRecord& record) {
  if (!any_ && !holds_any()) {
    // The same object each time, for its buffers' sake.
    if (!take_event(record.event)) return false;
    record.source_type = record.event.event_type;
    record.due = now_ = record.event.timestamp;
    record.fate = Fate::kept;
    record.faults.clear();
    record.reason = record.field = {};
    record.finer = {};
    record.has_event_id = true;
    write(record, source_.encoded());
    return true;
  }
  while (ready_.empty()) {
    if (!waiting_.empty()) {
      emit();
    } else if (!advance()) {
      return false;
    }
  }
  record = std::move(ready_.front());
  ready_.pop_front();
  return true;
}

bool FaultInjector::take_event(event::ListeningEvent& event) {
  if (seen_ == events_max_ || !source_.next(event)) return false;
  ++seen_;
  return true;
}

/// Reads one event and lets what is due then wait for its turn; false when nothing is left.
bool FaultInjector::advance() {
  if (!take_event(event_)) {
    while (!returns_.empty()) come_back();
    while (!delayed_.empty()) send_delayed();
    return !waiting_.empty();
  }
  now_ = event_.timestamp;
  release();
  take(event_);
  return true;
}

void FaultInjector::release() {
  while (!returns_.empty() && returns_.begin()->first <= now_) come_back();
  while (!delayed_.empty() && delayed_.begin()->first <= seen_) send_delayed();
}

void FaultInjector::send_delayed() {
  auto node = delayed_.extract(delayed_.begin());
  waiting_.push_back(std::move(node.mapped()));
}

/// The one whose time is nearest.
void FaultInjector::come_back() {
  const auto node = offline_.extract(returns_.begin()->second);
  returns_.erase(returns_.begin());
  held_ -= node.mapped().records.size();
  for (SimulatedRecord& record : node.mapped().records) waiting_.push_back(std::move(record));
}

void FaultInjector::take(const event::ListeningEvent& event) {
  SimulatedRecord record;
  record.event = event;
  record.source_type = event.event_type;
  if (auto clock = struck(Fault::skew, event.user_id)) {
    const auto wrong =
        static_cast<std::int64_t>((2 * clock->uniform() - 1) * static_cast<double>(kSkewMax.count()));
    if (is_time(event.timestamp + milliseconds(wrong))) {
      record.event.timestamp += milliseconds(wrong);
      record.faults.push_back(Fault::skew);
    }
  }
  write(record, source_.encoded());
  if (!is_held(record)) waiting_.push_back(std::move(record));
}

/// Key and value of an event that is kept. `encoded`: what they are if no fault changes it, where that is
/// known.
void FaultInjector::write(SimulatedRecord& record, EncodedEvent* encoded) {
  if (!record.value) record.value.emplace();
  const Form form = any_ ? draw_form(record) : Form{};
  if (encoded != nullptr && record.faults.empty()) {
    record.key.swap(encoded->key);
    record.value->swap(encoded->value);
    return;
  }
  encode_key(record.event, record.key);
  record.value->clear();
  append_in_form(*record.value, record.event, form, rng(Fault::unknown_field));
}

Form FaultInjector::draw_form(SimulatedRecord& record) {
  Form form;
  if (auto player = struck(Fault::schema_versions, record.event.user_id)) {
    const double age = static_cast<double>((now_ - start_).count()) / static_cast<double>(kSchemaAge.count());
    form.schema_version = std::min(kSchemas, 1 + static_cast<int>(kSchemas * player->uniform() + age));
    record.event.schema_version = form.schema_version;
    record.event.app_version = kPlayers[form.schema_version - 1];
    record.faults.push_back(Fault::schema_versions);
  }
  if (strikes(Fault::unknown_field)) {
    form.unknown_field = true;
    record.faults.push_back(Fault::unknown_field);
  }
  if (strikes(Fault::microseconds)) {
    record.finer =
        std::chrono::microseconds(static_cast<std::int64_t>(rng(Fault::microseconds).below(1'000)));
    form.finer = record.finer;
    record.faults.push_back(Fault::microseconds);
  }
  return form;
}

/// Takes the record when it is to come later.
bool FaultInjector::is_held(SimulatedRecord& record) {
  const Uuid& user = record.event.user_id;
  if (!offline_.contains(user) && strikes(Fault::late)) {
    const auto most = static_cast<std::uint64_t>((kOfflineMax - kOfflineMin).count());
    const UtcMillis until =
        now_ + kOfflineMin + milliseconds(static_cast<std::int64_t>(rng(Fault::late).below(most + 1)));
    offline_[user].until = until;
    returns_.emplace(until, user);
  }
  if (const auto found = offline_.find(user); found != offline_.end()) {
    record.faults.push_back(Fault::late);
    found->second.records.push_back(std::move(record));
    if (++held_ > kHeldMax) come_back();
    return true;
  }
  if (!strikes(Fault::out_of_order)) return false;
  record.faults.push_back(Fault::out_of_order);
  delayed_.emplace(seen_ + 1 + rng(Fault::out_of_order).below(kDelayMax), std::move(record));
  return true;
}

/// Makes ready the first record that waits, and what is sent besides.
void FaultInjector::emit() {
  const SimulatedRecord& sent = ready_.emplace_back(std::move(waiting_.front()));
  waiting_.pop_front();
  ready_.back().due = now_;
  if (sent.fate != Fate::kept) return;
  for (const FaultClass& one : kFaultClasses) {
    if (one.fate == Fate::kept || !strikes(one.fault)) continue;
    if (one.fate == Fate::duplicate) {
      repeat(one.fault, sent);
    } else {
      copy(one.fault, sent);
    }
  }
}

/// Another record with the event's id. It has the same key and is sent behind the event, so the event is the
/// one that is kept.
void FaultInjector::repeat(Fault fault, const SimulatedRecord& record) {
  SimulatedRecord again = record;
  again.fate = Fate::duplicate;
  again.faults = {fault};
  if (fault == Fault::changed_body) {
    event::ListeningEvent& event = again.event;
    event.event_type =
        static_cast<event::EventType>((std::to_underlying(event.event_type) + 1) % event::kEventTypes.size());
    const milliseconds later(static_cast<std::int64_t>(1 + rng(fault).below(kLaterMaxMs)));
    if (is_time(event.timestamp + later)) event.timestamp += later;
    again.value->clear();
    event::append_json(*again.value, event);
  }
  const std::uint64_t delay = rng(fault).below(kDelayMax + 1);
  if (delay > 0) {
    delayed_.emplace(seen_ + delay, std::move(again));
  } else {
    ready_.push_back(std::move(again));
  }
}

void FaultInjector::copy(Fault fault, const SimulatedRecord& record) {
  if (fault == Fault::oversize) {
    if (oversize_bytes_ + value_bytes_max_ >= kOversizeBytesMax) return;
    oversize_bytes_ += value_bytes_max_ + 1;
  }
  SimulatedRecord copy;
  copy.event = record.event;
  copy.source_type = record.source_type;
  copy.key = record.key;
  copy.due = now_;
  spoil(copy, fault, value_bytes_max_, rng(fault));
  ready_.push_back(std::move(copy));
}

/// Whether the listener is one of those whom a class of listeners is about; and a generator that is theirs.
std::optional<Rng> FaultInjector::struck(Fault fault, const Uuid& user) const {
  if (!is_on(fault)) return {};
  Rng own = listeners_[std::to_underlying(fault)].fork(number_of(user));
  if (!own.chance(rates_[fault])) return {};
  return own;
}

}  // namespace sdp::simulate
