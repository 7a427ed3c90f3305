#include "settings/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "settings/command.h"

namespace sdp::settings {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumn = 30;

/// Lines of at most `width` characters, broken at blanks.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (line.size() + 1 + word.size() <= width) {
      line += fmt::format(" {}", word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

std::string entry(std::string_view left, std::string_view right) {
  std::string text = fmt::format("  {}", left);
  bool is_first = true;
  for (const std::string& line : wrapped(right, kWidth - kColumn)) {
    if (is_first && text.size() + 2 <= kColumn) {
      text += fmt::format("{:{}}{}\n", "", kColumn - text.size(), line);
    } else {
      text += fmt::format("{}{:{}}{}\n", is_first ? "\n" : "", "", kColumn, line);
    }
    is_first = false;
  }
  return text;
}

}  // namespace

std::string range_text(const BoundSetting& bound) {
  const Setting& setting = *bound.setting;
  if (!setting.choices.empty()) return accepted(setting, "");
  if (!setting.range) return "";
  return fmt::format("{} to {}", show_number(setting.range->low), show_number(setting.range->high));
}

std::string default_text(const BoundSetting& bound) {
  if (!bound.setting->otherwise.empty()) return std::string(bound.setting->otherwise);
  return bound.standard;
}

bool may_be_bare(const Setting& setting) {
  return setting.value.starts_with('[');
}

bool is_hidden(const Command& command) {
  return command.parser().get_group().empty();
}

std::vector<const Command*> commands_below(const Commands& commands, std::string_view above) {
  const std::string prefix = above.empty() ? "" : fmt::format("{} ", above);
  std::vector<const Command*> found;
  for (const Command& command : commands.all()) {
    if (!command.path().starts_with(prefix) || is_hidden(command)) continue;
    if (command.path().find(' ', prefix.size()) == std::string::npos) found.push_back(&command);
  }
  return found;
}

std::vector<const CLI::Option*> positionals_of(const Command& command) {
  const CLI::App& parser = command.parser();
  return parser.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::string usage_text(const BoundSetting& bound) {
  const Setting& setting = *bound.setting;
  if (bound.flags.empty()) return std::string(setting.variable);
  std::string flags;
  for (const char c : bound.flags) flags += c == ',' ? ", " : std::string(1, c);
  if (bound.is_switch) return flags;
  return fmt::format("{} {}", flags, setting.choices.empty() ? setting.value : setting.choices);
}

std::string meaning_text(const BoundSetting& bound) {
  const Setting& setting = *bound.setting;
  std::vector<std::string> facts;
  const auto add = [&](std::string text) {
    if (!text.empty()) facts.push_back(std::move(text));
  };
  if (bound.is_required) add("required");
  if (!bound.is_switch && setting.choices.empty()) add(range_text(bound));
  if (!bound.is_switch && !bound.is_required) add(fmt::format("default {}", default_text(bound)));
  if (bound.flags.empty() && !setting.choices.empty()) add(range_text(bound));
  if (may_be_bare(setting)) {
    add(fmt::format("{} without a value", setting.example));
  } else if (!setting.example.empty()) {
    add(fmt::format("such as {}", setting.example));
  }
  if (!bound.flags.empty() && !setting.variable.empty()) add(std::string(setting.variable));
  return facts.empty() ? std::string(setting.help)
                       : fmt::format("{} ({})", setting.help, fmt::join(facts, "; "));
}

std::string HelpFormatter::make_help(const CLI::App* parser, std::string name,
                                     CLI::AppFormatMode mode) const {
  for (const Command& command : commands_.all()) {
    if (&command.parser() != parser) continue;
    std::string text = make_description(parser) + make_usage(parser, std::move(name));
    // Examples before the settings, of which some commands have dozens.
    const std::string examples = make_footer(parser);
    if (!examples.empty()) text += "\n" + examples;
    text += make_positionals(parser);
    for (const GroupText& group : groups()) {
      std::string entries;
      for (const BoundSetting& bound : command.settings()) {
        if (bound.setting->group == group.group && !bound.setting->hidden)
          entries += entry(usage_text(bound), meaning_text(bound));
      }
      if (!entries.empty()) text += fmt::format("\n{}:\n{}", group.title, entries);
    }
    text += "\nOther:\n" + entry("-h, --help", "Print this help and exit");
    return text + make_subcommands(parser, mode);
  }
  return CLI::Formatter::make_help(parser, std::move(name), mode);
}

}  // namespace sdp::settings
