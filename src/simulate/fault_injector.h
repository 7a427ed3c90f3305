#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "simulate/event_source.h"
#include "simulate/fault_classes.h"
#include "simulate/faulty_copy.h"
#include "simulate/simulated_record.h"

namespace sdp::simulate {

/// The records of a source's events, faults among them: a pure function of the spec and the rates. Every
/// event of the source is sent once, in another form or at another time where its class says so; all other
/// faulty records are sent besides, made of an event, and behind it. Each class draws from a generator of its
/// own, so that turning one on does not change what another one does (but for `late` and `out_of_order`,
/// which change the order of the events), and the source knows nothing of it: with all rates 0 the records
/// are the events.
///
/// What waits is bounded: records by kDelayMax events, those of listeners who are offline by kHeldMax, beyond
/// which the one comes back early whose time is nearest. Owned by one thread.
class FaultInjector {
 public:
  /// `source` outlives it.
  FaultInjector(const SimulationSpec& spec, EventSource& source);

  /// Writes the next record over `record`; false when there are no more. Whoever is offline when the source
  /// ends comes back first.
  bool next(SimulatedRecord& record);
  /// Takes no more of the source than this many events: it ends there.
  void end_after(std::uint64_t events) { events_max_ = events; }
  /// So many were taken of it.
  std::uint64_t events() const { return seen_; }
  /// Whether there are records that do not wait for another event of the source.
  bool holds_any() const {
    return !waiting_.empty() || !ready_.empty() || !delayed_.empty() || !offline_.empty();
  }
  Result<void> ended() const { return source_.ended(); }

  /// From the next event on. True when these are others.
  bool set_rates(const FaultRates& rates);

 private:
  /// A listener who is offline.
  struct Offline {
    UtcMillis until;
    std::vector<SimulatedRecord> records;
  };
  struct Hash {
    std::size_t operator()(const Uuid& id) const;
  };

  bool take_event(event::ListeningEvent& event);
  bool advance();
  void release();
  void come_back();
  void send_delayed();
  void take(const event::ListeningEvent& event);
  void write(SimulatedRecord& record, EncodedEvent* encoded);
  Form draw_form(SimulatedRecord& record);
  bool is_held(SimulatedRecord& record);
  void emit();
  void repeat(Fault fault, const SimulatedRecord& record);
  void copy(Fault fault, const SimulatedRecord& record);

  bool is_on(Fault fault) const { return rates_[fault] > 0; }
  /// Draws for one event.
  bool strikes(Fault fault) { return is_on(fault) && rng(fault).chance(rates_[fault]); }
  /// Whether the listener is one of those whom a class of listeners is about, and a generator that is theirs.
  std::optional<Rng> struck(Fault fault, const Uuid& user) const;
  Rng& rng(Fault fault) { return rngs_[std::to_underlying(fault)]; }

  const UtcMillis start_;
  const std::size_t value_bytes_max_;
  EventSource& source_;
  FaultRates rates_;
  bool any_ = false;
  std::vector<Rng> rngs_;       ///< one a class
  std::vector<Rng> listeners_;  ///< the same, of what depends on who somebody is

  event::ListeningEvent event_;
  UtcMillis now_{};
  std::uint64_t seen_ = 0;
  std::uint64_t events_max_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t oversize_bytes_ = 0;
  std::deque<SimulatedRecord> waiting_;                    ///< events whose turn has come
  std::deque<SimulatedRecord> ready_;                      ///< the first of them, and what is sent besides
  std::multimap<std::uint64_t, SimulatedRecord> delayed_;  ///< by the number of events seen
  std::unordered_map<Uuid, Offline, Hash> offline_;
  std::set<std::pair<UtcMillis, Uuid>> returns_;  ///< of offline_, the next one first
  std::size_t held_ = 0;
};

/// How many events later a record may come.
inline constexpr std::size_t kDelayMax = 20;
/// Records of listeners who are offline; about 1 KB each.
inline constexpr std::size_t kHeldMax = 50'000;
inline constexpr std::size_t kOversizeBytesMax = std::size_t{32} << 20;
inline constexpr std::chrono::milliseconds kOfflineMax = std::chrono::hours(48);
inline constexpr std::chrono::milliseconds kSkewMax = std::chrono::hours(12);
/// How long a listener's player keeps its schema.
inline constexpr std::chrono::milliseconds kSchemaAge = std::chrono::days(14);

}  // namespace sdp::simulate
