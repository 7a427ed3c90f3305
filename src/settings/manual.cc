#include "settings/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "settings/help.h"
#include "settings/table.h"

namespace sdp::settings {
namespace {

constexpr std::string_view kExamples = "Examples:\n";
constexpr std::string_view kExitCodes = "Exit codes: ";

/// Text as troff prints it unchanged, so that it can be copied into a shell. A point that begins a line would
/// be a request.
std::string plain(std::string_view text) {
  std::string result;
  bool begins_line = true;
  for (const char letter : text) {
    if (begins_line && letter == '.') result += "\\&";
    begins_line = letter == '\n';
    switch (letter) {
      case '\\':
        result += "\\(rs";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

std::string section(std::string_view title, std::string_view body) {
  return body.empty() ? "" : fmt::format(".SH {}\n{}", title, body);
}

std::string item(std::string_view left, std::string_view right) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", plain(left), plain(right));
}

std::string as_it_is(std::string_view text) {
  return fmt::format(".nf\n{}\n.fi\n", plain(text));
}

/// The paragraph of the parser's footer that begins so, without that; empty when there is none.
std::string_view paragraph(std::string_view footer, std::string_view begins) {
  while (!footer.empty()) {
    std::string_view one = footer.substr(0, footer.find("\n\n"));
    footer.remove_prefix(std::min(footer.size(), one.size() + 2));
    if (!one.starts_with(begins)) continue;
    one.remove_prefix(begins.size());
    return one;
  }
  return "";
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

std::string examples(const CLI::App& parser) {
  const std::string footer = parser.get_footer();
  const std::string_view lines = paragraph(footer, kExamples);
  return section("EXAMPLES", lines.empty() ? "" : as_it_is(lines));
}

std::string exit_status(const Commands& commands) {
  const std::string footer = commands.parser().get_footer();
  const std::string_view codes = paragraph(footer, kExitCodes);
  return section("EXIT STATUS", codes.empty() ? "" : plain(one_line(codes)) + "\n");
}

/// `Options`, then the settings of a group at a time, as --help lists them.
std::string options(const Command* command) {
  std::string text;
  if (command != nullptr) {
    for (const CLI::Option* option : positionals_of(*command))
      text += item(option->get_name(true), option->get_description());
    for (const GroupText& group : groups()) {
      std::string items;
      for (const BoundSetting& bound : command->settings()) {
        if (bound.setting->group == group.group && !bound.setting->hidden)
          items += item(usage_text(bound), meaning_text(bound));
      }
      if (!items.empty()) text += fmt::format(".SS {}\n{}", plain(group.title), items);
    }
    text += ".SS Other\n";
  }
  text += item("-h, --help", "Print help and exit");
  if (command == nullptr) text += item("--version", "Print the version and exit");
  return text;
}

std::string list(const std::vector<const Command*>& commands) {
  std::string text;
  for (const Command* command : commands) text += item(command->path(), command->parser().get_description());
  return text;
}

std::string synopsis(const Commands& commands, const Command* command, bool has_commands) {
  std::string text = fmt::format("\\fB{}", plain(commands.parser().get_name()));
  if (command != nullptr) text += fmt::format(" {}", plain(command->path()));
  text += "\\fR [options]";
  if (command != nullptr) {
    for (const CLI::Option* option : positionals_of(*command)) {
      const std::string name = fmt::format("\\fI{}\\fR", plain(option->get_name(true)));
      text += option->get_required() ? fmt::format(" {}", name) : fmt::format(" [{}]", name);
    }
  }
  if (has_commands) text += " [command]";
  return text + "\n";
}

std::string see_also(const Commands& commands, const Command* command,
                     const std::vector<const Command*>& inner) {
  std::vector<std::string> pages;
  if (command != nullptr) pages.push_back(manual_name(commands, nullptr));
  for (const Command* one : inner) pages.push_back(manual_name(commands, one));
  std::string text;
  for (std::size_t at = 0; at < pages.size(); ++at)
    text += fmt::format("\\fB{}\\fR(1){}\n", plain(pages[at]), at + 1 < pages.size() ? "," : "");
  return section("SEE ALSO", text);
}

}  // namespace

std::string manual_name(const Commands& commands, const Command* command) {
  std::string name = commands.parser().get_name();
  if (command != nullptr) name += "-" + command->path();
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string manual_page(const Commands& commands, const Command* command, std::string_view version) {
  const CLI::App& parser = command == nullptr ? commands.parser() : command->parser();
  const std::string name = manual_name(commands, command);
  const std::string title = base::upper(name);
  const auto inner = commands_below(commands, command == nullptr ? "" : command->path());
  const std::string about = parser.get_description();
  // Neither hyphens nor wider blanks within what is to be typed.
  std::string text = fmt::format(".TH {} 1 \"\" \"{} {}\" \"User Commands\"\n.nh\n.ad l\n", plain(title),
                                 plain(commands.parser().get_name()), version);
  text += section("NAME", fmt::format("{} \\- {}\n", plain(name), plain(about)));
  text += section("SYNOPSIS", synopsis(commands, command, !inner.empty()));
  text += examples(parser);
  text += section("COMMANDS", list(inner));
  text += section("OPTIONS", options(command));
  text += exit_status(commands);
  return text + see_also(commands, command, inner);
}

}  // namespace sdp::settings
