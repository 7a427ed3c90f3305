#pragma once

#include "cli/rejected.h"
#include "load/load_runner.h"

namespace sdp::cli {

/// Logs what was loaded, and what was not and why.
void log_load(const load::LoadSummary& summary);
/// What was loaded as one line of JSON on standard output. `rejected`: what sinks have rejected so far.
void print_load_json(const load::LoadSummary& summary, const Rejected& rejected);
/// The command's error: `partial` with the number of problems. Nothing when there is none.
Result<void> load_outcome(const load::LoadSummary& summary);

}  // namespace sdp::cli
