#include "repair/repair.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "lake/compression.h"
#include "lake/line.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"

namespace sdp::repair {
namespace {

/// So many objects that start before this one are looked at, whether they reach into it.
constexpr std::size_t kBeforeMax = 1'000;

/// An object of the chain, as its key tells.
struct Named {
  std::string key;
  log::Offset first = 0;
};

class Repairer {
 public:
  Repairer(store::ObjectStore& store, Clock& clock, const RepairOptions& options)
      : store_(store), clock_(clock), options_(options) {}

  Result<Repair> run() {
    // Step 1.
    SDP_TRY(const lake::Places places, find_places());
    SDP_TRY(const lake::ObjectKey place, find_object());
    SDP_TRY(const auto stored, stored_override());
    if (stored) return known(*stored);
    SDP_TRY(Repair found, look(places, place));
    if (!options_.apply) return found;
    // Step 2.
    if (found.plan.moves_end) {
      SDP_RETURN_IF_ERROR(options_.check_sinks_stopped());
      SDP_TRY(const Repair again, look(places, place));
      if (again.plan != found.plan)
        return fail(ErrorKind::retry, fmt::format("{}: a sink wrote to the chain meanwhile; stop it, and "
                                                  "run the repair again",
                                                  store_.describe()));
    }
    // Step 3.
    if (found.part) SDP_RETURN_IF_ERROR(put_part(*found.part));
    // Step 4.
    SDP_TRY(const auto outcome, store_.put_new(lake::override_key(options_.object_key),
                                               to_json(found.override), {}, "application/json"));
    if (outcome == store::PutOutcome::created) return found;
    // Ours, when its answer was lost; or that of a repair that ran at the same time.
    SDP_TRY(const auto winner, stored_override());
    if (!winner) return fail(ErrorKind::fatal, store_.describe() + ": the override vanished");
    return known(*winner);
  }

 private:
  Result<lake::Places> find_places() {
    SDP_TRY(const auto found, lake_reader::find_layout(store_));
    if (found.file.empty())
      return fail(ErrorKind::misconfigured,
                  fmt::format("{}: there is no lake; check --lake", store_.describe()));
    if (found.places.version() > 1) return found.places;
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: the lake has layout 1, which knows no overrides; run `spotify-pipeline lake "
                            "upgrade` first",
                            store_.describe()));
  }

  Result<lake::ObjectKey> find_object() {
    const auto place = lake::parse_key(options_.object_key);
    if (!place) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("{} is not the name of an object of events, such as `verify` and `load` print them "
                      "(bronze/date=.../spotify_events_...)",
                      options_.object_key));
    }
    SDP_TRY(const auto head, store_.head(options_.object_key));
    if (!head) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("{}: there is no object {}", store_.describe(), options_.object_key));
    }
    bytes_ = head->bytes;
    if (auto meta = lake::meta_from(head->metadata)) meta_ = *std::move(meta);
    return *place;
  }

  Result<std::optional<lake::Override>> stored_override() {
    const std::string key = lake::override_key(options_.object_key);
    SDP_TRY(const auto head, store_.head(key));
    if (!head) return std::optional<lake::Override>();
    SDP_TRY(const store::Object stored, store_.get(key));
    auto override = lake::override_from_json(stored.body);
    if (!override || override->object_key != options_.object_key) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("{}: there is an override {} already, which cannot be read", store_.describe(), key));
    }
    return std::optional(*std::move(override));
  }

  Result<Repair> known(const lake::Override& stored) {
    if (!stored.used_in.empty() != options_.use.has_value()) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("{}: object {} is ignored already, {} offsets of it that go on being used",
                      store_.describe(), stored.object_key, stored.used_in.empty() ? "without" : "with"));
    }
    if (options_.use) {
      SDP_TRY(const auto used, store_.head(stored.used_in));
      const auto meta = used ? lake::meta_from(used->metadata)
                             : Result<lake::ObjectMeta>(fail(ErrorKind::bad_input, "it is gone"));
      if (!meta || meta->range != *options_.use) {
        return fail(
            ErrorKind::misconfigured,
            fmt::format(
                "{}: object {} is ignored already, and not offsets [{}, {}) of it go on being "
                "used: {} has {}",
                store_.describe(), stored.object_key, options_.use->first, options_.use->end, stored.used_in,
                meta ? fmt::format("[{}, {})", meta->range.first, meta->range.end) : meta.error().message));
      }
    }
    if (stored.reason == options_.reason) return Repair{stored, {}, true, {}};
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: object {} is ignored already, for another reason: {}", store_.describe(),
                            stored.object_key, stored.reason));
  }

  Result<Repair> look(const lake::Places& places, const lake::ObjectKey& place) {
    SDP_TRY(auto overrides, lake_reader::read_overrides(store_, places));
    const lake_reader::LakeReader reader(store_, places, overrides);
    SDP_TRY(const std::vector<Named> named, chain_of(place, overrides));
    RepairFacts facts;
    facts.object_key = options_.object_key;
    facts.place = place;
    facts.meta = meta_;
    SDP_TRY(facts.others, ranges_of(named, place));
    std::optional<ObjectPart> part;
    if (options_.use) {
      SDP_TRY(part, part_in_use(place, facts.others));
      facts.others.push_back({part->key, part->meta.range});
      std::ranges::sort(facts.others, {}, &lake::Link::range);
    }
    SDP_TRY(const log::TopicId topic_id, topic_id_of(place));
    const lake::ChainId chain{topic_id, place.partition};
    SDP_TRY(facts.closed_to, closed_to(reader, chain));
    if (!facts.meta) {
      SDP_TRY(facts.lines_end, lines_end());
    }
    SDP_TRY(RepairPlan plan, plan_repair(facts));
    lake::Override override{.object_key = options_.object_key,
                            .chain = chain,
                            .range = plan.range,
                            .next = plan.next,
                            .used_in = part ? part->key : "",
                            .bytes = bytes_,
                            .reason = options_.reason,
                            .created_at = clock_.utc_now(),
                            .writer = options_.writer};
    return Repair{std::move(override), std::move(plan), false, std::move(part)};
  }

  /// Without it among the others: an earlier try may have put it already.
  Result<ObjectPart> part_in_use(const lake::ObjectKey& place, std::vector<lake::Link>& others) {
    if (!meta_) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("object {}: without its metadata nothing tells which lines are sound. Give it its "
                      "metadata back first (docs/formats/object-metadata.md)",
                      options_.object_key));
    }
    SDP_TRY(const store::Object stored, store_.get(options_.object_key));
    SDP_TRY(ObjectPart part, part_of(place, *meta_, stored.body, *options_.use, options_.writer));
    std::erase_if(others, [&](const lake::Link& other) { return other.object_key == part.key; });
    for (const lake::Link& other : others) {
      const lake::OffsetRange range = part.meta.range;
      if (other.range.end <= range.first || range.end <= other.range.first) continue;
      return fail(ErrorKind::misconfigured,
                  fmt::format("offsets [{}, {}) are in {}, too: use only those that no other object has",
                              std::max(range.first, other.range.first), std::min(range.end, other.range.end),
                              other.object_key));
    }
    return part;
  }

  Result<void> put_part(const ObjectPart& part) {
    SDP_TRY(const auto outcome,
            store_.put_new(part.key, part.body, lake::to_metadata(part.meta), "application/x-ndjson"));
    if (outcome == store::PutOutcome::created) return {};
    SDP_TRY(const auto head, store_.head(part.key));
    const auto meta = head ? lake::meta_from(head->metadata)
                           : Result<lake::ObjectMeta>(fail(ErrorKind::bad_input, "it is gone"));
    if (meta && is_same_object(*meta, part.meta)) return {};
    return fail(ErrorKind::misconfigured, fmt::format("{}: there is an object {} already, with other lines",
                                                      store_.describe(), part.key));
  }

  /// The other objects of the chain that may reach into this one, and the first one behind it; by offset.
  Result<std::vector<Named>> chain_of(const lake::ObjectKey& place, const lake::Overrides& overrides) {
    std::vector<Named> all;
    SDP_RETURN_IF_ERROR(store_.list(lake::kBronzePrefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key || key->topic_id_short != place.topic_id_short || key->partition != place.partition)
        return true;
      if (object.key == options_.object_key || overrides.ignores(object.key)) return true;
      all.push_back({object.key, key->first});
      return true;
    }));
    std::ranges::sort(all, {}, [](const Named& named) { return std::pair(named.first, named.key); });
    const auto behind = std::ranges::find_if(all, [&](const Named& n) { return n.first > place.first; });
    const auto before = static_cast<std::size_t>(behind - all.begin());
    const log::Offset end = meta_ ? meta_->range.end : place.first + 1;
    auto last = behind;
    while (last != all.end() && last->first < end) ++last;
    if (last != all.end()) ++last;
    all.erase(last, all.end());
    if (before > kBeforeMax)
      all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(before - kBeforeMax));
    return all;
  }

  /// What each has, by its metadata; or up to the next one where these cannot be read.
  Result<std::vector<lake::Link>> ranges_of(const std::vector<Named>& named, const lake::ObjectKey& place) {
    std::vector<lake::Link> links(named.size());
    std::vector<std::optional<log::TopicId>> topic_ids(named.size());
    const auto look_at = [&](std::size_t i, int) -> Result<void> {
      const log::Offset first = named[i].first;
      SDP_TRY(const auto head, store_.head(named[i].key));
      const auto meta = head ? lake::meta_from(head->metadata)
                             : Result<lake::ObjectMeta>(fail(ErrorKind::bad_input, "it is gone"));
      const log::Offset next = i + 1 < named.size() ? named[i + 1].first : first;
      const bool is_sound = meta && meta->range.first == first && meta->chain.partition == place.partition;
      links[i] = {named[i].key, is_sound ? meta->range : lake::OffsetRange{first, next}};
      if (is_sound) topic_ids[i] = meta->chain.topic_id;
      return {};
    };
    SDP_RETURN_IF_ERROR(base::in_parallel(options_.threads, named.size(), look_at));
    for (const auto& id : topic_ids) {
      if (id && lake::short_id(*id) == place.topic_id_short) topic_id_ = id;
    }
    return links;
  }

  /// The object's own metadata say it, or those of another object of its chain.
  Result<log::TopicId> topic_id_of(const lake::ObjectKey& place) const {
    if (meta_ && lake::short_id(meta_->chain.topic_id) == place.topic_id_short) return meta_->chain.topic_id;
    if (topic_id_) return *topic_id_;
    return fail(
        ErrorKind::misconfigured,
        fmt::format("object {}: neither its metadata nor another object of its chain say the id of its "
                    "topic. Give it its metadata back (docs/formats/object-metadata.md)",
                    options_.object_key));
  }

  Result<log::Offset> closed_to(const lake_reader::LakeReader& reader, const lake::ChainId& chain) {
    SDP_TRY(const auto begin, reader.chain_begin(chain));
    if (!begin) return 0;
    SDP_TRY(const auto last, reader.last_marker(*begin, begin->hour));
    return last ? last->range.end : 0;
  }

  /// Nothing when the body is not of lines.
  Result<std::optional<log::Offset>> lines_end() {
    SDP_TRY(const store::Object stored, store_.get(options_.object_key));
    const auto compression = lake::parse_key(options_.object_key)->compression;
    const auto text = lake::decompress(compression, stored.body, lake::kObjectBytesMax);
    if (!text) return std::optional<log::Offset>();
    std::string_view lines = *text;
    if (lines.ends_with('\n')) lines.remove_suffix(1);
    if (const auto at = lines.rfind('\n'); at != std::string_view::npos) lines.remove_prefix(at + 1);
    lake::LineDecoder decoder;
    const auto line = decoder.decode(lines);
    return line ? std::optional(line->offset + 1) : std::optional<log::Offset>();
  }

  store::ObjectStore& store_;
  Clock& clock_;
  const RepairOptions& options_;
  std::uint64_t bytes_ = 0;
  std::optional<lake::ObjectMeta> meta_;
  std::optional<log::TopicId> topic_id_;  ///< as another object of the chain says it
};

}  // namespace

Result<Repair> repair(store::ObjectStore& store, Clock& clock, const RepairOptions& options) {
  return Repairer(store, clock, options).run();
}

}  // namespace sdp::repair
