#pragma once

#include <string>
#include <string_view>

#include "settings/command.h"

namespace sdp::settings {

/// `spotify-pipeline`, `spotify-pipeline-lake-upgrade`: the name of a page of the manual; of the program
/// itself when `command` is null.
std::string manual_name(const Commands& commands, const Command* command);

/// The same page as troff reads it. It has no value that was set, and no time: pages of one version are
/// alike.
std::string manual_page(const Commands& commands, const Command* command, std::string_view version);

}  // namespace sdp::settings
