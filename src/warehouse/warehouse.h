#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text_table.h"
#include "lake/line.h"
#include "lake/object_meta.h"

namespace sdp::warehouse {

/// An object that is ready to load: its key, checked metadata, and decompressed lines.
struct FetchedObject {
  std::string key;
  lake::ObjectMeta meta;
  std::string lines;
};

/// The objects of one load, which a warehouse takes as it gets to them, so that a load may be larger than
/// memory. Any thread may take, one object at a time.
class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  /// Nothing after the last. `held_bytes`: the lines of earlier objects that the warehouse keeps until its
  /// transaction ends; a source may end early for it.
  virtual std::optional<FetchedObject> next(std::size_t held_bytes) = 0;
};

struct LoadCounts {
  std::uint64_t objects = 0;
  std::uint64_t rows = 0;
  std::uint64_t rejected = 0;
  /// Objects which the ledger had already: nothing was done for them.
  std::uint64_t objects_skipped = 0;
  /// What a remote warehouse was asked for this: statements in all, and files that were put on its stage. A
  /// warehouse in the process counts none.
  std::uint64_t statements = 0;
  std::uint64_t staging_files = 0;
  std::uint64_t staging_bytes = 0;  ///< before compression
};

/// The ledger's view of one chain: loaded without a hole up to `end` (exclusive).
struct LoadedChain {
  lake::ChainId chain;
  log::Offset start = 0;
  log::Offset end = 0;
};

/// A query's answer as text, for printing and for verification; NULL is nothing.
using Table = base::TextTable;

/// One row of a scan: a value's text, or nothing for NULL. Integers in decimal, timestamps as integers only
/// if the SQL says so (epoch_ms), booleans `true` and `false`. Views are valid during the call.
using CellView = std::optional<std::string_view>;
using RowView = std::span<const CellView>;
using WorkerVisit = std::function<Result<void>(int worker, RowView)>;

/// Database SPOTIFY_DB, schemas BRONZE, TRANSFORM, MART. Owned by one thread.
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  /// Creates database, schemas, bronze tables and ledger where they are missing.
  virtual Result<void> init() = 0;
  /// Whether init() has made the ledger, without which nothing was ever loaded. Read-only.
  virtual Result<bool> has_ledger() = 0;
  virtual Result<std::vector<LoadedChain>> loaded_chains() = 0;
  virtual Result<std::vector<std::string>> loaded_objects() = 0;
  /// Rows, rejected rows and ledger rows of all objects in one transaction. Objects in the ledger are
  /// skipped. On error nothing of this call is in the warehouse.
  virtual Result<LoadCounts> load(ObjectSource& objects) = 0;
  /// Read-only.
  virtual Result<Table> query(std::string_view sql) = 0;
  /// Read-only, like query, but handed over row by row and never held in memory as a whole: what verify reads
  /// tables of any size with.
  virtual Result<void> scan(std::string_view sql, const std::function<Result<void>(RowView)>& visit) = 0;
  /// The same for a visitor that up to `threads` threads may call at the same time, each with a `worker` of
  /// its own in [0, threads). Rows come in no order.
  virtual Result<void> scan_side_by_side(std::string_view sql, [[maybe_unused]] int threads,
                                         const WorkerVisit& visit) {
    return scan(sql, [&](RowView row) { return visit(0, row); });
  }
  /// Runs a query and keeps its rows for this session, outside the database: what to name in a FROM to read
  /// them, until close() or until another query is kept as `name`. Nothing where the warehouse cannot keep
  /// rows without writing to somebody's schema. Read-only.
  virtual Result<std::optional<std::string>> keep([[maybe_unused]] std::string_view name,
                                                  [[maybe_unused]] std::string_view sql) {
    return std::nullopt;
  }
  /// Closes files and connections so that another process (dbt) can open them.
  virtual Result<void> close() = 0;

  virtual std::string describe() const = 0;

  /// SQL: a TIMESTAMP as whole milliseconds since 1970 UTC. Where else the warehouses' SQL differs, see
  /// docs/formats/bronze-tables.md.
  virtual std::string epoch_ms(std::string_view column) const = 0;
  /// SQL: a TIMESTAMP as whole microseconds since 1970 UTC; NULL for one that is finer than that.
  virtual std::string epoch_us(std::string_view column) const = 0;
  /// How information_schema.columns names the type that docs/formats call `type`; a NUMBER with its scale,
  /// `NUMBER(0)`.
  virtual std::string catalogued_type(std::string_view type) const = 0;
  /// SQL: name and type of each column that a view has now, where the catalogue remembers what it had when it
  /// was made. Empty where the warehouse refuses to read a view that differs from the catalogue.
  virtual std::string columns_of_view(std::string_view view) const = 0;
  /// Names of functions that somebody made, and that statements find instead of the warehouse's own.
  /// Read-only.
  virtual Result<std::vector<std::string>> functions_in_front() { return std::vector<std::string>(); }
};

// What the ledger holds, as every warehouse answers it by its scan.
Result<std::vector<LoadedChain>> read_chains(Warehouse& warehouse);
Result<std::vector<std::string>> read_objects(Warehouse& warehouse);

/// Objects that are in memory already, one after another.
class HeldObjects final : public ObjectSource {
 public:
  /// `objects` outlive this.
  explicit HeldObjects(std::span<const FetchedObject> objects) : objects_(objects) {}

  std::optional<FetchedObject> next(std::size_t held_bytes) override;

 private:
  std::mutex mutex_;
  std::span<const FetchedObject> objects_;
};

/// One load of objects that are in memory already.
Result<LoadCounts> load_objects(Warehouse& warehouse, std::span<const FetchedObject> objects);

}  // namespace sdp::warehouse
