#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/decode.h"
#include "lake/chain.h"
#include "lake/layout.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "log/memory/memory_log.h"
#include "store/object_store.h"
#include "verify/verify.h"
#include "warehouse/warehouse.h"

namespace sdp::testing {

/// A store whose objects a test may change behind everybody's back.
class EditableStore final : public store::ObjectStore {
 public:
  std::map<std::string, store::Object> objects;

  Result<bool> ensure_bucket() override { return false; }
  Result<store::PutOutcome> put_new(std::string_view key, const store::Body& body,
                                    const store::Metadata& metadata, std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<store::Object> get(std::string_view key) override;
  Result<std::optional<store::ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix,
                    const std::function<bool(const store::ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override { return "a store that can be changed"; }
};

struct WorldSpec {
  std::uint64_t seed = 1;
  log::Partition partitions = 3;
  int records = 900;
  int object_records_max = 60;
  lake::Compression compression = lake::Compression::none;
  bool large = false;  ///< some records whose lines are too large for bronze
  bool odd = true;     ///< rejected records, duplicates, headers, binary keys, line breaks
};

/// What became of a record, as the generator meant it.
struct Fact {
  lake::ChainId chain;
  log::Offset offset = 0;
  UtcMillis timestamp;
  std::string object_key;
  std::optional<lake::RejectCode> by_sink;
  event::Faults by_silver;
  event::ListeningEvent event;  ///< of a valid one
  const Fact* duplicate_of = nullptr;

  bool kept() const { return !by_sink && by_silver.empty() && !duplicate_of; }
};

/// A whole pipeline's end state, made without sink, load and dbt: a log and its witness, a lake, and a
/// warehouse whose silver and marts were written from what the generator knows. A copy can be spoilt and
/// verified.
class World {
 public:
  World(const WorldSpec& spec, std::filesystem::path folder);

  /// Makes objects of everything in the log that is not in the lake yet, and loads and transforms all.
  void sink();
  void load();
  void transform();
  /// Takes an object out of the warehouse's bronze, and its records out of what silver and marts are made of.
  void unload(const std::string& key);

  /// A copy of the data on disk and of the store, sharing the log.
  std::unique_ptr<World> copy(const std::filesystem::path& folder) const;

  void sql(const std::string& statements);
  verify::Report verify(bool allow_pending = false, bool live_log = false, int threads = 2);
  Result<verify::Report> try_verify(bool allow_pending = false, bool live_log = false, int threads = 2);
  /// The same with a look at log and lake ahead; `since` happens between it and the warehouse.
  verify::Report verify_early(const std::function<void()>& since);

  std::filesystem::path witness_root() const { return folder_ / "log"; }
  std::vector<std::string> object_keys() const;
  /// Applies `edit` to the lines of an object and stores it again, with counts, times and hash made to fit.
  void edit_lines(const std::string& key, const std::function<void(std::vector<std::string>&)>& edit);
  const Fact& first(const std::function<bool(const Fact&)>& which) const;

  EditableStore store;
  std::shared_ptr<log::MemoryLog> log;
  log::TopicInfo topic;
  std::vector<std::unique_ptr<Fact>> facts;
  std::filesystem::path recounts;  ///< of verify; none when empty
  bool strict = false;
  std::string loaded_meanwhile;  ///< key of an object that is loaded once verify has read the ledger
  std::filesystem::path folder_;
  WorldSpec spec_;

 private:
  World() = default;
  void produce();
  void witness();
  void sink_partition(log::Partition partition, Rng& rng);
  void close_hours(log::Partition partition);
  warehouse::FetchedObject fetched(const std::string& key) const;
  std::string warehouse_path() const { return (folder_ / "spotify_db.duckdb").string(); }
};

}  // namespace sdp::testing
