#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "snapshot/snapshot.h"

namespace sdp::report {

/// A mart as a table: header, a profile of each column, the first `rows_max` rows. `id` names it in the page.
std::string grid(const snapshot::Mart& mart, const std::string& id, std::size_t rows_max);

/// `20.5 %`; what is not nothing and not all is not rounded to that.
std::string percent(std::uint64_t part, std::uint64_t whole);

}  // namespace sdp::report
