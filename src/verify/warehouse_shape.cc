#include "verify/warehouse_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "diag/progress.h"
#include "event/fields.h"
#include "event/schema.h"
#include "verify/table_rows.h"
#include "verify/tables.h"

namespace sdp::verify {
namespace {

Stage stage_of(std::string_view table) {
  if (table.starts_with("BRONZE.")) return Stage::bronze;
  return table.starts_with("MART.") ? Stage::marts : Stage::silver;
}

/// What dbt makes on its way and removes again, or leaves when it is killed.
bool is_of_a_killed_run(std::string_view table) {
  return table.contains("__DBT_");
}

/// The rule of a field as dbt notes it; its first version has no number.
std::string definition_of(const event::Field& field, int rule) {
  return fmt::format("{}{} {}{}{}", event::name(field.type), rule > 1 ? fmt::format("/{}", rule) : "",
                     field.required ? "required" : "optional", field.choices.empty() ? "" : " ",
                     fmt::join(field.choices, " "));
}

/// Whether a text is the rule of a field in this or an earlier version, which can have known fewer words.
bool is_definition_of(const event::Field& field, int rule, std::string_view text) {
  if (rule < 1 || rule > field.rule) return false;
  const std::string wanted = definition_of(field, rule);
  return text == wanted || (rule < field.rule && !field.choices.empty() && wanted.starts_with(text) &&
                            text.size() > wanted.find(' ') && wanted[text.size()] == ' ');
}

/// The version of the rule in such a text; nothing when it is none.
std::optional<int> rule_version(std::string_view definition) {
  const std::string_view type = definition.substr(0, definition.find(' '));
  const auto slash = type.find('/');
  if (slash == std::string_view::npos) return 1;
  int version = 0;
  const auto [end, error] = std::from_chars(type.data() + slash + 1, type.data() + type.size(), version);
  if (error != std::errc{} || end != type.data() + type.size()) return std::nullopt;
  return version;
}

class PartsReader {
 public:
  explicit PartsReader(Findings& findings) : findings_(findings) {}

  void row(warehouse::RowView row) {
    const std::string kind(row[0].value_or(""));
    const std::string name(row[1].value_or(""));
    if (!seen_.emplace(kind, name).second) wrong(kind, name, "stands there twice");
    if (kind == "field") return field(name, row);
    if (kind == "mapping") {
      if (name != "mapping" || !row[2] || row[3]) wrong(kind, name, "is not as a batch writes it");
      parts_.mapping = row[2].value_or("");
      return;
    }
    if (row[2]) wrong(kind, name, fmt::format("has the definition {}", shown(row[2])));
    if (kind == "mart") {
      const auto rows = integer_of(row[3]);
      if (!rows) wrong(kind, name, fmt::format("has {} rows", shown(row[3])));
      parts_.marts[name] = rows.value_or(0);
    } else if (kind == "model") {
      if (row[3]) wrong(kind, name, fmt::format("has {} rows", shown(row[3])));
      parts_.models.insert(name);
    } else if (kind == "open") {
      parts_.open = true;
      if (row[3]) wrong(kind, name, fmt::format("has {} rows", shown(row[3])));
    } else {
      wrong(kind, name, "is of no known kind");
    }
  }

  ClosedParts finish() {
    for (const event::Field& field : event::kFields) {
      const auto noted = rules_.find(field.name);
      if (field.rule > (noted == rules_.end() ? 1 : noted->second)) parts_.widened.emplace(field.name);
    }
    // Before its first batch closes, a warehouse has only the fields of an earlier version, without rules.
    if (!parts_.closed()) return std::move(parts_);
    for (const event::Field& field : event::kFields) {
      if (!seen_.contains({"field", std::string(field.name)})) {
        findings_.pending_item(Stage::silver, "event field that the last closed batch did not know",
                               std::string(field.name));
      } else if (parts_.widened.contains(field.name)) {
        findings_.pending_item(Stage::silver,
                               "event field whose rule admits more since the last closed batch",
                               std::string(field.name));
      }
    }
    for (const std::string& text : fields_) findings_.item(Stage::silver, kWrong, text);
    return std::move(parts_);
  }

 private:
  static constexpr std::string_view kWrong = "wrong row in TRANSFORM_PARTS";

  void field(const std::string& name, warehouse::RowView row) {
    const auto known = std::ranges::find(event::kFields, name, &event::Field::name);
    if (known == event::kFields.end()) {
      fields_.push_back(fmt::format("field {}: there is no such field", name));
      return;
    }
    const auto version = row[2] ? rule_version(*row[2]) : std::nullopt;
    if (version) rules_[name] = *version;
    if (!version || !is_definition_of(*known, *version, *row[2])) {
      fields_.push_back(fmt::format("field {}: its rule is {} instead of '{}'", name, shown(row[2]),
                                    definition_of(*known, known->rule)));
    } else if (row[3]) {
      fields_.push_back(fmt::format("field {}: has {} rows", name, shown(row[3])));
    }
  }

  void wrong(const std::string& kind, const std::string& name, std::string_view why) {
    findings_.item(Stage::silver, kWrong, fmt::format("{} {}: {}", kind, name, why));
  }

  Findings& findings_;
  ClosedParts parts_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::vector<std::string> fields_;
  std::map<std::string, int, std::less<>> rules_;  // the versions that the fields' rules had
};

class ShapeCheck {
 public:
  ShapeCheck(WarehouseShape& shape, const ClosedParts& parts, warehouse::Warehouse& warehouse,
             Findings& findings)
      : shape_(shape), parts_(parts), warehouse_(warehouse), findings_(findings) {}

  Result<void> run(std::span<const ProofLine> list) {
    std::map<std::string, std::map<std::string, std::string>> wanted;
    for (const ProofLine& line : list) {
      if (line.type.empty()) continue;
      wanted[line.place][base::upper(line.part)] = warehouse_.catalogued_type(line.type);
    }
    for (const std::string& name : shape_.spelled_otherwise) {
      findings_.item(stage_of(base::upper(name)), "name that differs from another only in its case", name);
    }
    SDP_TRY(shape_.has_closed, parts_.closed() ? Result<bool>(true) : has_rows(kTransformLedger));
    for (const auto& [table, columns] : wanted) SDP_RETURN_IF_ERROR(compare(table, columns));
    compare_with_parts();
    for (const auto& [table, columns] : shape_.tables) {
      if (table.starts_with("BRONZE.") && std::ranges::find(list, table, &ProofLine::place) == list.end()) {
        findings_.item(Stage::bronze, "table that the loader does not make", table);
      }
    }
    for (const std::string& view : shape_.views) SDP_RETURN_IF_ERROR(probe(view));
    return look_for_functions();
  }

 private:
  using Columns = std::map<std::string, std::string>;

  Result<void> compare(const std::string& table, const Columns& wanted) {
    const auto found = shape_.tables.find(table);
    if (found == shape_.tables.end()) return missing(table);
    for (const auto& [column, type] : wanted) {
      const auto at = found->second.find(column);
      if (at == found->second.end()) {
        broken(table, "missing column", fmt::format("{}.{}", table, column));
      } else if (at->second != type) {
        broken(table, "column of another type",
               fmt::format("{}.{} is {} instead of {}", table, column, at->second, type));
      }
    }
    for (const auto& [column, type] : found->second) {
      if (wanted.contains(column)) continue;
      findings_.item(stage_of(table), "column that should not be there", fmt::format("{}.{}", table, column));
    }
    return compare_texts(table, wanted);
  }

  /// Columns can have a collation, which the catalogue need not tell: then texts that differ are equal to
  /// whoever compares or groups them, a recount too. A text is compared with others beside no row of the
  /// table.
  Result<void> compare_texts(const std::string& table, const Columns& wanted) {
    const std::string text = warehouse_.catalogued_type("VARCHAR");
    std::vector<std::string> names;
    for (const auto& [column, type] : wanted) {
      if (type == text) names.push_back(column);
    }
    if (names.empty() || shape_.broken.contains(table)) return {};
    std::vector<std::string> equal;
    for (const std::string& name : names) {
      // In capitals, without its accent, with the accent in the letter, and in the order of a dictionary.
      equal.push_back(
          fmt::format("CASE WHEN {0} = 'AE\u0301' OR {0} = 'ae' OR {0} = 'a\u00e9' OR {0} < 'B' THEN "
                      "1 ELSE 0 END",
                      name));
    }
    const auto found = warehouse_.query(
        fmt::format("SELECT {} FROM (SELECT {} FROM {} WHERE 1 = 0 UNION ALL SELECT {}) AS probe",
                    fmt::join(equal, ", "), fmt::join(names, ", "), table,
                    fmt::join(std::vector<std::string>(names.size(), "'ae\u0301'"), ", ")));
    if (!found) {
      // A view that cannot be read is named by probe().
      const bool is_told =
          is_about_the_table(found.error()) || found.error().kind == ErrorKind::misconfigured;
      return is_told ? Result<void>() : std::unexpected(found.error());
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (found->rows.at(0).at(i) == "0") continue;
      broken(table, "column whose texts are not compared byte by byte",
             fmt::format("{}.{}", table, names[i]));
    }
    return {};
  }

  Result<void> missing(const std::string& table) {
    shape_.broken.insert(table);
    // A mart is named by check_catalogue, a model of the last batch below.
    if (table.starts_with("MART.") || parts_.models.contains(table)) return {};
    SDP_TRY(const bool was_there, was_made(table));
    if (was_there) {
      findings_.item(stage_of(table), "missing table", table);
      return {};
    }
    // A warehouse that an earlier version transformed has neither; check_catalogue notes the first, and the
    // second is missed when something is rejected.
    if (table == kTransformParts || (table == kFaults && shape_.has(kRejected))) return {};
    findings_.pending_item(stage_of(table), "table not made yet", table);
    return {};
  }

  /// Whether something is there that could not be without the table: then it was lost. The loader makes its
  /// tables together, before it loads; every version's first batch made silver before marts.
  Result<bool> was_made(std::string_view table) const {
    const auto any = [&](auto matches) { return std::ranges::any_of(shape_.tables, matches); };
    if (table.starts_with("BRONZE.")) {
      if (any([](const auto& one) { return is_of_a_model(one.first); })) return true;
      for (const std::string_view other : kBronzeTables) {
        SDP_TRY(const bool loaded, has_rows(other));
        if (loaded) return true;
      }
      return false;
    }
    if (table == kTransformLedger) return parts_.closed();
    if (table == kSilver && any([](const auto& one) { return one.first.starts_with("MART."); })) return true;
    return shape_.has_closed && (table == kSilver || table == kDuplicates || table == kRejected);
  }

  /// dbt makes these two before its models, whatever becomes of those.
  static bool is_of_a_model(std::string_view table) {
    return table.starts_with("MART.") ||
           (table.starts_with("TRANSFORM.") && table != kTransformLedger && table != kTransformParts);
  }

  Result<bool> has_rows(std::string_view table) const {
    if (!shape_.has(table)) return false;
    const auto found = warehouse_.query(fmt::format("SELECT 1 FROM {} LIMIT 1", table));
    if (found) return !found->rows.empty();
    // A table that cannot be read is named by whoever reads it.
    return is_about_the_table(found.error()) ? Result<bool>(true) : std::unexpected(found.error());
  }

  void compare_with_parts() {
    if (!parts_.closed()) return;
    for (const std::string& model : parts_.models) {
      if (shape_.has(model)) continue;
      broken(model, "missing table", model);
    }
    for (const auto& [table, columns] : shape_.tables) {
      const bool ledger = table == kTransformParts || table == kTransformLedger;
      if (!table.starts_with("TRANSFORM.") || ledger || is_of_a_killed_run(table) ||
          parts_.models.contains(table)) {
        continue;
      }
      if (parts_.open) {
        findings_.pending_item(Stage::silver, "table of a batch that is not closed", table);
        continue;
      }
      findings_.item(Stage::silver, "table of schema TRANSFORM that the last closed batch did not make",
                     table);
    }
  }

  /// One of these would be what models and recounts call.
  Result<void> look_for_functions() {
    SDP_TRY(const std::vector<std::string> names, warehouse_.functions_in_front());
    for (const std::string& name : names)
      findings_.item(Stage::silver, "function in place of the warehouse's own", name);
    return {};
  }

  /// The catalogue may remember columns of a view whose tables are gone.
  Result<void> probe(const std::string& view) {
    if (shape_.broken.contains(view)) return {};
    const auto read = warehouse_.query(fmt::format("SELECT * FROM {} LIMIT 0", view));
    if (read) return {};
    // A table that is gone is a name that does not exist.
    if (!is_about_the_table(read.error()) && read.error().kind != ErrorKind::misconfigured)
      return std::unexpected(read.error());
    broken(view, "view that cannot be read", fmt::format("{}: {}", view, read.error().message));
    return {};
  }

  void broken(const std::string& table, std::string_view kind, std::string named) {
    shape_.broken.insert(table);
    findings_.item(stage_of(table), kind, std::move(named));
  }

  WarehouseShape& shape_;
  const ClosedParts& parts_;
  warehouse::Warehouse& warehouse_;
  Findings& findings_;
};

}  // namespace

bool WarehouseShape::has_column(std::string_view table, std::string_view column) const {
  const auto found = tables.find(table);
  return found != tables.end() && found->second.contains(base::upper(column));
}

std::string_view WarehouseShape::broken_in(std::string_view sql) const {
  const std::string text = base::upper(sql);
  for (const std::string& table : broken) {
    for (auto at = text.find(table); at != std::string::npos; at = text.find(table, at + 1)) {
      const char next = at + table.size() < text.size() ? text[at + table.size()] : ' ';
      // The name may only be the beginning of a longer one.
      if (std::isalnum(static_cast<unsigned char>(next)) == 0 && next != '_') return table;
    }
  }
  return {};
}

bool is_about_the_table(const Error& error) {
  // What memory, rights, files and networks refuse has kinds of its own.
  return error.kind == ErrorKind::fatal;
}

namespace {

/// Apart from those of other workers, or each count would wait for theirs.
struct alignas(64) RowsOfWorker {
  std::uint64_t seen = 0;
};

}  // namespace

Result<void> scan_table(warehouse::Warehouse& warehouse, WarehouseShape& shape, std::string_view table,
                        std::string_view sql, const std::function<void(warehouse::RowView)>& visit,
                        Findings& findings) {
  return scan_table_side_by_side(
      warehouse, shape, table, sql, 1, [&](int, warehouse::RowView row) { visit(row); }, findings);
}

Result<void> scan_table_side_by_side(warehouse::Warehouse& warehouse, WarehouseShape& shape,
                                     std::string_view table, std::string_view sql, int threads,
                                     const std::function<void(int, warehouse::RowView)>& visit,
                                     Findings& findings) {
  if (!shape.usable(table)) return {};
  const std::string of = fmt::format("verify: {}", table);
  diag::Progress progress(of, "rows", 0);
  std::vector<RowsOfWorker> rows(static_cast<std::size_t>(threads));
  auto scanned =
      warehouse.scan_side_by_side(sql, threads, [&](int worker, warehouse::RowView row) -> Result<void> {
        visit(worker, row);
        if (++rows[static_cast<std::size_t>(worker)].seen % diag::Progress::kToldAtOnce == 0)
          progress.add(diag::Progress::kToldAtOnce);
        return {};
      });
  if (scanned || !is_about_the_table(scanned.error())) return scanned;
  shape.broken.emplace(table);
  findings.item(stage_of(table), "table that cannot be read",
                fmt::format("{}: {}", table, scanned.error().message));
  return {};
}

namespace {

/// A view reads what its tables have now; the catalogue may still say what they had when the view was made.
Result<void> read_views(WarehouseShape& shape, warehouse::Warehouse& warehouse) {
  for (const std::string& view : shape.views) {
    const std::string sql = warehouse.columns_of_view(view);
    if (sql.empty()) continue;
    std::map<std::string, std::string> columns;
    auto read = warehouse.scan(sql, [&](warehouse::RowView row) -> Result<void> {
      columns[base::upper(row[0].value_or(""))] = row[1].value_or("");
      return {};
    });
    if (read) {
      shape.tables[view] = std::move(columns);
    } else if (!is_about_the_table(read.error())) {
      return read;
    }
    // A view that cannot be read is named by check_shape.
  }
  return {};
}

}  // namespace

Result<WarehouseShape> read_shape(warehouse::Warehouse& warehouse) {
  // Whether views stand among the tables differs between warehouses. Letters beyond ASCII have capitals among
  // ASCII, so names are made upper case here.
  constexpr std::string_view kTables =
      "SELECT table_schema, table_name, 0 FROM information_schema.tables WHERE upper(table_schema) IN "
      "('BRONZE', 'TRANSFORM', 'MART') UNION ALL SELECT table_schema, table_name, 1 FROM "
      "information_schema.views WHERE upper(table_schema) IN ('BRONZE', 'TRANSFORM', 'MART')";
  constexpr std::string_view kColumns =
      "SELECT table_schema, table_name, column_name, CASE WHEN data_type = 'NUMBER' THEN "
      "data_type || '(' || CAST(numeric_scale AS VARCHAR) || ')' ELSE data_type END FROM "
      "information_schema.columns WHERE upper(table_schema) IN ('BRONZE', 'TRANSFORM', 'MART')";
  WarehouseShape shape;
  const auto table_of = [](warehouse::RowView row) {
    return fmt::format("{}.{}", row[0].value_or(""), row[1].value_or(""));
  };
  // Each list spells a name in one way.
  using Spelled = std::map<std::string, std::string>;
  const auto note = [&](Spelled& spelled, const std::string& name) {
    const auto [at, fresh] = spelled.try_emplace(base::upper(name), name);
    if (!fresh && at->second != name) shape.spelled_otherwise.insert(name);
  };
  Spelled tables;
  Spelled views;
  SDP_RETURN_IF_ERROR(warehouse.scan(kTables, [&](warehouse::RowView row) -> Result<void> {
    const std::string table = table_of(row);
    const bool is_view = row[2] == "1";
    note(is_view ? views : tables, table);
    shape.tables[base::upper(table)];
    if (is_view) shape.views.insert(base::upper(table));
    return {};
  }));
  Spelled columns;
  SDP_RETURN_IF_ERROR(warehouse.scan(kColumns, [&](warehouse::RowView row) -> Result<void> {
    const std::string table = base::upper(table_of(row));
    const std::string column(row[2].value_or(""));
    note(columns, fmt::format("{}.{}", table, column));
    shape.tables[table][base::upper(column)] = row[3].value_or("");
    return {};
  }));
  SDP_RETURN_IF_ERROR(read_views(shape, warehouse));
  return shape;
}

Result<ClosedParts> read_parts(warehouse::Warehouse& warehouse, const WarehouseShape& shape,
                               Findings& findings) {
  PartsReader reader(findings);
  for (const std::string_view column : {"kind", "name", "definition", "row_count"}) {
    // What is missing is named by check_shape.
    if (!shape.has_column(kTransformParts, column)) return reader.finish();
  }
  SDP_RETURN_IF_ERROR(warehouse.scan(
      fmt::format("SELECT kind, name, CAST(definition AS VARCHAR), CAST(row_count AS VARCHAR) FROM {}",
                  kTransformParts),
      [&](warehouse::RowView row) -> Result<void> {
        reader.row(row);
        return {};
      }));
  return reader.finish();
}

Result<void> check_shape(WarehouseShape& shape, std::span<const ProofLine> list, const ClosedParts& parts,
                         warehouse::Warehouse& warehouse, Findings& findings) {
  return ShapeCheck(shape, parts, warehouse, findings).run(list);
}

}  // namespace sdp::verify
