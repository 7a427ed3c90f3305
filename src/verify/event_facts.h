#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/decode.h"
#include "event/listening_event.h"
#include "verify/row_hash.h"

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

/// Numbers for users and songs. Owned by one thread.
class Interner {
 public:
  std::uint32_t user(const Uuid& user_id);
  std::uint32_t song(const event::ListeningEvent& event);

  const std::vector<Uuid>& users() const { return users_; }
  const std::vector<SongName>& songs() const { return songs_; }

 private:
  std::unordered_map<Uuid, std::uint32_t, UuidHash> user_numbers_;
  std::vector<Uuid> users_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> song_numbers_;  // hash -> candidates
  std::vector<SongName> songs_;
  RowHash hash_;
};

/// The event's columns as silver must show them, in the order of event::kFields: numbers in decimal, the time
/// as milliseconds since 1970, ids in lower case.
using EventColumns = std::array<std::optional<std::string>, event::kFields.size()>;
EventColumns columns_of(const event::ListeningEvent& event);

/// Reads facts from JSON texts. Owned by one thread.
class FactReader {
 public:
  struct Read {
    std::optional<event::Rejection> rejection;
    EventFact fact;  ///< of a valid event
  };

  /// `bad_input` when the text is not one JSON object.
  Result<Read> read(std::string_view json);
  Interner take_interner() { return std::move(interner_); }

 private:
  std::uint64_t hash_of(const event::ListeningEvent& event);

  event::Decoder decoder_;
  Interner interner_;
  RowHash hash_;
};

}  // namespace sdp::verify
