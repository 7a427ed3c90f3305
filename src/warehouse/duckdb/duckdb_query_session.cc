#include "warehouse/duckdb/duckdb_query_session.h"

#include <utility>

namespace sdp::warehouse {

Result<std::unique_ptr<DuckDbQuerySession>> DuckDbQuerySession::open(duckdb::DuckDbOptions options) {
  options.read_only = true;
  options.sealed = true;
  auto connection = duckdb::Connection::open(options);
  if (!connection)
    return std::unexpected(
        connection.error().in("the copy of the marts for readers, which `publish` renews"));
  SDP_RETURN_IF_ERROR(connection->execute("USE SPOTIFY_DB.MART"));
  return std::unique_ptr<DuckDbQuerySession>(
      new DuckDbQuerySession(std::move(options.path), *std::move(connection)));
}

Result<void> DuckDbQuerySession::ask(std::string_view statement, const AnswerVisitor& visitor) {
  SDP_RETURN_IF_ERROR(check_reads(statement, Dialect::duckdb));
  const std::string in_its_words = on_duckdb(statement);
  if (in_its_words.empty()) return {};
  return first_word(in_its_words, Dialect::duckdb) == "USE" ? connection_.use(in_its_words)
                                                            : connection_.ask(in_its_words, visitor);
}

}  // namespace sdp::warehouse
