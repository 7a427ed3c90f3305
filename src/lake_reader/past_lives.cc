#include <algorithm>
#include <map>
#include <utility>

#include "lake/object_key.h"
#include "lake_reader/hour_walk.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {
namespace {

constexpr int kFoldersMax = 48;
constexpr std::chrono::hours kBehindClosed{3};

/// What is known of a chain of another topic id.
struct PastChain {
  std::optional<lake::HourMarker> closed;  ///< its last closed hour
  std::map<log::Offset, lake::Hour> objects;
};

/// By topic id, as in keys, and partition.
using PastChains = std::map<std::pair<std::string, log::Partition>, PastChain>;

/// What listings show of topic ids other than the present one.
class Objects {
 public:
  Objects(std::string present, PastChains& chains) : present_(std::move(present)), chains_(chains) {}

  void add(const store::ListedObject& object, lake::Hour hour) {
    const auto key = lake::parse_key(object.key);
    if (!key || key->topic_id_short == present_) return;
    chains_[{key->topic_id_short, key->partition}].objects[key->first] = hour;
    one_key_[key->topic_id_short] = object.key;
  }
  /// An object of each topic id.
  const std::map<std::string, std::string>& one_key() const { return one_key_; }

 private:
  const std::string present_;
  PastChains& chains_;
  std::map<std::string, std::string> one_key_;
};

/// Where the first hour is that the life has not closed in any of its partitions.
lake::Hour behind_closed(const std::vector<lake::ChainBegin>& begins, const PastChains& chains,
                         const std::string& topic_id_short) {
  lake::Hour open = lake::Hour::min();
  for (const lake::ChainBegin& begin : begins) {
    const auto& closed = chains.at({topic_id_short, begin.chain.partition}).closed;
    open = std::max(open, closed ? closed->hour + std::chrono::hours(1) : begin.hour);
  }
  return open;
}

/// The last hour of the chain, closed or not; nothing when it has neither a marker nor an object.
std::optional<lake::Hour> last_hour(const PastChain& chain) {
  std::optional<lake::Hour> last;
  if (chain.closed) last = chain.closed->hour;
  for (const auto& [first, hour] : chain.objects) {
    if (chain.closed && first < chain.closed->range.end) continue;
    // A clock that went back files an object in a folder whose hour is closed: it is of the hour behind. One
    // without a time is of that hour too, or of none.
    if (hour == lake::Hour::min() && !chain.closed) continue;
    const lake::Hour open = chain.closed ? std::max(hour, chain.closed->hour + std::chrono::hours(1)) : hour;
    last = std::max(last.value_or(open), open);
  }
  return last;
}

/// Whether every partition has closed the last hour of the life: it is complete with all of them.
bool all_closed(const PastChains& chains, const std::string& topic_id_short, const PastLife& life) {
  for (log::Partition partition = 0; partition < life.partitions; ++partition) {
    const auto chain = chains.find({topic_id_short, partition});
    if (chain == chains.end() || !chain->second.closed || chain->second.closed->hour < *life.last_open)
      return false;
  }
  return true;
}

}  // namespace

Result<std::vector<PastLife>> LakeReader::past_lives(const log::TopicId& present) const {
  const std::string present_short = lake::short_id(present);
  std::map<std::string, PastLife> lives;
  PastChains chains;
  SDP_TRY(const auto begins, read_begins("", present));
  for (const auto& [topic_id_short, of_topic] : begins) {
    PastLife& life = lives[topic_id_short];
    for (const lake::ChainBegin& begin : of_topic) {
      life.topic_id = begin.chain.topic_id;
      life.partitions = std::max(life.partitions, begin.chain.partition + 1);
      PastChain& chain = chains[{topic_id_short, begin.chain.partition}];
      SDP_TRY(chain.closed, last_marker(begin, begin.hour));
      if (chain.closed) life.partitions = std::max(life.partitions, chain.closed->partitions);
    }
  }
  Objects objects(present_short, chains);
  const auto list = [&](std::string_view prefix, lake::Hour hour) {
    return list_objects(prefix, [&objects, hour](const store::ListedObject& object) {
      objects.add(object, hour);
      return true;
    });
  };
  int folders = 0;
  const auto look = [&](const HourFolder& folder) -> Result<bool> {
    SDP_RETURN_IF_ERROR(list(folder.prefix, folder.hour));
    return ++folders < kFoldersMax;
  };
  SDP_RETURN_IF_ERROR(walk_hours(store_, lake::kBronzePrefix, Order::newest_first, look));
  SDP_RETURN_IF_ERROR(list(lake::kUntimedPrefix, lake::Hour::min()));
  for (const auto& [topic_id_short, of_topic] : begins) {
    const lake::Hour open = behind_closed(of_topic, chains, topic_id_short);
    for (lake::Hour hour = open; hour < open + kBehindClosed; hour += std::chrono::hours(1))
      SDP_RETURN_IF_ERROR(list(lake::hour_prefix(UtcMillis(hour)), hour));
  }
  for (const auto& [topic_id_short, key] : objects.one_key()) {
    SDP_TRY(const lake::ObjectMeta meta, meta_of(key));
    lives[topic_id_short].topic_id = meta.chain.topic_id;
  }
  for (const auto& [id, chain] : chains) {
    PastLife& life = lives.at(id.first);
    life.partitions = std::max(life.partitions, id.second + 1);
    if (const auto reached = last_hour(chain))
      life.last_open = std::max(life.last_open.value_or(*reached), *reached);
  }
  for (auto& [topic_id_short, life] : lives) {
    if (life.last_open && all_closed(chains, topic_id_short, life)) life.last_open.reset();
  }
  std::vector<PastLife> all;
  all.reserve(lives.size());
  for (const auto& [topic_id_short, life] : lives) all.push_back(life);
  return all;
}

}  // namespace sdp::lake_reader
