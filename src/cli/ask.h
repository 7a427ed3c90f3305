#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text_table.h"
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "warehouse/query_session.h"

namespace sdp::cli {

// What `sql` and `marts` share: whom they ask, with which limits, and how the answer is printed.

struct AskSettings {
  WarehouseSettings warehouse;
  std::string data;  ///< folder of an embedded run; empty: `warehouse` says where
  std::chrono::seconds query_timeout{60};
  std::uint64_t rows_max = TableAnswer::Limits{}.rows_max;
  bool csv = false;
  bool json = false;
};

void bind_ask(settings::Command& command, AskSettings& settings);

/// The settings with the warehouse that they mean. `misconfigured` names flags that contradict each other.
Result<AskSettings> finished_settings(const settings::Command& command, AskSettings settings);

/// Snowflake, or the copy of the marts for readers. `misconfigured` says what to run when there is none.
Result<std::unique_ptr<warehouse::QuerySession>> open_query_session(const AskSettings& settings);

/// How the columns of an answer are called.
enum class Names { as_they_are, in_upper_case };

/// Asks one statement after another within the limits of the settings. Errors: `interrupted` when the command
/// was to stop, `unavailable` when the time limit passed, otherwise as those of QuerySession::ask.
class Asking {
 public:
  /// What is given outlives this. `rows_max`: what CSV and JSON are limited to, if to anything.
  Asking(warehouse::QuerySession& session, const AskSettings& settings, std::optional<std::uint64_t> rows_max,
         const Runtime& runtime)
      : session_(session), settings_(settings), rows_max_(rows_max), runtime_(runtime) {}

  /// Prints the answer as the settings say. Ends early, and without an error, when nobody takes the output:
  /// that is told when the command ends.
  Result<void> print(std::string_view statement, Names names);
  /// A small answer, as a whole.
  Result<base::TextTable> read(std::string_view statement);

 private:
  Result<void> ask(std::string_view statement, const warehouse::AnswerVisitor& visitor);
  Result<void> print_table(std::string_view statement, Names names);
  Result<void> print_records(std::string_view statement, Names names);

  warehouse::QuerySession& session_;
  const AskSettings& settings_;
  const std::optional<std::uint64_t> rows_max_;
  const Runtime& runtime_;
  bool printed_ = false;  ///< an answer
};

/// What CSV and JSON are limited to: --max-rows where it was asked for.
std::optional<std::uint64_t> record_limit(const settings::Command& command, const AskSettings& settings);

}  // namespace sdp::cli
