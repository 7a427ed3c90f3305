#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/standard_output.h"
#include "diag/log.h"
#include "os/files.h"
#include "settings/help.h"
#include "settings/manual.h"

namespace sdp::cli {
namespace {

struct ManOptions {
  std::vector<std::string> words;
  std::string folder;
};

Result<void> write_page(const settings::Commands& commands, const settings::Command* command,
                        const std::filesystem::path& folder) {
  return os::write_file(folder / (settings::manual_name(commands, command) + ".1"),
                        settings::manual_page(commands, command, kVersion), 0644);
}

Result<int> write_all(const settings::Commands& commands, const std::filesystem::path& folder) {
  SDP_RETURN_IF_ERROR(os::make_folder(folder));
  SDP_RETURN_IF_ERROR(write_page(commands, nullptr, folder));
  for (const settings::Command& command : commands.all()) {
    if (!is_hidden(command)) SDP_RETURN_IF_ERROR(write_page(commands, &command, folder));
  }
  return 0;
}

Result<int> man(const settings::Commands& commands, const ManOptions& options) {
  if (!options.folder.empty()) return write_all(commands, options.folder);
  const std::string path = fmt::format("{}", fmt::join(options.words, " "));
  const settings::Command* chosen = nullptr;
  for (const settings::Command& command : commands.all()) {
    if (command.path() == path) chosen = &command;
  }
  if (chosen == nullptr && !path.empty()) {
    diag::log_failure("usage", kUsage,
                      fmt::format("'{}' is not a command; see spotify-pipeline --help", path));
    return kUsage;
  }
  print_out("{}", settings::manual_page(commands, chosen, kVersion));
  return 0;
}

}  // namespace

void define_man(settings::Commands& commands, Action& action) {
  const auto options = std::make_shared<ManOptions>();
  auto& command = commands.add(
      commands.parser(), "man", "Print a page of the manual as troff, or write all of them into a folder",
      "  spotify-pipeline man sink | man -l -            the page of a command\n"
      "  spotify-pipeline man --folder ~/.local/share/man/man1  where `man` finds them");
  auto* words = command.parser().add_option("command", options->words,
                                            "A command; the program itself unless one is named");
  command.bind("man.folder", options->folder);
  words->excludes(command.find("man.folder")->option);
  command.when_chosen([options, &commands, &action] {
    action = [options, &commands](const Runtime&) { return man(commands, *options); };
  });
}

}  // namespace sdp::cli
