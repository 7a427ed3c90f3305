#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sdp::settings {

class Command;
class Commands;
struct BoundSetting;
struct Setting;

/// `1 to 64`, `none, gzip or zstd`; empty when any value will do.
std::string range_text(const BoundSetting& bound);
/// The default in words: the field's value, or what the row says.
std::string default_text(const BoundSetting& bound);

/// `--topic NAME`, `--compression none|gzip|zstd`, or the variable of a setting that has no flag.
std::string usage_text(const BoundSetting& bound);
/// What it means, and in brackets its range, default, variable and example.
std::string meaning_text(const BoundSetting& bound);

/// A command that is there, and that no list of commands names.
bool is_hidden(const Command& command);
/// The commands below the one with the path `above`, or those of the program when that is empty; without
/// hidden ones.
std::vector<const Command*> commands_below(const Commands& commands, std::string_view above);
/// What a command takes without a flag.
std::vector<const CLI::Option*> positionals_of(const Command& command);

/// Whether the flag may stand without its value, and then has that of the example.
bool may_be_bare(const Setting& setting);

/// Help made from the table: settings by group, each with range, default, variable and example.
class HelpFormatter final : public CLI::Formatter {
 public:
  /// `commands` outlives the formatter.
  explicit HelpFormatter(const Commands& commands) : commands_(commands) {}

  std::string make_help(const CLI::App* parser, std::string name, CLI::AppFormatMode mode) const override;

 private:
  const Commands& commands_;
};

}  // namespace sdp::settings
