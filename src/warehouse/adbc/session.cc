#include "warehouse/adbc/session.h"

#include <arrow-adbc/adbc_driver_manager.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "diag/waiting.h"
#include "warehouse/adbc/arrow_text.h"

namespace sdp::warehouse::adbc {
namespace {

constexpr std::size_t kMessageBytesMax = 2'000;

/// One line of bounded length.
std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  if (text.size() > kMessageBytesMax) text = text.substr(0, kMessageBytesMax) + "...";
  return text;
}

/// Drivers fill the state with up to five characters, or leave zeros.
std::string state_of(const AdbcError& error) {
  const std::string_view state(error.sqlstate, sizeof error.sqlstate);
  return std::string(state.substr(0, state.find('\0')));
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionOptions options) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(options.driver_path, failure)) {
    return fail(ErrorKind::misconfigured, fmt::format("there is no ADBC driver at {}", options.driver_path));
  }
  std::unique_ptr<Session> session(new Session(std::move(options)));
  auto connected = [&session] {
    const diag::Waiting waiting(session->options_.server, session->options_.sign_in_max);
    return session->connect();
  }();
  if (connected) return session;
  // The driver has tried again by itself for as long as its login time-out says.
  Error error = std::move(connected).error();
  if (error.kind == ErrorKind::retry) error.kind = ErrorKind::unavailable;
  return std::unexpected(std::move(error));
}

Result<void> Session::connect() {
  OwnedError error;
  const auto set = [&](const std::string& name, const std::string& value) {
    return check(AdbcDatabaseSetOption(database_.get(), name.c_str(), value.c_str(), error.get()), error);
  };
  SDP_RETURN_IF_ERROR(check(AdbcDatabaseNew(database_.get(), error.get()), error));
  // The library alone is loaded: no search through folders, no file with settings.
  SDP_RETURN_IF_ERROR(check(AdbcDriverManagerDatabaseSetLoadFlags(database_.get(), 0, error.get()), error));
  SDP_RETURN_IF_ERROR(set("driver", options_.driver_path));
  SDP_RETURN_IF_ERROR(set("entrypoint", options_.entry_point));
  for (const auto& [name, value] : options_.options) SDP_RETURN_IF_ERROR(set(name, value));
  for (const auto& [name, value] : options_.secret_options) SDP_RETURN_IF_ERROR(set(name, value.reveal()));
  SDP_RETURN_IF_ERROR(check(AdbcDatabaseInit(database_.get(), error.get()), error));
  SDP_RETURN_IF_ERROR(check(AdbcConnectionNew(connection_.get(), error.get()), error));
  return check(AdbcConnectionInit(connection_.get(), database_.get(), error.get()), error);
}

Result<void> Session::prepare(OwnedStatement& statement, std::string_view sql) {
  OwnedError error;
  SDP_RETURN_IF_ERROR(check(AdbcStatementNew(connection_.get(), statement.get(), error.get()), error));
  for (const auto& [name, value] : options_.statement_options) {
    SDP_RETURN_IF_ERROR(
        check(AdbcStatementSetOption(statement.get(), name.c_str(), value.c_str(), error.get()), error));
  }
  SDP_RETURN_IF_ERROR(
      check(AdbcStatementSetSqlQuery(statement.get(), std::string(sql).c_str(), error.get()), error));
  ++statements_;
  return {};
}

Result<std::int64_t> Session::execute(std::string_view sql) {
  OwnedStatement statement;
  SDP_RETURN_IF_ERROR(prepare(statement, sql));
  OwnedError error;
  std::int64_t rows = -1;
  SDP_RETURN_IF_ERROR(check(AdbcStatementExecuteQuery(statement.get(), nullptr, &rows, error.get()), error));
  return rows;
}

Result<void> Session::scan(std::string_view sql, const std::function<void(std::vector<std::string>)>& columns,
                           const std::function<Result<void>(RowView)>& visit) {
  OwnedStatement statement;
  SDP_RETURN_IF_ERROR(prepare(statement, sql));
  return run(statement, [&](const RowReader& reader) { columns(reader.names()); }, visit);
}

Result<void> Session::ask(std::string_view sql, const AnswerVisitor& visitor) {
  OwnedStatement statement;
  SDP_RETURN_IF_ERROR(prepare(statement, sql));
  set_asked(statement.get());
  auto done =
      run(statement, [&](const RowReader& reader) { visitor.columns(reader.columns()); }, visitor.row);
  set_asked(nullptr);
  return done;
}

void Session::set_asked(AdbcStatement* statement) {
  const std::scoped_lock lock(mutex_);
  asked_ = statement;
}

void Session::cancel() {
  const std::scoped_lock lock(mutex_);
  OwnedError ignored;
  if (asked_ != nullptr) (void)AdbcStatementCancel(asked_, ignored.get());
}

Result<void> Session::run(OwnedStatement& statement, const std::function<void(const RowReader&)>& columns,
                          const std::function<Result<void>(RowView)>& visit) {
  OwnedError error;
  OwnedStream stream;
  SDP_RETURN_IF_ERROR(
      check(AdbcStatementExecuteQuery(statement.get(), stream.get(), nullptr, error.get()), error));
  return read_stream(stream, columns, visit);
}

Result<void> Session::read_stream(OwnedStream& stream, const std::function<void(const RowReader&)>& columns,
                                  const std::function<Result<void>(RowView)>& visit) {
  OwnedSchema schema;
  SDP_RETURN_IF_ERROR(check_stream(stream->get_schema(stream.get(), schema.get()), stream));
  SDP_TRY(RowReader reader, RowReader::open(*schema));
  columns(reader);
  for (;;) {
    OwnedArray batch;
    SDP_RETURN_IF_ERROR(check_stream(stream->get_next(stream.get(), batch.get()), stream));
    if (batch->release == nullptr) return {};
    SDP_RETURN_IF_ERROR(reader.visit(*batch, visit));
  }
}

Result<void> Session::check(AdbcStatusCode status, OwnedError& error) const {
  if (status == ADBC_STATUS_OK) return {};
  const Error failure = describe(status, &*error, error->message);
  error.reset();
  return std::unexpected(failure);
}

Result<void> Session::check_stream(int status, OwnedStream& stream) const {
  if (status == 0) return {};
  AdbcStatusCode code = ADBC_STATUS_IO;
  const AdbcError* error = AdbcErrorFromArrayStream(stream.get(), &code);
  const char* message = stream->get_last_error(stream.get());
  return std::unexpected(describe(code, error, message));
}

Error Session::describe(AdbcStatusCode status, const AdbcError* error, const char* message) const {
  DriverError said;
  said.status = status;
  if (error != nullptr) {
    said.vendor_code = error->vendor_code;
    said.sql_state = state_of(*error);
  }
  said.message = without_secrets(one_line(message != nullptr ? message : "the driver gave no message"));
  return options_.classify(said);
}

std::string Session::without_secrets(std::string text) const {
  for (const auto& [name, secret] : options_.secret_options) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at)) {
      text.replace(at, secret.reveal().size(), "***");
      at += 3;
    }
  }
  return text;
}

}  // namespace sdp::warehouse::adbc
