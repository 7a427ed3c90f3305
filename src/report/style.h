#pragma once

#include <string_view>

namespace sdp::report {

/// The page's only style sheet.
std::string_view style();

/// A table whose n-th column is to be set to the right has class `rN`; up to this column.
inline constexpr int kRightColumnsMax = 40;

}  // namespace sdp::report
