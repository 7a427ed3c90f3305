#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "warehouse/adbc/handles.h"
#include "warehouse/query_session.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse::adbc {

/// What a driver says went wrong. `message` is one line, and none of the session's secrets is in it.
struct DriverError {
  AdbcStatusCode status = ADBC_STATUS_UNKNOWN;
  std::int32_t vendor_code = 0;
  std::string sql_state;  ///< five characters, or empty
  std::string message;
};

struct SessionOptions {
  std::string server;                        ///< as people call it
  std::chrono::milliseconds sign_in_max{0};  ///< when the driver gives up
  std::string driver_path;                   ///< a shared library; absolute
  std::string entry_point;
  std::vector<std::pair<std::string, std::string>> options;            ///< of the database
  std::vector<std::pair<std::string, Secret>> secret_options;          ///< likewise
  std::vector<std::pair<std::string, std::string>> statement_options;  ///< of each statement
  /// Turns a driver's error into one of ours: the vendor's table.
  std::function<Error(const DriverError&)> classify;
};

class RowReader;

/// One session with a database, through an ADBC driver that is loaded at run time. Owned by one thread. The
/// session ends with this object. A driver may bring threads of its own (Snowflake's brings the Go runtime),
/// so a process that has loaded one must not go on after fork().
class Session {
 public:
  /// `misconfigured` when the driver's file cannot be loaded; else what `classify` says, with `unavailable`
  /// for `retry`: signing in is the driver's to try again, and it has.
  static Result<std::unique_ptr<Session>> open(SessionOptions options);

  /// Runs a statement; the number of rows it changed, -1 when the driver does not tell.
  Result<std::int64_t> execute(std::string_view sql);
  /// Runs one query and hands its rows over as text; `columns` is called once before the first row.
  Result<void> scan(std::string_view sql, const std::function<void(std::vector<std::string>)>& columns,
                    const std::function<Result<void>(RowView)>& visit);

  /// The same with what is known of the columns.
  Result<void> ask(std::string_view sql, const AnswerVisitor& visitor);
  /// Ends what ask() is doing, with an error; nothing when it does nothing. From any thread.
  void cancel();

  /// Statements sent so far.
  std::uint64_t statements() const { return statements_; }

 private:
  explicit Session(SessionOptions options) : options_(std::move(options)) {}

  Result<void> connect();
  Result<void> prepare(OwnedStatement& statement, std::string_view sql);
  Result<void> read_stream(OwnedStream& stream, const std::function<void(const RowReader&)>& columns,
                           const std::function<Result<void>(RowView)>& visit);
  /// Runs a statement that was prepared.
  Result<void> run(OwnedStatement& statement, const std::function<void(const RowReader&)>& columns,
                   const std::function<Result<void>(RowView)>& visit);
  void set_asked(AdbcStatement* statement);
  Result<void> check(AdbcStatusCode status, OwnedError& error) const;
  Result<void> check_stream(int status, OwnedStream& stream) const;
  Error describe(AdbcStatusCode status, const AdbcError* error, const char* message) const;
  std::string without_secrets(std::string text) const;

  SessionOptions options_;
  OwnedDatabase database_;
  OwnedConnection connection_;  // after the database: released before it
  std::uint64_t statements_ = 0;
  std::mutex mutex_;
  AdbcStatement* asked_ = nullptr;  ///< of ask(), while it runs; under the mutex
};

}  // namespace sdp::warehouse::adbc
