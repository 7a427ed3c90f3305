#pragma once

#include <string>

#include "settings/command.h"

namespace sdp::settings {

// Texts that are made from the table and from what commands bind, so that they cannot disagree with the
// program.

/// docs/configuration.md
std::string configuration_page(const Commands& commands);
/// .env.example: every variable that the program reads, commented out, with its default.
std::string env_example(const Commands& commands);
/// docker/.env.example: the variables that the container stack sets.
std::string stack_example();

}  // namespace sdp::settings
