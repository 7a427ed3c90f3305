#include "settings/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/terminal_text.h"
#include "settings/help.h"
#include "settings/place.h"

namespace sdp::settings {
namespace {

std::string joined(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, "|"));
}

/// Sets from the environment what no flag has set.
Result<void> take_variable(BoundSetting& bound, const EnvFile& file) {
  const std::string variable(bound.setting->variable);
  if (bound.origin.kind == Origin::Kind::flag || variable.empty()) return {};
  const char* text = std::getenv(variable.c_str());
  if (text == nullptr || (*text == '\0' && !bound.setting->empty_counts)) return {};
  const auto line = file.lines.find(variable);
  Origin origin{Origin::Kind::environment, variable};
  if (line != file.lines.end())
    origin = {Origin::Kind::env_file, fmt::format("{}:{} {}", file.path.string(), line->second, variable)};
  if (const auto done = bound.set(text); !done) {
    const ErrorKind kind = bound.flags.empty() ? ErrorKind::misconfigured : ErrorKind::bad_input;
    return fail(kind, fmt::format("{}: {}", origin.where, done.error().message));
  }
  bound.origin = std::move(origin);
  return {};
}

/// What a value alone does not tell: whether it is a place that the setting takes.
Result<void> check_value(const BoundSetting& bound) {
  const bool is_set = bound.origin.kind != Origin::Kind::standard;
  if (!is_set || bound.setting->completion == Completion::nothing) return {};
  if (const auto checked = check_place(*bound.setting, bound.show()); !checked)
    return std::unexpected(checked.error().in(bound.origin.where));
  return {};
}

}  // namespace

std::string_view name(Origin::Kind kind) {
  switch (kind) {
    case Origin::Kind::standard:
      return "default";
    case Origin::Kind::env_file:
      return "env file";
    case Origin::Kind::environment:
      return "environment";
    case Origin::Kind::flag:
      return "flag";
  }
  return "";
}

BoundSetting Command::begin(std::string_view name, const Binding& binding, bool is_switch) {
  const Setting* setting = find_name(name);
  SDP_ASSERT(setting != nullptr && find(name) == nullptr);
  BoundSetting bound;
  bound.setting = setting;
  bound.flags = binding.flags.empty() ? setting->flag : binding.flags;
  bound.is_switch = is_switch;
  bound.is_required = binding.required;
  return bound;
}

void Command::check_choices(const Setting& setting, const std::vector<std::string_view>& names) {
  SDP_ASSERT(joined(names) == setting.choices);
}

void Command::add(BoundSetting bound) {
  bound.standard = bound.show();
  settings_.push_back(std::move(bound));
  BoundSetting& kept = settings_.back();
  if (kept.flags.empty()) return;
  const auto take = [&kept](std::string_view text) {
    const std::string flag = kept.option->get_name();
    if (const auto done = kept.set(text); !done) throw CLI::ValidationError(flag, done.error().message);
    kept.origin = {Origin::Kind::flag, flag};
  };
  const std::string help(kept.setting->help);
  if (kept.is_switch) {
    kept.option = parser_.add_flag_callback(kept.flags, [take] { take("true"); }, help);
  } else {
    kept.option = parser_.add_option_function<std::vector<std::string>>(
        kept.flags,
        [take](const std::vector<std::string>& texts) {
          for (const std::string& text : texts) take(text);
        },
        help);
    // One value each time; what follows it is not the flag's.
    kept.option->expected(1)->take_all()->allow_extra_args(false);
    if (may_be_bare(*kept.setting))
      kept.option->expected(0, 1)->default_str(std::string(kept.setting->example));
  }
  if (kept.is_required) kept.option->required();
}

const BoundSetting* Command::find(std::string_view name) const {
  const auto at =
      std::ranges::find_if(settings_, [&](const BoundSetting& bound) { return bound.setting->name == name; });
  return at == settings_.end() ? nullptr : &*at;
}

void Command::when_chosen(std::function<void()> chosen) {
  parser_.callback(std::move(chosen));
}

void Command::require_command_below() {
  parser_.require_subcommand(1);
}

Result<void> Command::resolve(const EnvFile& file) {
  for (BoundSetting& bound : settings_) {
    SDP_RETURN_IF_ERROR(take_variable(bound, file));
    SDP_RETURN_IF_ERROR(check_value(bound));
  }
  return {};
}

std::string shared_flags(const Command& given, const Command& other) {
  std::string text;
  for (const BoundSetting& bound : given.settings()) {
    if (bound.origin.kind != Origin::Kind::flag || bound.setting->group == Group::output) continue;
    const BoundSetting* same = other.find(bound.setting->name);
    if (same == nullptr || same->option == nullptr) continue;
    const std::string flag = same->option->get_name();
    const std::vector<std::string> values = bound.option->results();
    if (same->is_switch || values.empty()) text += fmt::format(" {}", flag);
    if (same->is_switch) continue;
    for (const std::string& value : values) text += fmt::format(" {} {}", flag, base::shell_word(value));
  }
  return text;
}

Commands::Commands(CLI::App& parser) : parser_(parser) {
  parser_.formatter(std::make_shared<HelpFormatter>(*this));
}

Command& Commands::add(CLI::App& parent, const std::string& name, const std::string& help,
                       const std::string& examples, Effect effect) {
  CLI::App* parser = parent.add_subcommand(name, help);
  if (effect == Effect::only_reads) parser->group("Subcommands that only read");
  parser->footer(examples.empty() ? "" : "Examples:\n" + examples);
  const bool is_nested = &parent != &parser_;
  Command& command = commands_.emplace_back(*parser, is_nested ? parent.get_name() + " " + name : name);
  visit_(command);
  return command;
}

Result<void> Commands::resolve(const EnvFile& file) {
  for (Command& command : commands_) {
    if (command.parser().parsed()) SDP_RETURN_IF_ERROR(command.resolve(file));
  }
  return {};
}

Result<void> Commands::resolve_all(const EnvFile& file) {
  for (Command& command : commands_) SDP_RETURN_IF_ERROR(command.resolve(file));
  return {};
}

const Command* Commands::chosen() const {
  const Command* last = nullptr;
  for (const Command& command : commands_) {
    if (command.parser().parsed()) last = &command;
  }
  return last;
}

void Commands::require_nothing() {
  for (const Command& command : commands_) {
    for (const BoundSetting& bound : command.settings()) {
      if (bound.option != nullptr) bound.option->required(false);
    }
  }
}

}  // namespace sdp::settings
