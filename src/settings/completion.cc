#include "settings/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string_view>
#include <vector>

#include "settings/help.h"

namespace sdp::settings {
namespace {

constexpr std::string_view kProgram = "spotify-pipeline";

std::string words(std::string_view text, char separator) {
  std::string all(text);
  std::ranges::replace(all, separator, ' ');
  return all;
}

std::vector<std::string> flags_of(const BoundSetting& bound) {
  std::vector<std::string> flags;
  for (const auto flag : std::views::split(bound.flags, ',')) flags.emplace_back(flag.begin(), flag.end());
  return flags;
}

bool is_offered(const BoundSetting& bound) {
  return !bound.flags.empty() && !bound.setting->hidden;
}

/// The name behind that of the command above it, or the whole name.
std::string_view last_word(const Command& command) {
  const std::string_view path = command.path();
  return path.substr(path.find(' ') + 1);
}

bool is_nested(const Command& command) {
  return command.path().contains(' ');
}

/// `text` with `before` in front of each of `letters`.
std::string escaped(std::string_view text, std::string_view letters, std::string_view before) {
  std::string result;
  for (const char letter : text) {
    if (letters.contains(letter)) result += before;
    result += letter;
  }
  return result;
}

// --- bash ---

/// What bash offers after a flag.
std::string bash_values(const Setting& setting) {
  if (!setting.choices.empty()) return fmt::format("compgen -W \"{}\"", words(setting.choices, '|'));
  if (setting.completion == Completion::file) return "compgen -f";
  if (setting.completion == Completion::folder) return "compgen -d";
  return "";
}

// --- zsh ---

/// Within single quotes, in a text that _arguments or _describe takes apart.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\'') {
      result += R"('\'')";
      continue;
    }
    if (std::string_view(R"(\[]:$`)").contains(letter)) result += '\\';
    result += letter;
  }
  return result;
}

std::string zsh_values(const Setting& setting) {
  if (!setting.choices.empty()) return fmt::format("({})", words(setting.choices, '|'));
  if (setting.completion == Completion::file) return "_files";
  if (setting.completion == Completion::folder) return "_files -/";
  return " ";
}

/// Specifications for _arguments, a line for each flag: a setting is given by one of its flags.
std::string zsh_flags(const BoundSetting& bound) {
  const Setting& setting = *bound.setting;
  const std::vector<std::string> flags = flags_of(bound);
  std::string lines;
  for (const std::string& flag : flags) {
    std::string value;
    if (!bound.is_switch) {
      value = fmt::format("{}{}:{}", may_be_bare(setting) ? "::" : ":",
                          zsh_text(setting.choices.empty() ? setting.value : "value"), zsh_values(setting));
    }
    // The value of a long flag may be a word of its own or stand behind a =, that of a short one behind it.
    const std::string_view ends = bound.is_switch ? "" : flag.starts_with("--") ? "=" : "+";
    lines += fmt::format("        '{}{}{}[{}]{}' \\\n",
                         flags.size() > 1 ? fmt::format("({})", fmt::join(flags, " ")) : "", flag, ends,
                         zsh_text(setting.help), value);
  }
  return lines;
}

/// The commands below `above`, or those of the program, for _describe.
std::string zsh_commands(const Commands& commands, std::string_view above, std::string_view indent) {
  std::string lines;
  for (const Command* command : commands_below(commands, above)) {
    lines += fmt::format("{}'{}:{}'\n", indent, last_word(*command),
                         zsh_text(command->parser().get_description()));
  }
  return lines;
}

// --- fish ---

std::string fish_text(std::string_view text) {
  return fmt::format("'{}'", escaped(text, R"(\')", "\\"));
}

std::string fish_values(const BoundSetting& bound) {
  const Setting& setting = *bound.setting;
  if (bound.is_switch || may_be_bare(setting)) return "";
  if (!setting.choices.empty()) return fmt::format(" -x -a {}", fish_text(words(setting.choices, '|')));
  if (setting.completion == Completion::file) return " -r -F";
  if (setting.completion == Completion::folder) return " -x -a '(__fish_complete_directories)'";
  return " -x";
}

std::string fish_flags(const BoundSetting& bound) {
  std::string text;
  for (const std::string& flag : flags_of(bound)) {
    text += flag.starts_with("--") ? fmt::format(" -l {}", flag.substr(2))
                                   : fmt::format(" -s {}", flag.substr(1));
  }
  return text + fish_values(bound) + fmt::format(" -d {}", fish_text(bound.setting->help));
}

}  // namespace

std::string bash_completion(const Commands& commands) {
  std::string names;
  std::string nested;
  std::string two_words;
  std::string flags;
  std::string values;
  for (const Command& command : commands.all()) {
    if (is_hidden(command)) continue;
    if (is_nested(command)) {
      const std::string_view path = command.path();
      nested +=
          fmt::format("    {}) words=\"$words {}\" ;;\n", path.substr(0, path.find(' ')), last_word(command));
      two_words += fmt::format("    \"{0}\") command=\"{0}\" ;;\n", command.path());
    } else {
      names += fmt::format(" {}", command.path());
    }
    std::string own = "--help";
    for (const BoundSetting& bound : command.settings()) {
      if (!is_offered(bound)) continue;
      own += fmt::format(" {}", words(bound.flags, ','));
      const std::string completion = bash_values(*bound.setting);
      if (completion.empty() || bound.is_switch) continue;
      std::vector<std::string> patterns;
      for (const std::string& flag : flags_of(bound))
        patterns.push_back(fmt::format("\"{}:{}\"", command.path(), flag));
      values += fmt::format("    {}) mapfile -t COMPREPLY < <({} -- \"$current\"); return ;;\n",
                            fmt::join(patterns, "|"), completion);
    }
    flags += fmt::format("    \"{}\") words=\"{}\" ;;\n", command.path(), own);
  }
  return fmt::format(
      "# Completion of {0} for bash: source <({0} completion)\n"
      "_spotify_pipeline() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=\"\"\n"
      "  local command=${{COMP_WORDS[1]:-}}\n"
      "  if ((COMP_CWORD == 1)); then mapfile -t COMPREPLY < <(compgen -W \"{1} --help --version\" -- "
      "\"$current\"); "
      "return; fi\n"
      "  case \"$command ${{COMP_WORDS[2]:-}}\" in\n{5}  esac\n"
      "  case \"$command:$previous\" in\n{3}  esac\n"
      "  case \"$command\" in\n{2}  esac\n"
      "  case \"$command\" in\n{4}  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "}}\n"
      "complete -F _spotify_pipeline {0}\n",
      kProgram, names, flags, values, nested, two_words);
}

std::string zsh_completion(const Commands& commands) {
  std::string two_words;
  std::string below;
  std::string flags;
  for (const Command& command : commands.all()) {
    if (is_hidden(command)) continue;
    if (is_nested(command)) two_words += fmt::format("{}'{}'", two_words.empty() ? "" : "|", command.path());
    const std::string inner = zsh_commands(commands, command.path(), "        ");
    if (!inner.empty()) {
      below += fmt::format(
          "    '{}')\n      commands=(\n{}      )\n      _describe -t commands command commands && ret=0\n"
          "      ;;\n",
          command.path(), inner);
    }
    std::string own = "        '(- *)'{-h,--help}'[Print this help and exit]' \\\n";
    for (const BoundSetting& bound : command.settings()) {
      if (is_offered(bound)) own += zsh_flags(bound);
    }
    if (!positionals_of(command).empty()) own += "        '*:value:_files' \\\n";
    flags += fmt::format("    '{}')\n      _arguments -s : \\\n{}        && ret=0\n      ;;\n",
                         command.path(), own);
  }
  return fmt::format(
      "#compdef {0}\n"
      "# Completion of {0} for zsh: source <({0} completion zsh), behind compinit\n"
      "_spotify_pipeline() {{\n"
      "  local curcontext=$curcontext command ret=1\n"
      "  local -a commands\n"
      "  if (( CURRENT == 2 )); then\n"
      "    commands=(\n{1}    )\n"
      "    _describe -t commands command commands && ret=0\n"
      "    _arguments -s : '(- *)'{{-h,--help}}'[Print help and exit]' '(- *)--version[Print the version and "
      "exit]' && ret=0\n"
      "    return ret\n"
      "  fi\n"
      "  # What follows is a command line of its own, which begins with the command.\n"
      "  command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  if (( CURRENT > 2 )); then\n"
      "    case \"$command $words[2]\" in\n"
      "    {2})\n"
      "      command=\"$command $words[2]\"\n"
      "      shift words\n"
      "      (( CURRENT-- ))\n"
      "      ;;\n"
      "    esac\n"
      "  else\n"
      "    case \"$command\" in\n{3}    esac\n"
      "  fi\n"
      "  case \"$command\" in\n{4}  esac\n"
      "  return ret\n"
      "}}\n"
      "if [[ $funcstack[1] == _{0} ]]; then _spotify_pipeline \"$@\"; else compdef _spotify_pipeline {0}; "
      "fi\n",
      kProgram, zsh_commands(commands, "", "      "), two_words, below, flags);
}

std::string fish_completion(const Commands& commands) {
  std::string two_words;
  std::string lines;
  for (const Command& command : commands.all()) {
    if (is_hidden(command)) continue;
    const std::string_view path = command.path();
    const std::string_view above = is_nested(command) ? path.substr(0, path.find(' ')) : "";
    if (is_nested(command)) two_words += fmt::format(" '{}'", path);
    const std::string at = fmt::format("complete -c {} -n '__spotify_pipeline_at {}'", kProgram, path);
    lines += fmt::format("complete -c {} -n '__spotify_pipeline_at{}{}' -a {} -d {}\n", kProgram,
                         above.empty() ? "" : " ", above, last_word(command),
                         fish_text(command.parser().get_description()));
    if (!positionals_of(command).empty()) lines += at + " -F\n";
    lines += at + " -s h -l help -d 'Print this help and exit'\n";
    for (const BoundSetting& bound : command.settings()) {
      if (is_offered(bound)) lines += at + fish_flags(bound) + "\n";
    }
  }
  return fmt::format(
      "# Completion of {0} for fish: {0} completion fish | source\n"
      "# Whether the words so far are this command.\n"
      "function __spotify_pipeline_at\n"
      "  set -l words (commandline -opc)\n"
      "  set -e words[1]\n"
      "  set -l command \"$words[1]\"\n"
      "  contains -- \"$words[1] $words[2]\"{1}; and set command \"$words[1] $words[2]\"\n"
      "  test \"$command\" = \"$argv\"\n"
      "end\n"
      "complete -c {0} -f\n"
      "complete -c {0} -n __spotify_pipeline_at -s h -l help -d 'Print help and exit'\n"
      "complete -c {0} -n __spotify_pipeline_at -l version -d 'Print the version and exit'\n"
      "{2}",
      kProgram, two_words, lines);
}

}  // namespace sdp::settings
