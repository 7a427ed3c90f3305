#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/decode.h"
#include "event/listening_event.h"
#include "verify/fingerprint.h"
#include "verify/mapped_event.h"

namespace sdp::verify {

/// What silver and the marts must show of one valid event; names and ids are in the tables of its Interner.
/// 40 bytes.
struct EventFact {
  Uuid event_id;
  std::uint64_t columns = 0;  ///< hash of the event's columns in silver
  std::uint32_t user = 0;
  std::uint32_t song = 0;
  std::int32_t day = 0;  ///< days since 1970-01-01
  event::EventType type = event::EventType::play;
  event::DeviceType device = event::DeviceType::mobile;
  event::Country country;
};
static_assert(sizeof(EventFact) == 40);

/// A song as an event spells it; one id can come with several names.
struct SongName {
  Uuid song_id;
  std::string song_name;
  std::string artist_name;
};

struct UuidHash {
  std::size_t operator()(const Uuid& uuid) const { return XXH3_64bits(uuid.bytes.data(), uuid.bytes.size()); }
};

/// Finds the numbers of values which the owner keeps in a vector: open addressing, a power of two, at most
/// half full. An std::unordered_map has three cache misses where this has two, and there is a look-up for
/// every event.
class NumberIndex {
 public:
  /// The number of the value with this hash for which `same(number)` holds; `next` when there is none, which
  /// it is from then on. `hash_of(number)` gives the hash of a value again.
  template <typename Same, typename HashOf>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, Same same, HashOf hash_of) {
    if (2 * (std::size_t{next} + 1) > slots_.size()) grow(next, hash_of);
    std::uint32_t& slot = probe(hash, same);
    if (slot == kEmpty) slot = next;
    return slot;
  }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  template <typename Same>
  std::uint32_t& probe(std::uint64_t hash, Same same) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at] != kEmpty && !same(slots_[at])) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }

  template <typename HashOf>
  void grow(std::uint32_t count, HashOf hash_of) {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), kEmpty);
    for (std::uint32_t number = 0; number < count; ++number) {
      probe(hash_of(number), [](std::uint32_t) { return false; }) = number;
    }
  }

  std::vector<std::uint32_t> slots_;
};

/// Numbers for users and songs. Owned by one thread.
class Interner {
 public:
  std::uint32_t user(const Uuid& user_id);
  std::uint32_t song(const event::ListeningEvent& event);

  const std::vector<Uuid>& users() const { return users_; }
  const std::vector<SongName>& songs() const { return songs_; }

 private:
  std::uint64_t hash_of(const Uuid& id, std::string_view name, std::string_view artist);

  NumberIndex user_index_;
  std::vector<Uuid> users_;
  NumberIndex song_index_;
  std::vector<SongName> songs_;
  RowHash hash_;
};

/// The event's columns as silver must show them, in the order of event::kFields: numbers in decimal, the time
/// as microseconds since 1970, ids in lower case. `below_ms`: what its time has below the millisecond.
using EventColumns = std::array<std::optional<std::string>, event::kFields.size()>;
EventColumns columns_of(const event::ListeningEvent& event, int below_ms);

/// Reads facts from JSON texts. Owned by one thread.
class FactReader {
 public:
  struct Read {
    event::Faults faults;  ///< none of a valid event
    EventFact fact;        ///< of a valid event
  };

  /// `mapping` makes events of the texts; it outlives this. None where they are events.
  explicit FactReader(const mapping::Mapping* mapping) : decoder_(mapping) {}

  /// `bad_input` when the text is not one JSON object.
  Result<Read> read(std::string_view json);
  Interner take_interner() { return std::move(interner_); }

 private:
  std::uint64_t hash_of(const event::ListeningEvent& event, int below_ms);

  PayloadDecoder decoder_;
  Interner interner_;
  RowHash hash_;
};

}  // namespace sdp::verify
