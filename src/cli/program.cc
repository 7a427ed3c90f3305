#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <ranges>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "base/suggestion.h"
#include "cli/data_dir.h"
#include "cli/logging.h"
#include "cli/result_object.h"
#include "cli/signals.h"
#include "cli/standard_output.h"
#include "cli/terminate.h"
#include "diag/log.h"
#include "diag/progress.h"
#include "os/posix_file.h"
#include "os/standard_streams.h"
#include "settings/command.h"
#include "settings/env_file.h"

namespace sdp::cli {
namespace {

int report(const Error& error) {
  const int code = base::exit_code(error.kind);
  diag::log_failure(name(error.kind), code, error.message);
  return code;
}

/// The C library keeps freed blocks of up to 32 MB for itself once it has seen some. Values and objects may
/// be as large, and several threads have them: what they free goes back at once. What is asked for all the
/// time, as a fetch of a few partitions is, stays: to clear its pages again for each costs more than to read
/// it.
void give_back_large_memory() {
#ifdef __GLIBC__
  constexpr int kLarge = 4 << 20;
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, 4 * kLarge);
#endif
}

/// Not by std::cerr, which flushes standard output first and loses what came of it.
void write_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

/// What could stand where a word is that nobody understands: flags of the command, or commands below it.
std::vector<std::string> candidates(const settings::Commands& commands, std::string_view word) {
  std::vector<std::string> all;
  const settings::Command* chosen = commands.chosen();
  if (!word.starts_with('-')) {
    const std::string above = chosen == nullptr ? "" : chosen->path() + " ";
    for (const settings::Command& command : commands.all()) {
      // Those of no group are for the tools of the tree, and in no help.
      if (command.path().starts_with(above) && !command.parser().get_group().empty())
        all.push_back(command.path().substr(above.size()));
    }
  } else if (chosen != nullptr) {
    all.emplace_back("--help");
    for (const settings::BoundSetting& bound : chosen->settings()) {
      for (const auto flag : std::views::split(bound.flags, ',')) all.emplace_back(flag.begin(), flag.end());
    }
  }
  return all;
}

/// `log, lake or rejected`: the commands below the one that was chosen.
std::string commands_below(const settings::Commands& commands) {
  std::vector<std::string> names = candidates(commands, "");
  const std::string last = names.back();
  names.pop_back();
  return names.empty() ? last : fmt::format("{} or {}", fmt::join(names, ", "), last);
}

/// What the parser says in its own words, said as everything else is.
std::string plainly(const settings::Commands& commands, CLI::ExitCodes code, std::string message) {
  constexpr std::string_view kNoValue = ": 1 required TEXT missing";
  const settings::Command* chosen = commands.chosen();
  if (code == CLI::ExitCodes::ArgumentMismatch && message.ends_with(kNoValue))
    return fmt::format("{} needs a value", message.substr(0, message.size() - kNoValue.size()));
  if (code == CLI::ExitCodes::RequiredError && chosen != nullptr && message == "A subcommand is required")
    return fmt::format("{} is followed by {}", chosen->path(), commands_below(commands));
  constexpr std::string_view kNotTruth = "Could not convert: ";
  if (code == CLI::ExitCodes::ConversionError && message.starts_with(kNotTruth)) {
    message.erase(0, kNotTruth.size());
    return fmt::format("{} takes no value", message.substr(0, message.find(" = ")));
  }
  return message;
}

/// The parser's message, and for a word that is unknown what may have been meant by it.
std::string usage_text(const CLI::App& app, const settings::Commands& commands,
                       const CLI::ParseError& error) {
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  std::string text = plainly(commands, code, error.what());
  // Where a command below another is missing, the word that was to be it is among the rest.
  if (code != CLI::ExitCodes::ExtrasError && code != CLI::ExitCodes::RequiredError) return text;
  const std::vector<std::string> words = app.remaining(true);
  // CLI11's own message has them from the last to the first.
  if (code == CLI::ExitCodes::ExtrasError)
    text = fmt::format("The following argument{} not expected: {}", words.size() == 1 ? " was" : "s were",
                       fmt::join(words, " "));
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (name == "help") return fmt::format("{}; did you mean --help?", text);
    // Of a flag of one letter nothing can be mistyped but that letter.
    if (name.size() == 2 && name.starts_with('-')) continue;
    if (const auto meant = base::meant_by(name, candidates(commands, name)))
      return fmt::format("{}; did you mean {}?", text, *meant);
  }
  return text;
}

/// Wrong usage is told like every other failure where programs read along.
int report_usage(const CLI::App& app, const settings::Commands& commands, const CLI::ParseError& error,
                 std::string_view format) {
  if (error.get_exit_code() == 0) return print_parse_result(app, error);
  const std::string text = usage_text(app, commands, error);
  if (format == "json") {
    diag::log_failure("usage", kUsage, text);
  } else {
    write_error(text + "\nRun with --help for more information.\n");
  }
  return kUsage;
}

/// The same for a variable of the environment that has a flag, too; any other setting is misconfigured.
int report_setting(const Error& error) {
  if (error.kind != ErrorKind::bad_input) return report(error);
  diag::log_failure("usage", kUsage, error.message);
  return kUsage;
}

/// The file of --metrics-file, where the command takes one.
std::string metrics_path(const settings::Command& command) {
  const settings::BoundSetting* bound = command.find("metrics.file");
  return bound == nullptr ? "" : bound->show();
}

/// The error of a command that could show a run by --data, when nothing told it where to look and there is
/// such a run here: with what shows it.
Error with_hint(Error error, const settings::Command& command) {
  constexpr std::string_view kHere = "data";
  if (error.kind != ErrorKind::misconfigured && error.kind != ErrorKind::unavailable) return error;
  const auto takes_run = [](const settings::BoundSetting& bound) { return bound.setting->names_run; };
  const auto says_where = [](const settings::BoundSetting& bound) {
    return (bound.setting->names_run || bound.setting->names_part) &&
           bound.origin.kind != settings::Origin::Kind::standard;
  };
  std::error_code none;
  if (std::ranges::none_of(command.settings(), takes_run) ||
      std::ranges::any_of(command.settings(), says_where) ||
      !std::filesystem::exists(embedded_warehouse(kHere), none)) {
    return error;
  }
  error.message += fmt::format("; for what `run` has made in {0}, add --data {0}", kHere);
  return error;
}

/// Tells how a command ends: by its file of metrics, and by its result where that is asked for.
class Ending {
 public:
  Ending(const settings::Command& command, bool tells_result, Clock& clock)
      : path_(command.path()),
        tells_result_(tells_result),
        clock_(clock),
        begun_at_(clock.steady_now()),
        file_(command.path(), metrics_path(command), clock) {
    if (tells_result) keep_out_for_result();
  }

  WorkDone& work() { return file_.work(); }
  ResultObject& result() { return result_; }

  /// Of a command that failed, and said so. That comes first: nothing is said of a file that cannot be
  /// written either.
  int failed(int code, const Error& error) {
    static_cast<void>(file_.write(code));
    tell(code, failure_of(code, error));
    return code;
  }

  /// `told`: what it ends with by what it has done and printed; `own`: the same without what it could not
  /// print, which is told behind this.
  int ended(int told, int own) {
    if (const auto written = file_.write(told); !written && told == 0) {
      const int code = report(written.error());
      tell(code, failure_of(code, written.error()));
      return code;
    }
    tell(own, std::nullopt);
    return own;
  }

 private:
  static Failure failure_of(int code, const Error& error) {
    return {.kind = std::string(code == kUsage ? "usage" : name(error.kind)), .message = error.message};
  }

  void tell(int code, const std::optional<Failure>& failure) const {
    if (!tells_result_) return;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begun_at_);
    write_result(result_.line(path_, code, took, failure));
  }

  const std::string path_;
  const bool tells_result_;
  Clock& clock_;
  const SteadyTime begun_at_;
  MetricsFile file_;
  ResultObject result_;
};

/// What a command does, as one line of a terminal: the first sentence of its help.
std::string opening_of(const settings::Command& command) {
  constexpr std::size_t kWidthMax = 78;
  std::string says = command.parser().get_description();
  for (const std::string_view end : {"; ", ": ", ". "}) says.resize(std::min(says.find(end), says.size()));
  if (!says.empty()) says[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(says[0])));
  std::string line = fmt::format("{}: {}", command.path(), says);
  if (line.size() > kWidthMax) line = fmt::format("{} ...", line.substr(0, line.rfind(' ', kWidthMax - 4)));
  return line;
}

/// The words of the command line as CLI11 takes them. `--name=` gives an empty value; CLI11 would take the
/// next word for it, a flag, too.
std::vector<std::string> last_first(int argc, char** argv) {
  std::vector<std::string> words;
  bool flags_end = false;
  for (const std::string_view word : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    flags_end = flags_end || word == "--";
    const bool is_empty_value = !flags_end && word.starts_with("--") && word.find('=') == word.size() - 1;
    words.emplace_back(is_empty_value ? word.substr(0, word.size() - 1) : word);
    if (is_empty_value) words.emplace_back();
  }
  std::ranges::reverse(words);
  return words;
}

int run_chosen(settings::Commands& commands, const Action& action, const LoggingSettings& logging,
               bool tells_result) {
  Ending ending(*commands.chosen(), tells_result, base::system_clock());
  // Into the environment, so that dbt has them, too. Only now: help is there whatever stands in the file.
  const auto env_file = settings::load_env_file();
  if (!env_file) return ending.failed(report(env_file.error()), env_file.error());
  if (const auto resolved = commands.resolve(*env_file); !resolved)
    return ending.failed(report_setting(resolved.error()), resolved.error());
  if (const auto logs = start_logging(logging, commands.chosen()->path()); !logs)
    return ending.failed(report(logs.error()), logs.error());

  SignalStop signals(logging.quiet ? "" : opening_of(*commands.chosen()));
  const auto code = action({.stop = signals.token(),
                            .clock = base::system_clock(),
                            .env_file = *env_file,
                            .work = ending.work(),
                            .result = ending.result(),
                            .quiet = logging.quiet});
  diag::clear_drawn_line();
  if (!code) {
    const Error error = with_hint(code.error(), *commands.chosen());
    return ending.failed(report(error), error);
  }
  // What could not be printed is told behind this, and is the exit code then.
  const auto printed = finish_out();
  const int ended =
      ending.ended(*code == 0 && !printed ? base::exit_code(printed.error().kind) : *code, *code);
  diag::flush_repeats();
  return ended;
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  // For what is logged before the settings are known.
  const LoggingSettings early = logging_from_environment();
  if (const auto logs = start_logging(early, ""); !logs) {
    static_cast<void>(start_logging({}, ""));
    return report(logs.error());
  }
  CLI::App parser(program.description, program.name);
  settings::Commands commands(parser);
  parser.require_subcommand(0, 1);
  parser.set_version_flag("--version", std::string(kVersion));
  Action action;
  LoggingSettings logging;
  bool tells_result = false;
  commands.for_each_new([&](settings::Command& command) {
    bind_logging(command, logging);
    if (has_result(command.path())) command.bind("output.json", tells_result);
  });
  program.define(commands, action);
  parser.footer(program.footer);
  try {
    parser.parse(last_first(argc, argv));
  } catch (const CLI::ParseError& error) {
    return report_usage(parser, commands, error, logging.format == "json" ? logging.format : early.format);
  }
  if (!action) {
    print_out("{}", parser.help());
    return kUsage;
  }
  return run_chosen(commands, action, logging, tells_result);
}

int run_main(const std::function<int()>& body) {
  constexpr ErrorKind kUnforeseen = ErrorKind::fatal;
  end_in_words();
  give_back_large_memory();
  if (!os::open_standard_streams()) return base::exit_code(kUnforeseen);
  int code = base::exit_code(kUnforeseen);
  try {
    code = body();
  } catch (const std::filesystem::filesystem_error& error) {
    // Such as a folder that this user may not look into.
    code = report(os::posix_error(error.code().value(), os::Access::read, "look at", error.path1()).error());
  } catch (const std::exception& error) {
    code = report({kUnforeseen, fmt::format("the command ended by an exception: {}", error.what())});
  }
  const auto written = finish_out();
  if (written) return code;
  const Error& error = written.error();
  // Whoever writes all he makes to standard output has said so himself.
  if (code == base::exit_code(error.kind)) return code;
  if (code == 0) code = base::exit_code(error.kind);
  diag::log_failure(name(error.kind), code, error.message);
  return code;
}

int print_parse_result(const CLI::App& parser, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream problem;
  const int code = parser.exit(error, out, problem);
  write_out(out.str());
  write_error(problem.str());
  return code;
}

}  // namespace sdp::cli
