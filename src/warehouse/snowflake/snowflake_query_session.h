#pragma once

#include <memory>
#include <string>

#include "warehouse/adbc/session.h"
#include "warehouse/query_session.h"
#include "warehouse/snowflake/options.h"

namespace sdp::warehouse {

/// Queries of people on Snowflake. What keeps them from changing anything is the kind of each statement
/// (check_reads) and that Snowflake takes one statement at a time; beyond that, the rights of the role.
/// Nothing is tried again.
///
/// The driver brings the Go runtime into the process: never go on after fork() once one of these was used.
class SnowflakeQuerySession final : public QuerySession {
 public:
  /// Signs in, with MART as the present schema. Snowflake itself ends a statement after
  /// `options.statement_timeout`. Errors as those of SnowflakeWarehouse, and of adbc::Session::open.
  static Result<std::unique_ptr<SnowflakeQuerySession>> open(snowflake::SnowflakeOptions options);

  Result<void> ask(std::string_view statement, const AnswerVisitor& visitor) override;
  void interrupt() override { session_->cancel(); }
  Dialect dialect() const override { return Dialect::snowflake; }
  std::string describe() const override { return snowflake::describe(options_); }

 private:
  SnowflakeQuerySession(snowflake::SnowflakeOptions options, std::unique_ptr<adbc::Session> session)
      : options_(std::move(options)), session_(std::move(session)) {}

  const snowflake::SnowflakeOptions options_;
  const std::unique_ptr<adbc::Session> session_;
};

}  // namespace sdp::warehouse
