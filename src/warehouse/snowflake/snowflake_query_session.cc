#include "warehouse/snowflake/snowflake_query_session.h"

#include <utility>

#include "warehouse/snowflake/error_kind.h"

namespace sdp::warehouse {

Result<std::unique_ptr<SnowflakeQuerySession>> SnowflakeQuerySession::open(
    snowflake::SnowflakeOptions options) {
  options.schema = "MART";
  SDP_TRY(adbc::SessionOptions session_options, snowflake::session_options(options));
  SDP_RETURN_IF_ERROR(snowflake::check_driver(options));
  session_options.classify = [account = options.account](const adbc::DriverError& error) {
    return snowflake::classify_statement(account, error);
  };
  SDP_TRY(auto session, adbc::Session::open(std::move(session_options)));
  return std::unique_ptr<SnowflakeQuerySession>(
      new SnowflakeQuerySession(std::move(options), std::move(session)));
}

Result<void> SnowflakeQuerySession::ask(std::string_view statement, const AnswerVisitor& visitor) {
  SDP_RETURN_IF_ERROR(check_reads(statement, Dialect::snowflake));
  // Snowflake answers a USE with a row that says so.
  if (first_word(statement, Dialect::snowflake) != "USE") return session_->ask(statement, visitor);
  return session_->ask(statement, {.columns = [](std::span<const Column>) {},
                                   .row = [](RowView) -> Result<void> { return {}; }});
}

}  // namespace sdp::warehouse
