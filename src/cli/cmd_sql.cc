#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <stop_token>
#include <string>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/input_text.h"
#include "cli/standard_output.h"
#include "diag/log.h"
#include "warehouse/sql_text.h"

namespace sdp::cli {
namespace {

constexpr std::size_t kSqlBytesMax = 1 << 20;

struct SqlOptions {
  AskSettings ask;
  std::string query;  ///< of -c
  bool has_query = false;
  std::string file;
};

Result<std::string> read_sql(const SqlOptions& options, const std::stop_token& stop) {
  if (options.has_query) return options.query;
  return read_input(options.file.empty() ? "-" : options.file, kSqlBytesMax,
                    ", too many for a query; is it the right file?", stop);
}

/// Which statement of several an error is about.
Error in_statement(const Error& error, std::size_t number, std::size_t count, std::size_t line) {
  if (count == 1 && line == 1) return error;
  return error.in(fmt::format("statement {} of {}, from line {}", number, count, line));
}

Result<int> run(const SqlOptions& options, const settings::Command& command, const Runtime& runtime) {
  if (!options.has_query && options.file.empty() && ::isatty(STDIN_FILENO) != 0) {
    diag::log_failure(
        "usage", kUsage,
        "no query: give one by -c QUERY, a FILE, or a pipe to standard input; `marts` lists what "
        "there is to ask");
    return kUsage;
  }
  // 1. The whole text, and that nothing in it writes, before any of it runs.
  SDP_TRY(const AskSettings ask, finished_settings(command, options.ask));
  SDP_TRY(const std::string sql, read_sql(options, runtime.stop));
  const auto dialect =
      ask.warehouse.is_snowflake() ? warehouse::Dialect::snowflake : warehouse::Dialect::duckdb;
  SDP_TRY(const auto statements, warehouse::split_statements(sql, dialect));
  if (statements.empty())
    return fail(ErrorKind::bad_input,
                "there is no statement in the query; try -c 'SELECT * FROM MART.TOP_SONGS'");
  std::size_t number = 0;
  for (const auto& [text, line] : statements) {
    ++number;
    if (const auto checked = warehouse::check_reads(text, dialect); !checked)
      return std::unexpected(in_statement(checked.error(), number, statements.size(), line));
  }
  // 2. One statement after another.
  SDP_TRY(const auto session, open_query_session(ask));
  Asking asking(*session, ask, record_limit(command, ask), runtime);
  number = 0;
  for (const auto& [text, line] : statements) {
    ++number;
    if (const auto printed = asking.print(text, Names::as_they_are); !printed)
      return std::unexpected(in_statement(printed.error(), number, statements.size(), line));
    if (out_has_failed()) break;
  }
  return 0;
}

}  // namespace

void define_sql(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<SqlOptions>();
  auto& command = commands.add_reader(
      commands.parser(), "sql", "Ask the marts in SQL, with statements that only read",
      "  spotify-pipeline sql --data data -c 'SELECT * FROM MART.TOP_SONGS'  the marts that `run` has made\n"
      "  spotify-pipeline sql -c 'SELECT * FROM MART.TOP_SONGS'              those that `transform` has "
      "made\n"
      "  spotify-pipeline sql --csv queries.sql > songs.csv                  the statements of a file\n"
      "  echo 'SHOW TABLES' | spotify-pipeline sql                           from a pipe");
  command.bind("sql.command", options->query);
  bind_ask(command, options->ask);
  auto* file = command.parser().add_option("file", options->file,
                                           "File of statements, when there is no -c; else standard input");
  file->excludes(command.find("sql.command")->option);
  command.when_chosen([options, &command, &action] {
    options->has_query = command.find("sql.command")->option->count() > 0;
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
