#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/rng.h"
#include "warehouse/adbc/session.h"
#include "warehouse/snowflake/load_sql.h"
#include "warehouse/snowflake/options.h"
#include "warehouse/snowflake/staging_writer.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// SPOTIFY_DB on Snowflake. One session, opened when it is first needed and again after it was lost. A load
/// costs about a dozen statements, however many objects it has: they go as a few files to the internal stage,
/// from there by COPY into a temporary table, and from that, in one transaction under the loaders' lock, into
/// bronze and ledger. Temporary errors are retried, bounded, as a whole load, which the ledger makes safe.
///
/// What `scan` may ask, to be understood by both warehouses: plain SELECTs with standard functions, names
/// without quotes (BRONZE.X, TRANSFORM.X, MART.X), epoch_ms() of the port for timestamps, CAST(day AS
/// VARCHAR) for dates. Column names come in upper case. Numbers come as decimals without a fraction where the
/// column has none; sums of integers are integers.
///
/// The driver brings the Go runtime into the process: never go on after fork() once one of these was used.
class SnowflakeWarehouse final : public Warehouse {
 public:
  /// `misconfigured` for settings that are missing or a driver that is not there; nothing is sent yet.
  /// `clock` outlives the warehouse.
  static Result<std::unique_ptr<SnowflakeWarehouse>> open(const snowflake::SnowflakeOptions& options,
                                                          Clock& clock);

  /// One query when everything is there already.
  Result<void> init() override;
  Result<bool> has_ledger() override;
  Result<std::vector<LoadedChain>> loaded_chains() override;
  Result<std::vector<std::string>> loaded_objects() override;
  Result<LoadCounts> load(ObjectSource& objects) override;
  Result<Table> query(std::string_view sql) override;
  Result<void> scan(std::string_view sql, const std::function<Result<void>(RowView)>& visit) override;
  /// Ends the session. The next call would open another.
  Result<void> close() override;
  std::string describe() const override;
  std::string epoch_ms(std::string_view column) const override;
  std::string epoch_us(std::string_view column) const override;
  std::string catalogued_type(std::string_view type) const override;
  std::string columns_of_view(std::string_view view) const override;

 private:
  SnowflakeWarehouse(snowflake::SnowflakeOptions options, adbc::SessionOptions session_options, Clock& clock,
                     std::uint64_t seed);

  Result<adbc::Session*> session();
  void end_session();
  std::uint64_t statements() const;
  Result<bool> is_there();
  Result<void> create_all();
  Result<void> scan_with_columns(std::string_view sql,
                                 const std::function<void(std::vector<std::string>)>& columns,
                                 const std::function<Result<void>(RowView)>& visit);

  /// The whole of a load from the staging files on.
  Result<LoadCounts> try_load(const snowflake::LoadSql& sql, const std::string& folder,
                              const snowflake::StagingWriter& staged);
  Result<void> fill_staging(adbc::Session& session, const snowflake::LoadSql& sql, const std::string& folder,
                            std::uint64_t lines);
  Result<LoadCounts> insert_staged(adbc::Session& session, const snowflake::LoadSql& sql,
                                   const snowflake::StagingWriter& staged);
  Result<void> insert(adbc::Session& session, const std::string& sql, std::uint64_t expected,
                      std::string_view what);
  /// Files of loaders that died long ago. What cannot be removed now is left to the next loader.
  void sweep_stage();
  void step(std::string_view name) const;

  const snowflake::SnowflakeOptions options_;
  const adbc::SessionOptions session_options_;
  Clock& clock_;
  Rng rng_;
  const std::string run_;
  std::unique_ptr<adbc::Session> session_;
  std::uint64_t statements_before_ = 0;  ///< of sessions that ended
  int loads_ = 0;
  bool swept_ = false;
};

}  // namespace sdp::warehouse
