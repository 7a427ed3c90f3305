#pragma once

#include <map>
#include <string>
#include <vector>

namespace sdp::base {

/// Our environment as `NAME=value`, with `added` in place of what has the same names.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& added);

/// What exec wants: a pointer to each text, then a null pointer. `texts` outlives them and does not grow.
std::vector<char*> pointers_to(std::vector<std::string>& texts);

}  // namespace sdp::base
