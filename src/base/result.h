#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sdp::base {

/// What the caller can do about an error. Vendor codes become kinds in one function per adapter; the command
/// line turns kinds into exit codes (exit_code), and retry loops retry `retry` only.
enum class ErrorKind {
  retry,          ///< Temporary: the same call may succeed later (exit 75).
  unavailable,    ///< Retries are used up or the service cannot be reached (exit 69).
  unauthorized,   ///< Credentials or rights are wrong (exit 77).
  misconfigured,  ///< Settings contradict each other or what they point at (exit 78).
  cannot_write,   ///< Local disk full, read-only or locked (exit 73).
  bad_input,      ///< A given value or stored byte is not what it must be (exit 65).
  data_gap,       ///< Offsets are missing or overlap, upstream or in a chain (exit 65).
  partial,        ///< Done in part: what was sound was done, the rest is named (exit 21).
  rejected,       ///< Everything is done, but too few of the records are events (exit 22).
  violation,      ///< Verification found something that must never be (exit 20).
  fenced,         ///< Another process owns this now (exit 75).
  interrupted,    ///< Stopped by a signal or on request (exit 130).
  fatal,          ///< Anything else (exit 1).
};

std::string_view name(ErrorKind kind);
int exit_code(ErrorKind kind);

/// A failure: what, where (topic/partition/offset, object, path) and what to do, in one line without secrets.
struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::string message;

  /// The same error with `where` put before the message.
  Error in(std::string_view where) const;
};

template <typename T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

}  // namespace sdp::base

namespace sdp {
using base::Error;
using base::ErrorKind;
using base::fail;
using base::Result;
}  // namespace sdp

#define SDP_CONCAT_INNER(a, b) a##b
#define SDP_CONCAT(a, b) SDP_CONCAT_INNER(a, b)

/// SDP_TRY(auto x, f()): x is the value of f(), or the enclosing function returns f()'s error.
#define SDP_TRY(declaration, expression) \
  SDP_TRY_INNER(SDP_CONCAT(sdp_result_, __LINE__), declaration, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses.
#define SDP_TRY_INNER(result, declaration, expression)            \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)

/// SDP_RETURN_IF_ERROR(f()): the enclosing function returns f()'s error, if there is one.
#define SDP_RETURN_IF_ERROR(expression)                       \
  do {                                                        \
    if (auto sdp_checked = (expression); !sdp_checked) {      \
      return std::unexpected(std::move(sdp_checked).error()); \
    }                                                         \
  } while (false)
