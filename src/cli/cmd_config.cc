#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ranges>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/standard_output.h"
#include "diag/log.h"
#include "settings/documents.h"
#include "settings/help.h"

namespace sdp::cli {
namespace {

struct ConfigOptions {
  bool json = false;
};

/// A setting as commands have it: those with the same value are one line.
struct Shown {
  const settings::BoundSetting* bound = nullptr;
  std::string value;
  std::vector<std::string> commands;
};

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(separator)) + word;
  return text;
}

/// The values of `command`, or of every command when it is null; by group, as everywhere.
std::vector<Shown> values_of(const settings::Commands& commands, const settings::Command* command) {
  std::vector<Shown> all;
  for (const settings::Setting& setting : settings::table()) {
    const std::size_t first = all.size();
    for (const settings::Command& one : commands.all()) {
      const settings::BoundSetting* bound = one.find(setting.name);
      if (bound == nullptr || (command != nullptr && &one != command)) continue;
      const std::string value = bound->show();
      const auto same = std::ranges::find(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(), value,
                                          &Shown::value);
      if (same != all.end()) {
        same->commands.push_back(one.path());
      } else {
        all.push_back({bound, value, {one.path()}});
      }
    }
  }
  return all;
}

void print_text(const std::vector<Shown>& all) {
  warehouse::Table table;
  table.columns = {"SETTING", "VALUE", "ORIGIN", "COMMANDS"};
  for (const Shown& shown : all) {
    const settings::Origin& origin = shown.bound->origin;
    table.rows.push_back({std::string(shown.bound->setting->name), shown.value,
                          origin.where.empty() ? std::string(name(origin.kind)) : origin.where,
                          joined(shown.commands, ", ")});
  }
  print_out("{}", format_table(table, table.rows.size()));
}

nlohmann::ordered_json to_json(const Shown& shown) {
  const settings::Setting& setting = *shown.bound->setting;
  const settings::Origin& origin = shown.bound->origin;
  nlohmann::ordered_json item = {{"name", setting.name},
                                 {"value", shown.value},
                                 {"default", shown.bound->standard},
                                 {"origin", name(origin.kind)},
                                 {"where", origin.where},
                                 {"commands", shown.commands},
                                 {"flags", shown.bound->flags},
                                 {"variable", setting.variable},
                                 {"secret", setting.secret},
                                 {"values", settings::range_text(*shown.bound)}};
  if (shown.bound->is_switch) item["values"] = "true or false";
  return item;
}

void print_json(const std::vector<Shown>& all) {
  nlohmann::ordered_json object = {{"schema_version", 1}, {"settings", nlohmann::ordered_json::array()}};
  for (const Shown& shown : all) object["settings"].push_back(to_json(shown));
  print_line(object);
}

/// `words` are a command as it would be typed, flags included, or nothing for every command.
Result<int> show(const std::vector<std::string>& words, bool json, const Runtime& runtime) {
  // A second parser: what it fills is only looked at.
  CLI::App parser("", "spotify-pipeline");
  settings::Commands commands(parser);
  Action ignored;
  define_all(commands, ignored);
  const settings::Command* chosen = nullptr;
  if (!words.empty()) {
    commands.require_nothing();
    try {
      parser.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
      print_parse_result(parser, error);
      return kUsage;
    }
    chosen = commands.chosen();
    if (chosen == nullptr) {
      diag::log_failure("usage", kUsage,
                        fmt::format("'{}' is not a command; see spotify-pipeline --help", words.front()));
      return kUsage;
    }
  }
  const auto resolved =
      chosen == nullptr ? commands.resolve_all(runtime.env_file) : commands.resolve(runtime.env_file);
  if (!resolved && resolved.error().kind != ErrorKind::bad_input) return std::unexpected(resolved.error());
  if (!resolved) {
    // As the command itself would end.
    diag::log_failure("usage", kUsage, resolved.error().message);
    return kUsage;
  }
  const auto all = values_of(commands, chosen);
  json ? print_json(all) : print_text(all);
  return 0;
}

/// Prints a text that is made from the table, for tools/check_generated.py.
void define_document(settings::Commands& commands, CLI::App& parent, Action& action, const char* name,
                     const char* help, std::string (*text)(const settings::Commands&)) {
  auto& command = commands.add_reader(parent, name, help);
  command.parser().group("");
  command.when_chosen([&commands, &action, text] {
    action = [&commands, text](const Runtime&) -> Result<int> {
      print_out("{}", text(commands));
      return 0;
    };
  });
}

}  // namespace

void define_config(settings::Commands& commands, Action& action) {
  auto& parent =
      commands.add_reader(commands.parser(), "config", "Show the settings, and where their values come from");
  CLI::App& parser = parent.parser();
  parent.require_command_below();
  auto& command = commands.add_reader(
      parser, "show", "Print each setting of a command, its value and where the value comes from",
      "  spotify-pipeline config show                          settings of all commands\n"
      "  spotify-pipeline config show sink                     settings of one command\n"
      "  spotify-pipeline config show sink --batch-records 10  the same with this flag");
  const auto options = std::make_shared<ConfigOptions>();
  command.bind("output.json", options->json);
  // The command's own flags come behind it, so they are not ours to understand.
  command.parser().allow_extras();
  command.when_chosen([options, &command, &action] {
    action = [options, words = command.parser().remaining()](const Runtime& runtime) {
      return show(words, options->json, runtime);
    };
  });
  define_document(commands, parser, action, "page", "Print docs/configuration.md",
                  settings::configuration_page);
  define_document(commands, parser, action, "env-example", "Print .env.example", settings::env_example);
  define_document(commands, parser, action, "stack-example", "Print docker/.env.example",
                  [](const settings::Commands&) { return settings::stack_example(); });
}

}  // namespace sdp::cli
