#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/publish.h"
#include "warehouse/sql_text.h"

namespace sdp::cli {
namespace {

struct MartsOptions {
  AskSettings ask;
  std::string mart;
};

struct Mart {
  std::string name;  ///< as the warehouse has it
  std::size_t columns = 0;
};

struct Catalogue {
  std::vector<Mart> marts;  ///< by name
  bool has_ledger = false;  ///< of transforms, which says of when the marts are
};

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

/// A mart's full name in SQL.
std::string name_in_sql(std::string_view mart) {
  return "MART." + warehouse::sql_identifier(mart);
}

Result<Catalogue> read_catalogue(Asking& asking) {
  SDP_TRY(const auto columns, asking.read(R"(
SELECT UPPER(table_schema), table_name
FROM information_schema.columns
WHERE
    UPPER(table_schema) = 'MART'
    OR (UPPER(table_schema) = 'TRANSFORM' AND UPPER(table_name) = 'TRANSFORM_LEDGER')
ORDER BY UPPER(table_name), table_name)"));
  Catalogue catalogue;
  for (const auto& row : columns.rows) {
    const std::string name = row[1].value_or("");
    if (row[0] != "MART") {
      catalogue.has_ledger = true;
    } else if (!catalogue.marts.empty() && catalogue.marts.back().name == name) {
      ++catalogue.marts.back().columns;
    } else {
      catalogue.marts.push_back({name, 1});
    }
  }
  return catalogue;
}

std::string list_sql(const Catalogue& catalogue, warehouse::Dialect dialect) {
  std::vector<std::string> counts;
  for (const Mart& mart : catalogue.marts) {
    counts.push_back(fmt::format("SELECT {} AS mart, COUNT(*) AS row_count FROM {}",
                                 warehouse::sql_literal(upper_case(mart.name), dialect),
                                 name_in_sql(mart.name)));
  }
  const std::string_view as_of = catalogue.has_ledger
                                     ? "SELECT MAX(transformed_at) AS as_of FROM TRANSFORM.TRANSFORM_LEDGER"
                                     : "SELECT CAST(NULL AS TIMESTAMP) AS as_of";
  return fmt::format(
      "SELECT mart, row_count, as_of FROM ({}) AS counted CROSS JOIN ({}) AS transformed ORDER BY mart",
      fmt::join(counts, " UNION ALL "), as_of);
}

/// What people look for first, as the project declares it and a publication says; otherwise all columns.
std::string order_of(const WarehouseSettings& warehouse, const Mart& mart) {
  std::string order = published_order(warehouse, upper_case(mart.name));
  if (!order.empty()) return order;
  return fmt::format("{}", fmt::join(std::views::iota(std::size_t{1}, mart.columns + 1), ", "));
}

Result<std::string> mart_sql(const Catalogue& catalogue, const WarehouseSettings& warehouse,
                             std::string_view wanted) {
  const auto at = std::ranges::find(catalogue.marts, upper_case(wanted),
                                    [](const Mart& mart) { return upper_case(mart.name); });
  if (at == catalogue.marts.end()) {
    const auto names =
        catalogue.marts | std::views::transform([](const Mart& mart) { return upper_case(mart.name); });
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no mart {}; there are {}", wanted, fmt::join(names, ", ")));
  }
  return fmt::format("SELECT * FROM {} ORDER BY {}", name_in_sql(at->name), order_of(warehouse, *at));
}

Result<int> run(const MartsOptions& options, const settings::Command& command, const Runtime& runtime) {
  SDP_TRY(const AskSettings ask, finished_settings(command, options.ask));
  SDP_TRY(const auto session, open_query_session(ask));
  Asking asking(*session, ask, record_limit(command, ask), runtime);
  SDP_TRY(const Catalogue catalogue, read_catalogue(asking));
  if (catalogue.marts.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: there are no marts yet; run `transform` first", session->describe()));
  }
  std::string sql = list_sql(
      catalogue, ask.warehouse.is_snowflake() ? warehouse::Dialect::snowflake : warehouse::Dialect::duckdb);
  if (!options.mart.empty()) {
    SDP_TRY(sql, mart_sql(catalogue, ask.warehouse, options.mart));
  }
  SDP_RETURN_IF_ERROR(asking.print(sql, Names::in_upper_case));
  return 0;
}

}  // namespace

void define_marts(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<MartsOptions>();
  auto& command =
      commands.add_reader(commands.parser(), "marts",
                          "List the marts with their number of rows and the time of their last transform; "
                          "with a name, print that mart",
                          "  spotify-pipeline marts --data data              the marts that `run` has made\n"
                          "  spotify-pipeline marts top_songs --max-rows 10  the ten most played songs, of "
                          "`transform`");
  command.parser().add_option("name", options->mart, "Name of a mart, in upper or lower case");
  bind_ask(command, options->ask);
  command.when_chosen([options, &command, &action] {
    action = [options, &command](const Runtime& runtime) { return run(*options, command, runtime); };
  });
}

}  // namespace sdp::cli
