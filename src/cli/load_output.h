#pragma once

#include "load/load_runner.h"

namespace sdp::cli {

/// What was loaded, and each problem by name.
void print_load(const load::LoadSummary& summary);
/// The first problem with the number of others, as the command's error; nothing when there is none.
/// One line on stdout.
void print_load_json(const load::LoadSummary& summary);

Result<void> load_verdict(const load::LoadSummary& summary);

}  // namespace sdp::cli
