#include "verify/recount.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace sdp::verify {

std::size_t EngagementKeyHash::operator()(const EngagementKey& key) const {
  const std::uint64_t rest = static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.day)) << 32 |
                             static_cast<std::uint64_t>(std::to_underlying(key.device)) << 16 |
                             static_cast<std::uint64_t>(static_cast<unsigned char>(key.country.letters[0]))
                                 << 8 |
                             static_cast<unsigned char>(key.country.letters[1]);
  return XXH3_64bits_withSeed(key.user_id.bytes.data(), key.user_id.bytes.size(), rest);
}

Recount::Recount(LakeView& view, Has has, Seen mark) : view_(view), has_(std::move(has)), mark_(mark) {
  std::uint64_t lines = 0;
  for (LakeObject& object : view.objects) {
    lines += has_(object) ? object.lines.size() : 0;
    for (LineFact& one : object.lines) one.seen &= static_cast<std::uint8_t>(~mark_);
  }
  slots_.resize(std::bit_ceil(std::max<std::uint64_t>(2 * lines, 16)));
  const auto each = [&](auto visit) {
    for (std::uint32_t o = 0; o < view_.objects.size(); ++o) {
      LakeObject& object = view_.objects[o];
      if (!has_(object)) continue;
      for (std::uint32_t l = 0; l < object.lines.size(); ++l) visit(Ref{o + 1, l}, object.lines[l]);
    }
  };
  each([&](Ref ref, const LineFact& line) {
    if (line.valid_event()) note(ref);
  });
  // Which of several events is kept is only known when all were seen.
  each([&](Ref ref, const LineFact& line) {
    switch (fate(line, mark_)) {
      case Fate::kept:
        return count(ref);
      case Fate::duplicate:
        ++duplicates_;
        return;
      case Fate::rejected:
        return count_rejected(ref);
    }
  });
}

/// The order of docs/formats/event.md: offset, partition, topic id.
bool Recount::before(Ref a, Ref b) const {
  const auto order = [&](Ref ref) {
    const LakeObject& object = view_.objects[ref.object - 1];
    return std::tuple(object.offset_of(object.lines[ref.line]), object.meta.chain.partition,
                      object.meta.chain.topic_id);
  };
  return order(a) < order(b);
}

std::size_t Recount::slot_of(const Uuid& event_id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = UuidHash{}(event_id)&mask;
  while (slots_[at].object != 0 && fact(slots_[at]).event_id != event_id) at = (at + 1) & mask;
  return at;
}

void Recount::note(Ref ref) {
  Ref& slot = slots_[slot_of(fact(ref).event_id)];
  if (slot.object == 0) {
    slot = ref;
    return;
  }
  if (before(ref, slot)) std::swap(slot, ref);
  line(ref).seen |= mark_;
}

void Recount::count(Ref ref) {
  ++kept_;
  const Interner& names = view_.interners[static_cast<std::size_t>(view_.objects[ref.object - 1].reader)];
  count_song(fact(ref), names.songs()[fact(ref).song]);
  count_engagement(fact(ref), names.users()[fact(ref).user]);
}

void Recount::count_rejected(Ref ref) {
  ++rejected_;
  const RefusedFact* const refused = view_.objects[ref.object - 1].refusal_of(line(ref));
  faults_ += refused ? refused->count() : 1;
}

void Recount::count_song(const EventFact& event, const SongName& name) {
  const auto [at, fresh] = songs_.try_emplace(name.song_id);
  SongCell& cell = at->second;
  if (fresh || name.song_name < cell.song_name) cell.song_name = name.song_name;
  if (fresh || name.artist_name < cell.artist_name) cell.artist_name = name.artist_name;
  cell.plays += event.type == event::EventType::play;
  cell.skips += event.type == event::EventType::skip;
}

void Recount::count_engagement(const EventFact& event, const Uuid& user) {
  EngagementCell& cell = engagement_[{user, event.device, event.country, event.day}];
  cell.plays += event.type == event::EventType::play;
  cell.skips += event.type == event::EventType::skip;
  cell.adds += event.type == event::EventType::add_to_playlist;
}

Fate Recount::fate(const LineFact& line, Seen mark) {
  if (!line.valid_event()) return Fate::rejected;
  return line.seen & mark ? Fate::duplicate : Fate::kept;
}

LakeView::Place Recount::kept_of(const LakeView::Place& place) const {
  const auto line = static_cast<std::size_t>(place.line - place.object->lines.data());
  const Ref ref = slots_[slot_of(place.object->events[line].event_id)];
  if (ref.object == 0) return {};
  LakeObject& object = view_.objects[ref.object - 1];
  return {&object, &object.lines[ref.line]};
}

}  // namespace sdp::verify
