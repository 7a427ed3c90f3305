#include "cli/standard_output.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "cli/out_reader.h"
#include "diag/progress.h"

namespace sdp::cli {
namespace {

/// The errno of the first failure; 0 as long as there is none.
std::atomic<int>& first_failure() {
  static std::atomic<int> code = 0;
  return code;
}

std::atomic<bool>& reader_may_leave() {
  static std::atomic<bool> may = false;
  return may;
}

std::atomic<bool>& is_kept_for_result() {
  static std::atomic<bool> is_kept = false;
  return is_kept;
}

void note_failure() {
  int none = 0;
  first_failure().compare_exchange_strong(none, errno != 0 ? errno : EIO);
}

}  // namespace

void keep_out_for_result() {
  is_kept_for_result() = true;
}

void write_out(std::string_view text) {
  if (!is_kept_for_result()) write_result(text);
}

void write_result(std::string_view text) {
  diag::clear_drawn_line();
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_failure();
}

void flush_out() {
  if (std::fflush(stdout) != 0) note_failure();
}

bool out_is_terminal() {
  return is_drawable(STDOUT_FILENO);
}

bool is_drawable(int descriptor) {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

void end_quietly_without_reader() {
  reader_may_leave() = true;
}

bool out_has_failed() {
  return first_failure() != 0;
}

Result<void> finish_out() {
  flush_out();
  // Somebody else may have flushed the stream, as std::cerr does, and kept to himself why that failed.
  if (std::ferror(stdout) != 0) {
    errno = EIO;
    note_failure();
  }
  // A network file system may tell only at a close that a write failed. A copy is closed, since the stream is
  // the process's until its end.
  if (const int copy = ::dup(STDOUT_FILENO); copy >= 0 && ::close(copy) != 0) note_failure();
  const int code = first_failure();
  if (code == 0 || (code == EPIPE && reader_may_leave())) return {};
  if (code == EPIPE) {
    return fail(
        ErrorKind::cannot_write,
        "whoever read standard output ended before all of it was written; the printed result is incomplete. "
        "Run it again with a reader that takes all");
  }
  return fail(ErrorKind::cannot_write,
              fmt::format("cannot write to standard output: {}; the printed result is incomplete. Write it "
                          "to a place that has room, then run again",
                          std::generic_category().message(code)));
}

}  // namespace sdp::cli
