#pragma once

#include <memory>
#include <string>

#include "warehouse/duckdb/connection.h"
#include "warehouse/query_session.h"

namespace sdp::warehouse {

/// Queries of people on a DuckDB file. Four things keep them from changing anything: the kind of a statement
/// (check_reads, then DuckDB's own answer), a file that is opened to be read, no way to any other file
/// (DuckDbOptions::sealed), and settings that cannot be changed any more.
class DuckDbQuerySession final : public QuerySession {
 public:
  /// The present schema is MART. Errors as those of Connection::open.
  static Result<std::unique_ptr<DuckDbQuerySession>> open(duckdb::DuckDbOptions options);

  Result<void> ask(std::string_view statement, const AnswerVisitor& visitor) override;
  void interrupt() override { connection_.interrupt(); }
  Dialect dialect() const override { return Dialect::duckdb; }
  std::string describe() const override { return "DuckDB " + path_; }

 private:
  DuckDbQuerySession(std::string path, duckdb::Connection connection)
      : path_(std::move(path)), connection_(std::move(connection)) {}

  std::string path_;
  duckdb::Connection connection_;
};

}  // namespace sdp::warehouse
