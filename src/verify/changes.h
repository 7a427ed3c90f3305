#pragma once

#include <string>

#include "warehouse/warehouse.h"

namespace sdp::verify {

/// A text that stays the same as long as nobody has loaded or transformed: how many rows the ledgers and
/// silver have, and when the ledgers were last written. Tables are read by one statement each, and a
/// warehouse that others may write meanwhile shows some of them before a commit and some behind it.
Result<std::string> read_marks(warehouse::Warehouse& warehouse);

}  // namespace sdp::verify
