#include <fmt/core.h>

#include "base/result.h"

namespace sdp::base {

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::retry:
      return "retry";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::unauthorized:
      return "unauthorized";
    case ErrorKind::misconfigured:
      return "misconfigured";
    case ErrorKind::cannot_write:
      return "cannot_write";
    case ErrorKind::bad_input:
      return "bad_input";
    case ErrorKind::data_gap:
      return "data_gap";
    case ErrorKind::partial:
      return "partial";
    case ErrorKind::rejected:
      return "rejected";
    case ErrorKind::violation:
      return "violation";
    case ErrorKind::fenced:
      return "fenced";
    case ErrorKind::interrupted:
      return "interrupted";
    case ErrorKind::fatal:
      return "fatal";
  }
  return "fatal";
}

// Numbers follow sysexits(3) where it has one; docs/exit-codes.md is the user's table.
int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::retry:
    case ErrorKind::fenced:
      return 75;
    case ErrorKind::unavailable:
      return 69;
    case ErrorKind::unauthorized:
      return 77;
    case ErrorKind::misconfigured:
      return 78;
    case ErrorKind::cannot_write:
      return 73;
    case ErrorKind::bad_input:
    case ErrorKind::data_gap:
      return 65;
    case ErrorKind::partial:
      return 21;
    case ErrorKind::rejected:
      return 22;
    case ErrorKind::violation:
      return 20;
    case ErrorKind::interrupted:
      return 130;
    case ErrorKind::fatal:
      return 1;
  }
  return 1;
}

Error Error::in(std::string_view where) const {
  return {kind, fmt::format("{}: {}", where, message)};
}

}  // namespace sdp::base
