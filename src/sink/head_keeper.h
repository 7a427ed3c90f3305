#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lake/chain_head.h"
#include "lake/hour_marker.h"
#include "lake/object_meta.h"
#include "lake/places.h"
#include "store/object_store.h"

namespace sdp::sink {

/// Keeps the hints where the chains of this sink end (docs/formats/chain-head.md): each is written every
/// kObjectsPerHead objects, with the first object of an hour, and by flush(). A failure is logged; nothing
/// depends on a hint. Thread-safe.
class HeadKeeper {
 public:
  static constexpr int kObjectsPerHead = 64;

  /// `store` outlives this.
  HeadKeeper(store::ObjectStore& store, lake::Places places, std::string topic)
      : store_(store), places_(places), topic_(std::move(topic)) {}

  /// An object is durable. When it is time for a hint, the lake's layout is looked at, too: `misconfigured`
  /// when a sink of an older version has begun to write here.
  Result<void> committed(const lake::ObjectMeta& object, const std::string& key);
  /// Where chains were found to end.
  void found(const std::vector<lake::ChainHead>& heads);
  /// Writes what was committed since the last hint of each chain.
  void flush();

 private:
  struct Kept {
    lake::ChainHead head;
    lake::Hour hour;
    int objects = 0;  ///< since the last hint
  };

  void write(const lake::ChainHead& head);
  void write_all(const std::vector<lake::ChainHead>& heads);

  store::ObjectStore& store_;
  const lake::Places places_;
  const std::string topic_;
  std::mutex mutex_;
  std::map<lake::ChainId, Kept> kept_;  // guarded by mutex_
};

}  // namespace sdp::sink
