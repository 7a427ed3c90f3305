#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "simulate/oracle.h"
#include "simulate/oracle_marts.h"
#include "simulate/oracle_run.h"

namespace sdp::simulate {

inline constexpr int kOracleVersion = 2;

/// Takes a piece of text, of whole lines.
using TakeText = std::function<Result<void>(std::string_view)>;

/// Writes what the warehouse must hold (docs/formats/oracle.md), piece by piece. The same oracle, runs and
/// hour of the newest record give the same bytes. Errors of count_marts().
Result<void> write_oracle(const Oracle& oracle, std::span<const OracleRun> runs, const NewestRecord& newest,
                          const TakeText& take);

}  // namespace sdp::simulate
