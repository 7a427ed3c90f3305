#pragma once

#include <string>

#include "settings/command.h"

namespace sdp::settings {

// Scripts for shells that complete the commands, their flags and, by each row's completion and choices,
// values. Nothing that --help hides is offered.

std::string bash_completion(const Commands& commands);
std::string zsh_completion(const Commands& commands);
std::string fish_completion(const Commands& commands);

}  // namespace sdp::settings
