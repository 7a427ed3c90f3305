#pragma once

#include <concepts>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "settings/env_file.h"
#include "settings/setting.h"
#include "settings/table.h"
#include "settings/value.h"

// CLI11 is all headers, and takes longer to compile than most of what includes this.
namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class Option;
}  // namespace CLI

namespace sdp::settings {

/// Where a value comes from. A flag goes before the environment, the environment before the file, the file
/// before the default.
struct Origin {
  enum class Kind { standard, env_file, environment, flag };
  Kind kind = Kind::standard;
  std::string where;  ///< `--topic`, `KAFKA_TOPIC`, `.env:3 KAFKA_TOPIC`; empty for the default
};
std::string_view name(Origin::Kind kind);

/// How a command deviates from the row when it takes the setting.
struct Binding {
  std::string_view flags = {};  ///< instead of the row's own
  bool required = false;
};

/// A setting that a command takes, and the field where its value lives.
struct BoundSetting {
  const Setting* setting = nullptr;
  std::string flags;
  bool is_switch = false;
  bool is_required = false;
  std::string standard;  ///< the field's value before anything was set, as text
  std::function<Result<void>(std::string_view)> set;
  std::function<std::string()> show;
  Origin origin;
  CLI::Option* option = nullptr;
};

/// A command of the program with the settings that it takes. Owned by Commands; its CLI::App is the parser's.
class Command {
 public:
  Command(CLI::App& parser, std::string path) : parser_(parser), path_(std::move(path)) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// The setting's value lives in `field`, whose present value is the default. The field outlives the
  /// command.
  template <typename T>
  void bind(std::string_view name, T& field, Binding binding = {}) {
    BoundSetting bound = begin(name, binding, std::same_as<T, bool>);
    const Setting& setting = *bound.setting;
    bound.set = [&setting, &field](std::string_view text) { return read(setting, text, field); };
    bound.show = [&setting, &field] { return settings::show(setting, field); };
    add(std::move(bound));
  }
  /// The same for a field of an enumeration: the names are the row's choices.
  template <typename T>
  void bind(std::string_view name, T& field, std::initializer_list<std::pair<std::string_view, T>> values,
            Binding binding = {}) {
    BoundSetting bound = begin(name, binding, false);
    const Setting& setting = *bound.setting;
    const std::vector<std::pair<std::string_view, T>> names(values);
    check_choices(setting, [&] {
      std::vector<std::string_view> all;
      for (const auto& [text, value] : names) all.push_back(text);
      return all;
    }());
    bound.set = [&setting, &field, names](std::string_view text) -> Result<void> {
      SDP_TRY(const std::string choice, read_text(setting, text));
      for (const auto& [one, value] : names) {
        if (one == choice) field = value;
      }
      return {};
    };
    bound.show = [&field, names] {
      for (const auto& [one, value] : names) {
        if (value == field) return std::string(one);
      }
      return std::string();
    };
    add(std::move(bound));
  }
  /// The same for a field that is another type than the setting: T is what the setting is.
  template <typename T>
  void bind_as(std::string_view name, std::function<T()> get, std::function<void(T)> put,
               Binding binding = {}) {
    BoundSetting bound = begin(name, binding, std::same_as<T, bool>);
    const Setting& setting = *bound.setting;
    bound.set = [&setting, get, put](std::string_view text) -> Result<void> {
      T value = get();
      SDP_RETURN_IF_ERROR(read(setting, text, value));
      put(std::move(value));
      return {};
    };
    bound.show = [&setting, get] { return settings::show(setting, get()); };
    add(std::move(bound));
  }

  /// Calls `chosen` when the command line chose this command, with all flags read.
  void when_chosen(std::function<void()> chosen);

  /// One of the commands below this one has to be chosen, too.
  void require_command_below();

  /// Fills what no flag has set from the environment. `bad_input` is wrong usage: a variable that has a flag,
  /// too, is checked as the flag is; `misconfigured` is any other variable, and a place that is none
  /// (check_place).
  Result<void> resolve(const EnvFile& file);

  CLI::App& parser() const { return parser_; }
  const std::string& path() const { return path_; }  ///< `sink`, `warehouse init`
  const std::deque<BoundSetting>& settings() const { return settings_; }
  const BoundSetting* find(std::string_view name) const;

 private:
  BoundSetting begin(std::string_view name, const Binding& binding, bool is_switch);
  void add(BoundSetting bound);
  static void check_choices(const Setting& setting, const std::vector<std::string_view>& names);

  CLI::App& parser_;
  const std::string path_;
  std::deque<BoundSetting> settings_;
};

/// What was given to `given` by flags that `other` takes, too, as a shell takes it: ` --topic mine`. Not how
/// `given` speaks (Group::output), which each command is told for itself.
std::string shared_flags(const Command& given, const Command& other);

/// What a command does to what others see; help lists commands by it.
enum class Effect { writes, only_reads };

/// Every command of a program, below `parser`, with help that is made from the table.
class Commands {
 public:
  explicit Commands(CLI::App& parser);

  /// `examples` stand in the command's help before its settings, one a line: the command line, two blanks,
  /// what it does.
  Command& add(CLI::App& parent, const std::string& name, const std::string& help,
               const std::string& examples = "", Effect effect = Effect::writes);
  /// A command that changes nothing: no file, folder, bucket, object, topic or table.
  Command& add_reader(CLI::App& parent, const std::string& name, const std::string& help,
                      const std::string& examples = "") {
    return add(parent, name, help, examples, Effect::only_reads);
  }
  /// From now on every command that is added is handed to `visit`, for settings that all commands take.
  void for_each_new(std::function<void(Command&)> visit) { visit_ = std::move(visit); }
  CLI::App& parser() const { return parser_; }
  const std::deque<Command>& all() const { return commands_; }
  /// Resolves the command that was chosen.
  Result<void> resolve(const EnvFile& file);
  /// Resolves every command, chosen or not.
  Result<void> resolve_all(const EnvFile& file);
  /// The command that was parsed, or null; of a command with commands of its own, the inner one.
  const Command* chosen() const;
  /// From now on no setting has to be given: for looking at them.
  void require_nothing();

 private:
  CLI::App& parser_;
  std::function<void(Command&)> visit_ = [](Command&) {};
  std::deque<Command> commands_;
};

}  // namespace sdp::settings
