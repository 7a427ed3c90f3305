#pragma once

namespace sdp::cli {

/// From now on an exception that leaves any thread, such as one that memory is out, ends the process with a
/// message on standard error and the exit code of a failure without a code of its own. By itself it would be
/// a signal, without a word.
void end_in_words();

}  // namespace sdp::cli
