#include "sink/head_keeper.h"

#include <vector>

#include "diag/log.h"
#include "lake_reader/find_places.h"

namespace sdp::sink {

Result<void> HeadKeeper::committed(const lake::ObjectMeta& object, const std::string& key) {
  const lake::Hour hour = lake::hour_of(object.first_timestamp);
  const lake::ChainHead head{object.chain, object.range.end, key};
  {
    std::lock_guard lock(mutex_);
    const auto [at, is_first] = kept_.try_emplace(object.chain, Kept{head, hour, 0});
    Kept& kept = at->second;
    kept.head = head;
    if (++kept.objects < kObjectsPerHead && kept.hour == hour) return {};
    kept.objects = 0;
    kept.hour = hour;
  }
  SDP_RETURN_IF_ERROR(lake_reader::check_only_layout(store_, places_));
  write(head);
  return {};
}

void HeadKeeper::found(const lake::ChainId& chain, log::Offset end, const std::string& key) {
  write({chain, end, key});
}

void HeadKeeper::flush() {
  std::vector<lake::ChainHead> heads;
  {
    std::lock_guard lock(mutex_);
    for (auto& [chain, kept] : kept_) {
      if (kept.objects > 0) heads.push_back(kept.head);
      kept.objects = 0;
    }
  }
  for (const lake::ChainHead& head : heads) write(head);
}

void HeadKeeper::write(const lake::ChainHead& head) {
  const std::string key = places_.head_key(head.chain);
  const auto written = store_.put_hint(key, to_json(head), "application/json");
  if (written) return;
  diag::log_event("sink.head.not_written", {{"topic", topic_},
                                            {"partition", head.chain.partition},
                                            {"object", key},
                                            {"kind", name(written.error().kind)},
                                            {"message", written.error().message}});
}

}  // namespace sdp::sink
