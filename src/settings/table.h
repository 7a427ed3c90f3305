#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "settings/setting.h"

namespace sdp::settings {

/// Every setting of the pipeline, in the order of --help and docs/configuration.md.
std::span<const Setting> table();
std::span<const GroupText> groups();

/// The row of that name; null when there is none.
const Setting* find_name(std::string_view name);
/// The first row with that variable; null when there is none.
const Setting* find_variable(std::string_view variable);

}  // namespace sdp::settings
