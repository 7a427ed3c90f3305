#include "cli/terminate.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string_view>

#include "base/result.h"

namespace sdp::cli {
namespace {

/// Without the log: whoever threw may hold its lock, and there may be no memory for a line.
void tell(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void end() noexcept {
  tell("error: a thread ended by an exception: ");
  try {
    const auto exception = std::current_exception();
    if (exception) std::rethrow_exception(exception);
    tell("none");
  } catch (const std::exception& error) {
    tell(error.what());
  } catch (...) {
    tell("of another kind");
  }
  tell("\n");
  ::_exit(base::exit_code(ErrorKind::fatal));
}

}  // namespace

void end_in_words() {
  std::set_terminate(end);
}

}  // namespace sdp::cli
