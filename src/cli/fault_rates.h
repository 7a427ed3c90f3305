#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "simulate/fault_classes.h"
#include "simulate/simulate_runner.h"

namespace sdp::cli {

/// `before`, changed by what the texts say, class by class; `all` is every class that is not named.
/// `misconfigured` names the class that is none, with the one that may be meant, or whose rate is not a
/// number from 0 to 1.
Result<simulate::FaultRates> fault_rates(const std::map<std::string, std::string>& texts,
                                         const simulate::FaultRates& before = {});

/// `retry=0.1;skew=0.02`, the classes that are on.
std::string rates_text(const simulate::FaultRates& rates);

/// What a control file says (docs/formats/faults.md); what it leaves out is as before. `misconfigured` says
/// what is wrong with it.
Result<simulate::Steering> parse_control(std::string_view json, const simulate::Steering& before);

/// Of --help: the names of all classes, by fate.
std::string fault_help();

}  // namespace sdp::cli
