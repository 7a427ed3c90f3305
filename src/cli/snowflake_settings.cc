#include "cli/snowflake_settings.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "local/deps.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

Result<std::string> driver_path() {
  if (const std::string given = variable("SNOWFLAKE_ADBC_DRIVER"); !given.empty()) return given;
  SDP_TRY(const fs::path deps, local::find_deps(variable("SDP_DEPS_DIR")));
  return fs::absolute(deps / "snowflake-driver" / "lib" / "libadbc_driver_snowflake.so").string();
}

Result<int> port() {
  const std::string text = variable("SNOWFLAKE_PORT", "0");
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0 && number <= 65'535)
    return number;
  return fail(ErrorKind::misconfigured, fmt::format("SNOWFLAKE_PORT is no port but '{}'", text));
}

}  // namespace

Result<warehouse::snowflake::SnowflakeOptions> snowflake_options() {
  warehouse::snowflake::SnowflakeOptions options;
  options.account = variable("SNOWFLAKE_ACCOUNT");
  options.user = variable("SNOWFLAKE_USER");
  options.password = Secret(variable("SNOWFLAKE_PASSWORD"));
  options.private_key_file = variable("SNOWFLAKE_PRIVATE_KEY_FILE");
  options.private_key_passphrase = Secret(variable("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"));
  for (const auto& [name, value] : snowflake_environment()) {
    if (name == "SNOWFLAKE_ROLE") options.role = value;
    if (name == "SNOWFLAKE_WAREHOUSE") options.warehouse = value;
    if (name == "SNOWFLAKE_DATABASE") options.database = value;
  }
  options.host = variable("SNOWFLAKE_HOST");
  SDP_TRY(options.port, port());
  options.protocol = variable("SNOWFLAKE_PROTOCOL", "https");
  SDP_TRY(options.driver_path, driver_path());
  return options;
}

std::map<std::string, std::string> snowflake_environment() {
  return {{"SDP_WAREHOUSE", "snowflake"},
          {"SNOWFLAKE_ROLE", variable("SNOWFLAKE_ROLE", "SPOTIFY_PIPELINE")},
          {"SNOWFLAKE_WAREHOUSE", variable("SNOWFLAKE_WAREHOUSE", "SPOTIFY_WH")},
          {"SNOWFLAKE_DATABASE", variable("SNOWFLAKE_DATABASE", "SPOTIFY_DB")}};
}

}  // namespace sdp::cli
