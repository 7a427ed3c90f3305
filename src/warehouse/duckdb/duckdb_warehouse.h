#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "warehouse/duckdb/connection.h"
#include "warehouse/duckdb/pulled_events.h"
#include "warehouse/duckdb/readers_copy.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// SPOTIFY_DB in one DuckDB file. While it is open no other process can open the file; close() lets go.
class DuckDbWarehouse final : public Warehouse {
 public:
  /// `misconfigured` when the file is not named spotify_db.duckdb, `fenced` when another process has it open.
  /// Makes the file's folder. `clock` outlives the warehouse.
  static Result<std::unique_ptr<DuckDbWarehouse>> open(const duckdb::DuckDbOptions& options, Clock& clock);

  /// The same to be read only, so that copy_for_readers() works.
  static Result<std::unique_ptr<DuckDbWarehouse>> open_to_copy(const duckdb::DuckDbOptions& options,
                                                               Clock& clock);

  /// duckdb::write_readers_copy(), in the session of everything else that is asked: nobody writes in between.
  Result<duckdb::ReadersCopy> copy_for_readers(const std::string& to);

  /// DuckDB's own version, such as "v1.4.2".
  static std::string library_version();

  Result<void> init() override;
  Result<bool> has_ledger() override;
  Result<std::vector<LoadedChain>> loaded_chains() override;
  Result<std::vector<std::string>> loaded_objects() override;
  Result<LoadCounts> load(ObjectSource& objects) override;
  Result<Table> query(std::string_view sql) override;
  Result<void> scan(std::string_view sql, const std::function<Result<void>(RowView)>& visit) override;
  Result<void> scan_side_by_side(std::string_view sql, int threads, const WorkerVisit& visit) override;
  Result<std::optional<std::string>> keep(std::string_view name, std::string_view sql) override;
  Result<void> close() override;
  std::string describe() const override { return "DuckDB " + path_; }
  std::string epoch_ms(std::string_view column) const override;
  std::string epoch_us(std::string_view column) const override;
  std::string catalogued_type(std::string_view type) const override;
  std::string columns_of_view(std::string_view view) const override;
  Result<std::vector<std::string>> functions_in_front() override;

 private:
  DuckDbWarehouse(const duckdb::DuckDbOptions& options, duckdb::Connection connection, Clock& clock);

  Result<duckdb::Connection*> connection();
  Result<LoadCounts> write_objects(duckdb::Connection& connection, ObjectSource& objects);

  void step(std::string_view name) const;

  std::string path_;
  std::function<void(std::string_view)> on_step_;
  std::unique_ptr<duckdb::PulledEvents> pulled_events_;  ///< none when it was opened to be read only
  std::optional<duckdb::Connection> connection_;
  Clock& clock_;
};

}  // namespace sdp::warehouse
