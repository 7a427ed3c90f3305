#include "warehouse/snowflake/error_kind.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sdp::warehouse::snowflake {
namespace {

struct Rule {
  int first;  ///< codes from here
  int last;   ///< to here
  ErrorKind kind;
  std::string_view advice;
};

constexpr std::string_view kNetwork = "the connection failed; check the network and run again";
constexpr std::string_view kLocked = "another session holds the lock; run again when it is done";
constexpr std::string_view kSession = "the session is over; run again";

// Codes below 260000 are the server's, those from there on the driver's (gosnowflake). The first rule that
// fits counts.
constexpr std::array kRules = {
    // Temporary: another session is in the way, or the session has ended.
    Rule{604, 604, ErrorKind::retry, "the statement or its transaction was cancelled; run again"},
    Rule{625, 625, ErrorKind::retry, kLocked},
    Rule{684, 684, ErrorKind::retry, kLocked},
    Rule{390104, 390104, ErrorKind::retry, kSession},
    Rule{390110, 390118, ErrorKind::retry, kSession},
    Rule{390195, 390195, ErrorKind::retry, kSession},
    // Who we are.
    Rule{390100, 390103, ErrorKind::unauthorized, "check SNOWFLAKE_USER and SNOWFLAKE_PASSWORD"},
    Rule{390105, 390109, ErrorKind::unauthorized, "check SNOWFLAKE_USER and its credentials"},
    Rule{390144, 390144, ErrorKind::unauthorized,
         "the key was refused; check SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and the user's RSA_PUBLIC_KEY"},
    Rule{390186, 390189, ErrorKind::unauthorized, "check SNOWFLAKE_ROLE and that the user has it"},
    Rule{390201, 390201, ErrorKind::misconfigured,
         "check SNOWFLAKE_DATABASE, SNOWFLAKE_WAREHOUSE and SNOWFLAKE_ROLE"},
    Rule{390422, 390422, ErrorKind::unauthorized, "a network policy of the account refuses this address"},
    Rule{390400, 390499, ErrorKind::unauthorized, "the sign-in was refused; ask the account's administrator"},
    // What we may, and what is there.
    Rule{606, 606, ErrorKind::misconfigured,
         "no warehouse to run it; set SNOWFLAKE_WAREHOUSE, or give the user a DEFAULT_WAREHOUSE"},
    Rule{630, 630, ErrorKind::unavailable,
         "the statement took longer than its limit; use a larger warehouse"},
    Rule{1003, 1003, ErrorKind::fatal, ""},
    Rule{2003, 2003, ErrorKind::misconfigured,
         "it is not there, or the role may not see it; run `warehouse init`, or check SNOWFLAKE_ROLE and its "
         "grants"},
    Rule{2043, 2043, ErrorKind::misconfigured,
         "it is not there, or the role may not see it; run `warehouse init`, or check SNOWFLAKE_ROLE and its "
         "grants"},
    Rule{3001, 3001, ErrorKind::unauthorized, "the role lacks a right; see docs/snowflake/4-role.sql"},
    Rule{90073, 90073, ErrorKind::unavailable,
         "the warehouse is suspended by a resource monitor; raise its quota"},
    Rule{90064, 90064, ErrorKind::unavailable, "the warehouse cannot be resumed; see its resource monitor"},
    // The driver.
    Rule{260000, 260006, ErrorKind::misconfigured, "check the SNOWFLAKE_* settings"},
    Rule{260007, 260008, ErrorKind::unavailable, "check SNOWFLAKE_ACCOUNT and the network"},
    Rule{260009, 260019, ErrorKind::misconfigured, "check the SNOWFLAKE_* settings and the private key"},
    Rule{261000, 261003, ErrorKind::retry, kNetwork},
    Rule{261004, 261007, ErrorKind::unavailable,
         "sign-in got no answer; check SNOWFLAKE_ACCOUNT and the network"},
    Rule{261008, 261010, ErrorKind::retry, kNetwork},
    Rule{262000, 262000, ErrorKind::retry, kNetwork},
    Rule{264002, 264003, ErrorKind::retry, "a file could not be moved to or from the stage; run again"},
};

/// The driver's messages begin with `code (state):` also where its error has no code.
int code_in(std::string_view message) {
  constexpr std::string_view kPrefix = "[Snowflake] ";
  if (message.starts_with(kPrefix)) message.remove_prefix(kPrefix.size());
  int code = 0;
  const auto [end, error] = std::from_chars(message.data(), message.data() + message.size(), code);
  const std::string_view rest(end, static_cast<std::size_t>(message.data() + message.size() - end));
  return error == std::errc() && (rest.starts_with(" (") || rest.starts_with(":")) ? code : 0;
}

bool is_network(const adbc::DriverError& error) {
  constexpr std::array<std::string_view, 9> kParts = {
      "connection refused", "connection reset", "no such host",      "i/o timeout",           "EOF",
      "broken pipe",        "TLS handshake",    "deadline exceeded", "network is unreachable"};
  return std::ranges::any_of(kParts, [&](std::string_view part) { return error.message.contains(part); });
}

Error told(std::string_view account, ErrorKind kind, std::string_view advice, std::string_view message) {
  if (advice.empty()) return {kind, fmt::format("Snowflake {}: {}", account, message)};
  return {kind, fmt::format("Snowflake {}: {} ({})", account, advice, message)};
}

int code_of(const adbc::DriverError& error) {
  return error.vendor_code > 0 ? error.vendor_code : code_in(error.message);
}

}  // namespace

Error classify_statement(std::string_view account, const adbc::DriverError& error) {
  // Of compilation (1000 and up, but for a right that the role lacks), and of values (100000 and up).
  constexpr int kLacksRight = 3001;
  const int code = code_of(error);
  const bool is_of_statement =
      (code >= 1'000 && code < 4'000 && code != kLacksRight) || (code >= 100'000 && code < 101'000);
  if (is_of_statement) return {ErrorKind::bad_input, error.message};
  return classify(account, error);
}

Error classify(std::string_view account, const adbc::DriverError& error) {
  const int code = code_of(error);
  const auto rule =
      std::ranges::find_if(kRules, [&](const Rule& r) { return r.first <= code && code <= r.last; });
  if (rule != kRules.end()) return told(account, rule->kind, rule->advice, error.message);
  if (error.status == ADBC_STATUS_UNAUTHENTICATED || error.status == ADBC_STATUS_UNAUTHORIZED)
    return told(account, ErrorKind::unauthorized, "check the SNOWFLAKE_* settings", error.message);
  if (code == 0 && is_network(error)) return told(account, ErrorKind::retry, kNetwork, error.message);
  return told(account, ErrorKind::fatal, "", error.message);
}

}  // namespace sdp::warehouse::snowflake
