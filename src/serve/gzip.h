#pragma once

#include <string>
#include <string_view>

namespace sdp::serve {

/// The bytes in the format of gzip, compressed fast rather than small.
std::string gzip(std::string_view bytes);

}  // namespace sdp::serve
