#include "settings/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <ranges>
#include <utility>
#include <vector>

#include "settings/help.h"
#include "settings/table.h"

namespace sdp::settings {
namespace {

/// A row with the commands that take it.
struct Use {
  const Setting* setting = nullptr;
  std::vector<std::pair<const Command*, const BoundSetting*>> bindings;
};

std::vector<Use> uses_of(const Commands& commands, Group group) {
  std::vector<Use> uses;
  for (const Setting& setting : table()) {
    if (setting.group != group) continue;
    Use use{&setting, {}};
    for (const Command& command : commands.all()) {
      if (const BoundSetting* bound = command.find(setting.name)) use.bindings.emplace_back(&command, bound);
    }
    uses.push_back(std::move(use));
  }
  return uses;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

std::string flags_of(const Use& use) {
  std::vector<std::string> flags;
  for (const auto& [command, bound] : use.bindings) {
    if (std::ranges::find(flags, bound->flags) == flags.end()) flags.push_back(bound->flags);
  }
  if (use.bindings.empty()) flags.emplace_back(use.setting->flag);
  return fmt::format("{}", fmt::join(flags, ","));
}

/// The most common default first; another command's own after it, with its name.
std::string default_of(const Use& use) {
  const Setting& setting = *use.setting;
  if (!setting.otherwise.empty()) return std::string(setting.otherwise);
  if (use.bindings.empty()) return code(setting.stack.value_or(""));
  if (use.bindings.front().second->is_switch) return "off";
  if (use.bindings.front().second->is_required) return "must be given";
  std::vector<std::pair<std::string, std::vector<std::string>>> values;
  for (const auto& [command, bound] : use.bindings) {
    auto at =
        std::ranges::find(values, bound->standard, &std::pair<std::string, std::vector<std::string>>::first);
    if (at == values.end()) at = values.insert(values.end(), {bound->standard, {}});
    at->second.push_back(command->path());
  }
  // What most commands have comes first; a multimap keeps the order of equal ones.
  std::multimap<std::size_t, const std::pair<std::string, std::vector<std::string>>*, std::greater<>> by_use;
  for (const auto& value : values) by_use.emplace(value.second.size(), &value);
  std::string text;
  for (const auto& [count, value] : by_use) {
    text += text.empty() ? code(value->first)
                         : fmt::format("; {} in `{}`", code(value->first), fmt::join(value->second, "`, `"));
  }
  return text;
}

std::string range_of(const Setting& setting) {
  if (!setting.choices.empty()) return accepted(setting, "");
  return setting.range
             ? fmt::format("{} to {}", show_number(setting.range->low), show_number(setting.range->high))
             : "";
}

std::string commands_of(const Use& use) {
  std::vector<std::string> names;
  for (const auto& [command, bound] : use.bindings) names.push_back(code(command->path()));
  if (use.setting->group == Group::services) names.push_back(code("spotify-services"));
  return fmt::format("{}", fmt::join(names, " "));
}

std::string row_of(const Use& use) {
  const Setting& setting = *use.setting;
  std::vector<std::string> names;
  std::string flags = flags_of(use);
  std::ranges::replace(flags, ',', ' ');
  for (const std::string& name : {flags, std::string(setting.variable)}) {
    if (!name.empty()) names.push_back(code(name));
  }
  std::string help(setting.help);
  if (setting.secret) help += ". Secret";
  if (setting.names_program && !setting.variable.empty()) help += ". Not from a `.env` file";
  if (!setting.example.empty()) help += fmt::format(". Such as {}", code(setting.example));
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", setting.name, fmt::join(names, "<br>"), help,
                     range_of(setting), default_of(use), commands_of(use));
}

/// Lines of a comment of at most 110 columns.
std::string comment(std::string_view text) {
  std::string lines = "#";
  std::size_t column = 1;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column + 1 + word.size() > 110) {
      lines += "\n#";
      column = 1;
    }
    lines += fmt::format(" {}", word);
    column += 1 + word.size();
  }
  return lines + "\n";
}

std::string heading(const GroupText& group) {
  return fmt::format("\n# {}\n", group.title);
}

}  // namespace

std::string configuration_page(const Commands& commands) {
  std::string text =
      "# Settings\n"
      "\n"
      "Made from the table in `src/settings/table.cc` by `tools/check_generated.py --write`; `make check` "
      "compares it.\n"
      "\n"
      "`spotify-pipeline config show [COMMAND]` prints each value and where it comes from. `COMMAND --help` "
      "shows the settings of one command.\n"
      "\n"
      "A setting is taken from the first of these places that has it:\n"
      "\n"
      "1. a flag of the command\n"
      "2. a variable of the environment; an empty one counts as not set, except `S3_ENDPOINT`\n"
      "3. a line `NAME=value` of the file that `SPOTIFY_ENV_FILE` names, which is `.env` in the working "
      "folder unless it is set\n"
      "4. the default\n"
      "\n"
      "The file is read as Docker Compose reads it: a comment may follow a value, `${NAME}` is replaced by "
      "that variable, and single quotes or `$$` keep a `$`.\n"
      "A `.env` that has none of these variables is ignored. One that other users own or can write is "
      "refused.\n"
      "\n"
      "Secrets have no flag. They come from the environment, or from a file that only its owner can read.\n"
      "\n"
      "A wrong flag ends the command with exit code 2, and so does a wrong variable whose setting has a "
      "flag. Any other wrong variable ends it with 78. So does a place\n"
      "that is neither a path nor a bucket, a flag that would have no effect, and a value that only the "
      "command itself\n"
      "finds to be none: a time, an address, a class of faults.\n";
  for (const GroupText& group : groups()) {
    const auto uses = uses_of(commands, group.group);
    if (uses.empty()) continue;
    text += fmt::format("\n## {}\n", group.title);
    if (!group.about.empty()) text += fmt::format("\n{}\n", group.about);
    text +=
        "\n| setting | flag, variable | meaning | values | default | commands |\n|---|---|---|---|---|---|\n";
    for (const Use& use : uses) text += row_of(use);
  }
  return text;
}

std::string env_example(const Commands& commands) {
  std::string text =
      "# Settings of spotify-pipeline. Copy this file to .env (mode 0600 when it has a secret), and remove "
      "the # before each\n"
      "# line that you set. Variables of the environment come first. Put a value that has a $ into single "
      "quotes.\n"
      "# docs/configuration.md says more.\n";
  for (const GroupText& group : groups()) {
    // Those of the stack have a file of their own.
    if (group.group == Group::stack) continue;
    std::string entries;
    for (const Use& use : uses_of(commands, group.group)) {
      const Setting& setting = *use.setting;
      if (setting.variable.empty() || setting.hidden || setting.names_program || use.bindings.empty())
        continue;
      std::string help(setting.help);
      if (const std::string range = range_of(setting); !range.empty()) help += fmt::format(": {}", range);
      if (!setting.otherwise.empty()) help += fmt::format(" (without it: {})", setting.otherwise);
      const std::string value = setting.secret ? "" : use.bindings.back().second->standard;
      entries += fmt::format("{}#{}={}\n", comment(help), setting.variable, value);
    }
    if (!entries.empty()) text += heading(group) + entries;
  }
  return text;
}

std::string stack_example() {
  std::string text =
      "# Settings of the container stack: copy this file to .env, mode 0600. Where a secret is `generate`\n"
      "# or empty, the stack makes a random one when it first starts, and keeps it; what a person logs in\n"
      "# with is printed by `docker compose run --rm secrets show`. After a change of this file:\n"
      "# docker compose up --force-recreate. docs/docker.md says more.\n";
  for (const GroupText& group : groups()) {
    std::string entries;
    for (const Setting& setting : table()) {
      if (setting.group != group.group || !setting.stack) continue;
      entries += fmt::format("{}{}={}\n", comment(setting.help), setting.variable, *setting.stack);
    }
    if (!entries.empty()) text += heading(group) + entries;
  }
  return text;
}

}  // namespace sdp::settings
