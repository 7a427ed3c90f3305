#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/retry.h"
#include "base/secret.h"
#include "warehouse/adbc/session.h"

namespace sdp::warehouse::snowflake {

struct SnowflakeOptions {
  std::string account;  ///< `organisation-account`, or an older account locator
  std::string user;
  /// One of the two: a password (or a programmatic access token, which goes in its place), or the file of a
  /// private key in PKCS #8 PEM form.
  Secret password;
  std::string private_key_file;
  Secret private_key_passphrase;
  /// The user's own (DEFAULT_ROLE, DEFAULT_WAREHOUSE) when empty.
  std::string role;
  std::string warehouse;
  std::string database = "SPOTIFY_DB";
  std::string schema = "BRONZE";  ///< the session's present one

  /// Where the server is, if not where the account says: an emulator.
  std::string host;
  int port = 0;
  std::string protocol = "https";

  std::string query_tag = "spotify-pipeline";
  std::string driver_path;
  /// Where staging files stand on their way; the system's folder for temporary files when empty.
  std::string staging_folder;

  std::chrono::seconds login_timeout{30};
  /// Of one HTTP request with its repetitions, not of a statement.
  std::chrono::seconds request_timeout{120};
  std::chrono::seconds statement_timeout{1'800};
  /// More than the five minutes after which Snowflake ends the idle transaction of a loader that was killed.
  std::chrono::seconds lock_timeout{420};
  /// Of a load as a whole, for temporary errors and for another loader's commit that came first.
  base::RetryPolicy retry{.attempts_max = 10,
                          .delay_first = std::chrono::milliseconds(200),
                          .delay_max = std::chrono::milliseconds(10'000),
                          .total_max = std::chrono::milliseconds(900'000)};
  /// Files that dead loaders left on the stage are removed when they are older.
  std::chrono::hours leftovers_age{24};

  /// Called after each step of a load with the step's name: where tests crash. Empty otherwise.
  std::function<void(std::string_view)> on_step;
};

/// What the driver is told. `misconfigured` names the setting that is missing or cannot be used.
Result<adbc::SessionOptions> session_options(const SnowflakeOptions& options);
/// The same for a session that has no present database.
adbc::SessionOptions without_database(adbc::SessionOptions options);

/// `misconfigured` when the driver is not where the options say.
Result<void> check_driver(const SnowflakeOptions& options);
/// `Snowflake ACCOUNT, database SPOTIFY_DB`
std::string describe(const SnowflakeOptions& options);

/// True for a name that needs no quotes in SQL, so that settings cannot say anything else.
bool is_plain_name(std::string_view name);

}  // namespace sdp::warehouse::snowflake
