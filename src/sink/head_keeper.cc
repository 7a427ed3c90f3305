#include "sink/head_keeper.h"

#include "base/parallel.h"
#include "diag/log.h"
#include "lake_reader/find_places.h"

namespace sdp::sink {
namespace {

constexpr int kWritesAtATime = 4;

}  // namespace

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

void HeadKeeper::found(const std::vector<lake::ChainHead>& heads) {
  write_all(heads);
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
  write_all(heads);
}

void HeadKeeper::write_all(const std::vector<lake::ChainHead>& heads) {
  const auto write_one = [&](std::size_t i, int) -> Result<void> {
    write(heads[i]);
    return {};
  };
  static_cast<void>(base::in_parallel(kWritesAtATime, heads.size(), write_one).has_value());
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
