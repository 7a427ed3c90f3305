#include "warehouse/snowflake/options.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "warehouse/snowflake/error_kind.h"

namespace sdp::warehouse::snowflake {
namespace {

constexpr const char* kDatabaseOption = "adbc.snowflake.sql.db";
constexpr const char* kSchemaOption = "adbc.snowflake.sql.schema";
constexpr std::size_t kKeyBytesMax = 64 * 1024;

std::unexpected<Error> missing(std::string_view what, std::string_view variable) {
  return fail(ErrorKind::misconfigured, fmt::format("Snowflake: no {}; set {}", what, variable));
}

Result<void> check_names(const SnowflakeOptions& options) {
  if (options.account.empty()) return missing("account", "SNOWFLAKE_ACCOUNT");
  if (options.user.empty()) return missing("user", "SNOWFLAKE_USER");
  if (!is_plain_name(options.database)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("Snowflake: SNOWFLAKE_DATABASE must be letters, digits and _, but is '{}'",
                            options.database));
  }
  if (options.protocol != "https" && options.protocol != "http") {
    return fail(ErrorKind::misconfigured,
                fmt::format("Snowflake: protocol '{}' is neither https nor http", options.protocol));
  }
  // Without TLS the password would be for all to read.
  const bool loopback = options.host == "127.0.0.1" || options.host == "localhost" || options.host == "::1";
  if (options.protocol == "http" && !loopback) {
    return fail(ErrorKind::misconfigured,
                "Snowflake: http is for an emulator on 127.0.0.1 only; leave SNOWFLAKE_PROTOCOL out");
  }
  return {};
}

Result<Secret> read_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream read;
  read << file.rdbuf();
  std::string text = std::move(read).str();
  if (text.empty()) {
    return fail(ErrorKind::misconfigured, fmt::format("Snowflake: private key {} cannot be read", path));
  }
  const bool pkcs8 =
      text.contains("-----BEGIN PRIVATE KEY-----") || text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  if (!pkcs8 || text.size() > kKeyBytesMax) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("Snowflake: {} is not a private key in PKCS #8 PEM form; make one by `openssl pkcs8 "
                    "-topk8 -inform PEM -in KEY -out FILE`",
                    path));
  }
  return Secret(std::move(text));
}

Result<void> add_credentials(const SnowflakeOptions& options, adbc::SessionOptions& session) {
  if (options.private_key_file.empty()) {
    if (options.password.empty())
      return missing("credentials", "SNOWFLAKE_PASSWORD or SNOWFLAKE_PRIVATE_KEY_FILE");
    session.secret_options.emplace_back("password", options.password);
    return {};
  }
  SDP_TRY(Secret key, read_key(options.private_key_file));
  session.options.emplace_back("adbc.snowflake.sql.auth_type", "auth_jwt");
  session.secret_options.emplace_back("adbc.snowflake.sql.client_option.jwt_private_key_pkcs8_value",
                                      std::move(key));
  if (!options.private_key_passphrase.empty()) {
    session.secret_options.emplace_back("adbc.snowflake.sql.client_option.jwt_private_key_pkcs8_password",
                                        options.private_key_passphrase);
  }
  return {};
}

void add_server(const SnowflakeOptions& options, adbc::SessionOptions& session) {
  if (options.host.empty()) return;
  session.options.emplace_back("adbc.snowflake.sql.uri.host", options.host);
  session.options.emplace_back("adbc.snowflake.sql.uri.protocol", options.protocol);
  if (options.port != 0)
    session.options.emplace_back("adbc.snowflake.sql.uri.port", std::to_string(options.port));
}

std::string seconds(std::chrono::seconds duration) {
  return std::to_string(duration.count());
}

}  // namespace

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= 255 && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<adbc::SessionOptions> session_options(const SnowflakeOptions& options) {
  SDP_RETURN_IF_ERROR(check_names(options));
  adbc::SessionOptions session;
  session.server = describe(options);
  session.sign_in_max = options.login_timeout;
  session.driver_path = options.driver_path;
  session.entry_point = "AdbcDriverSnowflakeInit";
  session.classify = [account = options.account](const adbc::DriverError& error) {
    return classify(account, error);
  };
  session.options = {
      {"adbc.snowflake.sql.account", options.account},
      {"username", options.user},
      {kDatabaseOption, options.database},
      {kSchemaOption, options.schema},
      {"adbc.snowflake.sql.client_option.app_name", "spotify-pipeline"},
      {"adbc.snowflake.sql.client_option.login_timeout", seconds(options.login_timeout) + "s"},
      {"adbc.snowflake.sql.client_option.request_timeout", seconds(options.request_timeout) + "s"},
      {"adbc.snowflake.sql.client_option.client_timeout", seconds(options.request_timeout) + "s"},
      // Numbers come in full, not as doubles.
      {"adbc.snowflake.sql.client_option.use_high_precision", "true"},
      // With nanoseconds, times would end in 2262.
      {"adbc.snowflake.sql.client_option.max_timestamp_precision", "microseconds"},
      // The driver's own log lines would stand between ours.
      {"adbc.snowflake.sql.client_option.tracing", "fatal"},
      {"adbc.snowflake.sql.client_option.disable_telemetry", "true"},
      // What is not the driver's own goes to the session as its parameters.
      {"STATEMENT_TIMEOUT_IN_SECONDS", seconds(options.statement_timeout)},
      {"LOCK_TIMEOUT", seconds(options.lock_timeout)},
      {"ABORT_DETACHED_QUERY", "true"},
      {"TIMEZONE", "UTC"},
  };
  if (!options.role.empty()) session.options.emplace_back("adbc.snowflake.sql.role", options.role);
  if (!options.warehouse.empty())
    session.options.emplace_back("adbc.snowflake.sql.warehouse", options.warehouse);
  session.statement_options = {{"adbc.snowflake.statement.query_tag", options.query_tag}};
  add_server(options, session);
  SDP_RETURN_IF_ERROR(add_credentials(options, session));
  return session;
}

adbc::SessionOptions without_database(adbc::SessionOptions options) {
  std::erase_if(options.options, [](const auto& option) {
    return option.first == kDatabaseOption || option.first == kSchemaOption;
  });
  return options;
}

Result<void> check_driver(const SnowflakeOptions& options) {
  std::error_code failure;
  if (std::filesystem::is_regular_file(options.driver_path, failure)) return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("Snowflake: its driver is not at {}; fetch it by `tools/setup snowflake`, or set "
                          "SNOWFLAKE_ADBC_DRIVER to libadbc_driver_snowflake.so",
                          options.driver_path));
}

std::string describe(const SnowflakeOptions& options) {
  const std::string at = options.host.empty() ? "" : fmt::format(" at {}:{}", options.host, options.port);
  return fmt::format("Snowflake {}{}, database {}", options.account, at, options.database);
}

}  // namespace sdp::warehouse::snowflake
