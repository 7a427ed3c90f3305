#include "warehouse/snowflake/snowflake_warehouse.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <set>
#include <utility>

#include "warehouse/snowflake/read_only.h"
#include "warehouse/snowflake/schema.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {
namespace {

using snowflake::LoadSql;

constexpr int kRunsSweptMax = 50;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::uint64_t number(const std::optional<std::string_view>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

LoadCounts count_missing(std::span<const snowflake::WrittenObject> objects,
                         const std::set<std::string>& loaded) {
  LoadCounts counts;
  for (const auto& [key, meta, too_large] : objects) {
    if (loaded.contains(key)) {
      ++counts.objects_skipped;
    } else {
      count_object(meta, too_large, counts);
    }
  }
  return counts;
}

/// Snowflake's tables have no keys that it would enforce.
Result<void> check_keys_differ(std::span<const snowflake::WrittenObject> objects) {
  std::set<std::string_view> keys;
  for (const auto& object : objects) {
    if (!keys.insert(object.key).second)
      return fail(ErrorKind::fatal, fmt::format("object {} was given twice to one load", object.key));
  }
  return {};
}

}  // namespace

SnowflakeWarehouse::SnowflakeWarehouse(snowflake::SnowflakeOptions options,
                                       adbc::SessionOptions session_options, Clock& clock, std::uint64_t seed)
    : options_(std::move(options)),
      session_options_(std::move(session_options)),
      clock_(clock),
      rng_(seed),
      run_(snowflake::run_name(clock.utc_now(), Rng(seed).next())) {}

Result<std::unique_ptr<SnowflakeWarehouse>> SnowflakeWarehouse::open(
    const snowflake::SnowflakeOptions& options, Clock& clock) {
  SDP_TRY(adbc::SessionOptions session_options, snowflake::session_options(options));
  SDP_RETURN_IF_ERROR(snowflake::check_driver(options));
  return std::unique_ptr<SnowflakeWarehouse>(
      new SnowflakeWarehouse(options, std::move(session_options), clock, random_seed()));
}

Result<adbc::Session*> SnowflakeWarehouse::session() {
  if (!session_) {
    SDP_TRY(session_, adbc::Session::open(session_options_));
  }
  return session_.get();
}

void SnowflakeWarehouse::end_session() {
  if (session_) statements_before_ += session_->statements();
  session_.reset();
}

std::uint64_t SnowflakeWarehouse::statements() const {
  return statements_before_ + (session_ ? session_->statements() : 0);
}

void SnowflakeWarehouse::step(std::string_view name) const {
  if (options_.on_step) options_.on_step(name);
}

Result<void> SnowflakeWarehouse::init() {
  return base::with_retries(options_.retry, clock_, rng_.fork(rng_.next()), [&]() -> Result<void> {
    const auto there = is_there();
    if (!there) end_session();
    if (there && *there) return {};
    // What sign-in or query call missing may be what is to be created.
    if (!there && there.error().kind != ErrorKind::misconfigured) return std::unexpected(there.error());
    end_session();
    return create_all();
  });
}

Result<bool> SnowflakeWarehouse::has_ledger() {
  return base::with_retries(options_.retry, clock_, rng_.fork(rng_.next()), [&]() -> Result<bool> {
    auto there = is_there();
    if (there) return there;
    end_session();
    // What sign-in or query call missing is what init() makes.
    if (there.error().kind == ErrorKind::misconfigured) return false;
    return there;
  });
}

Result<bool> SnowflakeWarehouse::is_there() {
  SDP_TRY(adbc::Session * session, this->session());
  // The lock's row is made last: where it is, everything is. So a role that may create nothing never tries
  // to.
  bool found = false;
  SDP_RETURN_IF_ERROR(session->scan(
      fmt::format("SELECT holder FROM {}.BRONZE.{}", options_.database, snowflake::kLockTable),
      [](const std::vector<std::string>&) {},
      [&](RowView) -> Result<void> {
        found = true;
        return {};
      }));
  return found;
}

Result<void> SnowflakeWarehouse::create_all() {
  // A session of its own: sign-in fails when it names a database that is not there.
  SDP_TRY(const auto session, adbc::Session::open(snowflake::without_database(session_options_)));
  for (const std::string& statement : snowflake::database_statements(options_.database))
    SDP_RETURN_IF_ERROR(session->execute(statement));
  for (const std::string& statement : snowflake::bronze_statements(options_.database))
    SDP_RETURN_IF_ERROR(session->execute(statement));
  return {};
}

Result<std::vector<LoadedChain>> SnowflakeWarehouse::loaded_chains() {
  return read_chains(*this);
}

Result<std::vector<std::string>> SnowflakeWarehouse::loaded_objects() {
  return read_objects(*this);
}

Result<LoadCounts> SnowflakeWarehouse::load(ObjectSource& objects) {
  const std::uint64_t statements_before = statements();
  SDP_TRY(const auto folder, snowflake::StagingFolder::make(options_.staging_folder));
  snowflake::StagingWriter writer(folder.path());
  while (const auto object = objects.next(0)) SDP_RETURN_IF_ERROR(writer.write(*object));
  if (writer.objects().empty()) return LoadCounts{};
  SDP_RETURN_IF_ERROR(writer.finish());
  SDP_RETURN_IF_ERROR(check_keys_differ(writer.objects()));
  step("written");

  const LoadSql sql(options_.database, run_, ++loads_, clock_.utc_now());
  auto counts = base::with_retries(options_.retry, clock_, rng_.fork(rng_.next()), [&] {
    auto tried = try_load(sql, folder.path(), writer);
    // With its session an open transaction ends, and what is in the temporary table.
    if (!tried) end_session();
    return tried;
  });
  if (!counts) return counts;
  sweep_stage();
  counts->statements = statements() - statements_before;
  counts->staging_files = writer.files();
  counts->staging_bytes = writer.bytes();
  return counts;
}

Result<LoadCounts> SnowflakeWarehouse::try_load(const LoadSql& sql, const std::string& folder,
                                                const snowflake::StagingWriter& staged) {
  SDP_TRY(adbc::Session * session, this->session());
  SDP_RETURN_IF_ERROR(fill_staging(*session, sql, folder, staged.lines()));
  SDP_RETURN_IF_ERROR(session->execute("BEGIN TRANSACTION"));
  step("begun");
  SDP_TRY(const LoadCounts counts, insert_staged(*session, sql, staged));
  SDP_RETURN_IF_ERROR(session->execute("COMMIT"));
  step("committed");
  // It is loaded, whatever becomes of its files: the sweep finds those that stay.
  (void)session->execute(sql.remove_files()).has_value();
  step("removed");
  return counts;
}

Result<void> SnowflakeWarehouse::fill_staging(adbc::Session& session, const LoadSql& sql,
                                              const std::string& folder, std::uint64_t lines) {
  SDP_RETURN_IF_ERROR(session.execute(sql.create_staging()));
  SDP_RETURN_IF_ERROR(session.execute(sql.put(folder)));
  step("put");
  std::size_t column = 0;
  std::uint64_t copied = 0;
  SDP_RETURN_IF_ERROR(session.scan(
      sql.copy(),
      [&](const std::vector<std::string>& names) {
        column = static_cast<std::size_t>(std::ranges::find(names, "rows_loaded") - names.begin());
      },
      [&](RowView row) -> Result<void> {
        if (column < row.size()) copied += number(row[column]);
        return {};
      }));
  step("copied");
  if (copied == lines) return {};
  return fail(ErrorKind::fatal, fmt::format("{}: COPY took {} of {} staged lines; nothing was loaded",
                                            describe(), copied, lines));
}

Result<LoadCounts> SnowflakeWarehouse::insert_staged(adbc::Session& session, const LoadSql& sql,
                                                     const snowflake::StagingWriter& staged) {
  SDP_RETURN_IF_ERROR(session.execute(sql.take_lock()));
  step("locked");
  std::set<std::string> loaded;
  SDP_RETURN_IF_ERROR(session.scan(
      sql.select_loaded(), [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        loaded.emplace(row[0].value_or(""));
        return {};
      }));
  const LoadCounts counts = count_missing(staged.objects(), loaded);
  if (counts.objects == 0) return counts;
  SDP_RETURN_IF_ERROR(insert(session, sql.insert_events(), counts.rows, "events"));
  SDP_RETURN_IF_ERROR(insert(session, sql.insert_rejected(), counts.rejected, "rejected events"));
  SDP_RETURN_IF_ERROR(insert(session, sql.insert_ledger(), counts.objects, "ledger rows"));
  return counts;
}

Result<void> SnowflakeWarehouse::insert(adbc::Session& session, const std::string& sql,
                                        std::uint64_t expected, std::string_view what) {
  if (expected == 0) return {};
  SDP_TRY(const std::int64_t inserted, session.execute(sql));
  step(fmt::format("inserted {}", what));
  if (inserted == static_cast<std::int64_t>(expected)) return {};
  return fail(ErrorKind::fatal, fmt::format("{}: {} {} were inserted instead of {}; nothing was loaded",
                                            describe(), inserted, what, expected));
}

void SnowflakeWarehouse::sweep_stage() {
  if (std::exchange(swept_, true) || !session_) return;
  const UtcMillis oldest = clock_.utc_now() - options_.leftovers_age;
  std::set<std::string> old_runs;
  const auto listed = session_->scan(
      snowflake::list_stage(options_.database), [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        const auto run = snowflake::run_of(row[0].value_or(""));
        if (run && run->second < oldest && old_runs.size() < kRunsSweptMax) old_runs.insert(run->first);
        return {};
      });
  if (!listed) return end_session();
  for (const std::string& run : old_runs)
    (void)session_->execute(snowflake::remove_run(options_.database, run)).has_value();
}

Result<void> SnowflakeWarehouse::scan_with_columns(
    std::string_view sql, const std::function<void(std::vector<std::string>)>& columns,
    const std::function<Result<void>(RowView)>& visit) {
  SDP_RETURN_IF_ERROR(snowflake::check_read_only(sql));
  // Tried again only as long as nobody has seen a row.
  bool seen = false;
  return base::with_retries(options_.retry, clock_, rng_.fork(rng_.next()), [&]() -> Result<void> {
    SDP_TRY(adbc::Session * session, this->session());
    auto scanned = session->scan(sql, columns, [&](RowView row) {
      seen = true;
      return visit(row);
    });
    if (scanned || scanned.error().kind != ErrorKind::retry) return scanned;
    end_session();
    if (seen) scanned.error().kind = ErrorKind::unavailable;
    return scanned;
  });
}

Result<void> SnowflakeWarehouse::scan(std::string_view sql,
                                      const std::function<Result<void>(RowView)>& visit) {
  return scan_with_columns(sql, [](const std::vector<std::string>&) {}, visit);
}

Result<Table> SnowflakeWarehouse::query(std::string_view sql) {
  Table table;
  SDP_RETURN_IF_ERROR(scan_with_columns(
      sql, [&](std::vector<std::string> columns) { table.columns = std::move(columns); },
      [&](RowView row) -> Result<void> {
        table.rows.emplace_back(row.begin(), row.end());
        return {};
      }));
  return table;
}

Result<void> SnowflakeWarehouse::close() {
  end_session();
  return {};
}

std::string SnowflakeWarehouse::describe() const {
  return snowflake::describe(options_);
}

std::string SnowflakeWarehouse::epoch_ms(std::string_view column) const {
  return fmt::format("DATE_PART(epoch_millisecond, {})", column);
}

std::string SnowflakeWarehouse::epoch_us(std::string_view column) const {
  return fmt::format(
      "CASE WHEN {0} = DATE_TRUNC('microsecond', {0}) THEN DATE_PART(epoch_microsecond, {0}) END", column);
}

std::string SnowflakeWarehouse::catalogued_type(std::string_view type) const {
  if (type == "VARCHAR" || type == "JSON") return "TEXT";
  if (type == "INTEGER" || type == "BIGINT") return "NUMBER(0)";
  if (type == "DOUBLE") return "FLOAT";
  if (type == "TIMESTAMP") return "TIMESTAMP_NTZ";
  return std::string(type);
}

std::string SnowflakeWarehouse::columns_of_view(std::string_view /*view*/) const {
  return {};
}

}  // namespace sdp::warehouse
