#include "cli/ask.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/terminal_text.h"
#include "cli/data_dir.h"
#include "cli/publish.h"
#include "cli/standard_output.h"
#include "cli/wiring.h"
#include "diag/log.h"
#include "warehouse/duckdb/duckdb_query_session.h"
#include "warehouse/snowflake/snowflake_query_session.h"

namespace sdp::cli {
namespace {

using warehouse::Column;

/// Interrupts what a session does when its time is over or the command is to stop, as long as this lives.
/// More than once: the first time may have come before the engine began.
class Watch {
 public:
  Watch(warehouse::QuerySession& session, const Runtime& runtime, std::chrono::milliseconds limit)
      : session_(session),
        command_(runtime.stop),
        clock_(runtime.clock),
        limit_(limit),
        thread_([this](const std::stop_token& over) { watch(over); }) {}

  bool time_is_over() const { return time_is_over_; }

 private:
  void watch(const std::stop_token& over) {
    constexpr std::chrono::milliseconds kInterval{50};
    const auto deadline = clock_.steady_now() + limit_;
    std::unique_lock lock(mutex_);
    while (!over.stop_requested()) {
      changed_.wait_for(lock, over, kInterval, [] { return false; });
      if (over.stop_requested()) return;
      if (clock_.steady_now() >= deadline) time_is_over_ = true;
      if (time_is_over_ || command_.stop_requested()) session_.interrupt();
    }
  }

  warehouse::QuerySession& session_;
  std::stop_token command_;
  Clock& clock_;
  std::chrono::milliseconds limit_;
  std::atomic<bool> time_is_over_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;  // after all that it uses
};

std::vector<Column> named(std::span<const Column> columns, Names names) {
  std::vector<Column> result(columns.begin(), columns.end());
  if (names == Names::as_they_are) return result;
  for (Column& column : result) column.name = base::upper(column.name);
  return result;
}

/// CSV is exact, but not on a terminal, where text of others would act.
std::string csv_line(warehouse::RowView cells, bool on_terminal) {
  if (!on_terminal) return csv_record(cells);
  std::vector<std::string> texts;
  for (const auto& cell : cells) texts.push_back(base::printable(cell.value_or("")));
  std::vector<std::optional<std::string_view>> shown;
  for (std::size_t at = 0; at < cells.size(); ++at)
    shown.push_back(cells[at] ? std::optional<std::string_view>(texts[at]) : std::nullopt);
  return csv_record(shown);
}

/// Ends a scan without an error of the answer: nobody reads any more.
std::unexpected<Error> nobody_reads() {
  return fail(ErrorKind::cannot_write, "standard output does not accept the result");
}

}  // namespace

void bind_ask(settings::Command& command, AskSettings& settings) {
  command.bind("sql.data", settings.data);
  bind_warehouse(command, settings.warehouse);
  command.bind("publish.folder", settings.warehouse.published);
  command.bind("sql.query-timeout-s", settings.query_timeout);
  command.bind("sql.max-rows", settings.rows_max);
  command.bind("sql.csv", settings.csv);
  command.bind("sql.json", settings.json);
  command.find("sql.csv")->option->excludes(command.find("sql.json")->option);
}

std::optional<std::uint64_t> record_limit(const settings::Command& command, const AskSettings& settings) {
  const bool asked = command.find("sql.max-rows")->origin.kind != settings::Origin::Kind::standard;
  return asked ? std::optional(settings.rows_max) : std::nullopt;
}

Result<AskSettings> finished_settings(const settings::Command& command, AskSettings settings) {
  SDP_TRY(settings.warehouse, finished_warehouse(command, settings.data, std::move(settings.warehouse)));
  return settings;
}

Result<std::unique_ptr<warehouse::QuerySession>> open_query_session(const AskSettings& settings) {
  if (settings.warehouse.is_snowflake()) {
    SDP_TRY(auto options, snowflake_options(settings.warehouse));
    options.statement_timeout = settings.query_timeout;
    SDP_TRY(auto session, warehouse::SnowflakeQuerySession::open(std::move(options)));
    return std::unique_ptr<warehouse::QuerySession>(std::move(session));
  }
  warehouse::duckdb::DuckDbOptions options = duckdb_options(settings.warehouse);
  SDP_TRY(options.path, find_published(settings.warehouse));
  SDP_TRY(auto session, warehouse::DuckDbQuerySession::open(std::move(options)));
  return std::unique_ptr<warehouse::QuerySession>(std::move(session));
}

Result<void> Asking::ask(std::string_view statement, const warehouse::AnswerVisitor& visitor) {
  const auto stopped = [] {
    return fail(ErrorKind::interrupted, "the query was stopped before its answer was complete");
  };
  if (runtime_.stop.stop_requested()) return stopped();
  const Watch watch(session_, runtime_, settings_.query_timeout);
  auto done = session_.ask(statement, visitor);
  if (done || out_has_failed()) return done;
  if (runtime_.stop.stop_requested()) return stopped();
  if (watch.time_is_over()) {
    return fail(ErrorKind::unavailable,
                fmt::format("the query took longer than {} s and was ended; make it smaller, or raise "
                            "--query-timeout",
                            settings_.query_timeout.count()));
  }
  // The engine quotes text of others.
  return std::unexpected(Error{done.error().kind, base::printable(done.error().message)});
}

Result<base::TextTable> Asking::read(std::string_view statement) {
  base::TextTable table;
  SDP_RETURN_IF_ERROR(ask(statement, {.columns =
                                          [&](std::span<const Column> columns) {
                                            for (const Column& column : columns)
                                              table.columns.push_back(column.name);
                                          },
                                      .row = [&](warehouse::RowView row) -> Result<void> {
                                        table.rows.emplace_back(row.begin(), row.end());
                                        return {};
                                      }}));
  return table;
}

Result<void> Asking::print(std::string_view statement, Names names) {
  const bool as_records = settings_.csv || settings_.json;
  auto done = as_records ? print_records(statement, names) : print_table(statement, names);
  if (out_has_failed()) return {};
  return done;
}

Result<void> Asking::print_table(std::string_view statement, Names names) {
  // A plan is drawn by lines.
  const bool is_plan = warehouse::first_word(statement, session_.dialect()) == "EXPLAIN";
  TableAnswer answer({.rows_max = settings_.rows_max},
                     is_plan ? TableAnswer::LineEnds::are_rows : TableAnswer::LineEnds::are_shown);
  SDP_RETURN_IF_ERROR(
      ask(statement,
          {.columns = [&](std::span<const Column> columns) { answer.set_columns(named(columns, names)); },
           .row = [&](warehouse::RowView row) -> Result<void> {
             answer.add(row);
             return {};
           }}));
  const std::string text = answer.text();
  if (text.empty()) return {};
  print_out("{}{}", std::exchange(printed_, true) ? "\n" : "", text);
  flush_out();
  return {};
}

Result<void> Asking::print_records(std::string_view statement, Names names) {
  const bool on_terminal = ::isatty(STDOUT_FILENO) != 0;
  std::vector<Column> columns;
  std::vector<std::string> keys;
  std::uint64_t rows = 0;
  const auto begin = [&](std::span<const Column> found) {
    columns = named(found, names);
    keys = json_keys(columns);
    if (settings_.json) return;
    // An empty line stands between the answers of several statements.
    if (std::exchange(printed_, true)) write_out("\r\n");
    std::vector<std::optional<std::string_view>> header;
    for (const Column& column : columns) header.emplace_back(column.name);
    write_out(csv_line(header, on_terminal));
  };
  const auto print_row = [&](warehouse::RowView row) -> Result<void> {
    if (out_has_failed()) return nobody_reads();
    ++rows;
    if (rows_max_ && rows > *rows_max_) return {};
    write_out(settings_.json ? json_record(keys, columns, row) : csv_line(row, on_terminal));
    return {};
  };
  SDP_RETURN_IF_ERROR(ask(statement, {.columns = begin, .row = print_row}));
  flush_out();
  if (rows_max_ && rows > *rows_max_) diag::log_event("sql.rows_left_out", {{"count", rows - *rows_max_}});
  return {};
}

}  // namespace sdp::cli
