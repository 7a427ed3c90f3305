#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "diag/events.h"
#include "diag/levels.h"

namespace sdp::diag {

/// `text`: one line for people, `TIME level event field=value ...: message`. `json`: one JSON object a line.
enum class Format { text, json };
/// `misconfigured` when it is neither.
Result<Format> parse_format(std::string_view text);

/// What the process logs, where to and how. Until configure() nothing is logged.
struct LogSettings {
  Format format = Format::text;
  EnabledEvents enabled{};
  /// Name of the command that runs; a member of each JSON line unless it is empty.
  std::string command{};
  /// Takes one line, with its end, in one call; called by one thread at a time. Empty: standard error.
  std::function<void(std::string_view line)> write{};
  /// Whether that is a terminal, whose last line may be drawn again.
  bool draws = false;
  Clock* clock = nullptr;  ///< Outlives the logging; none: the system's.
};

/// Replaces the settings of this process. Safe to call while other threads log.
void configure(LogSettings settings);
/// Writes the counts of repeats that were left out so far: at the end of the process.
void flush_repeats();

/// Name of an event, looked up when the code is compiled.
class EventName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): an event is written as its name.
  consteval EventName(const char* event) : index_(find_event(event)) {
    if (index_ == kEvents.size()) throw "the event has no row in diag/events.h";
  }
  constexpr std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

/// Name of a field, looked up when the code is compiled.
class FieldName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a field is written as its name.
  consteval FieldName(const char* field) : index_(find_field(field)) {
    if (index_ == kFields.size()) throw "the field has no row in diag/events.h";
  }
  constexpr std::string_view text() const { return kFields[index_].name; }

 private:
  std::size_t index_;
};

/// One field of a line. Does not own its text.
class Field {
 public:
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  Field(FieldName field, bool value) : field_(field), value_(value) {}
  template <std::signed_integral Integer>
  Field(FieldName field, Integer value) : field_(field), value_(std::int64_t{value}) {}
  template <std::unsigned_integral Integer>
    requires(!std::same_as<Integer, bool>)
  Field(FieldName field, Integer value) : field_(field), value_(std::uint64_t{value}) {}
  Field(FieldName field, double value) : field_(field), value_(value) {}
  Field(FieldName field, std::string_view value) : field_(field), value_(value) {}
  Field(FieldName field, const std::string& value) : field_(field), value_(std::string_view(value)) {}
  Field(FieldName field, const char* value) : field_(field), value_(std::string_view(value)) {}

  std::string_view name() const { return field_.text(); }
  const Value& value() const { return value_; }

 private:
  FieldName field_;
  Value value_;
};

struct ProgressFacts;

namespace detail {
/// Of the settings in force.
extern std::atomic<bool> draws;
/// Draws the line, or writes the event.
void show_progress(const ProgressFacts& facts);
/// Takes a drawn line away.
void end_progress();
extern std::array<std::atomic<bool>, kEvents.size()> enabled;
void write_event(std::size_t event, std::initializer_list<Field> fields);
}  // namespace detail

/// Whether the event would be written: to be asked before fields that are expensive to compute.
inline bool is_logged(EventName event) {
  return detail::enabled[event.index()].load(std::memory_order_relaxed);
}

/// Writes a line, from any thread: `log_event("sink.partition.assigned", {{"partition", 3}, {"offset",
/// 17}})`. Costs a load and a branch when the event is off. Never secrets.
inline void log_event(EventName event, std::initializer_list<Field> fields) {
  if (is_logged(event)) detail::write_event(event.index(), fields);
}

/// Writes `command.failed`; as text it is `error: MESSAGE`, whatever the levels are.
void log_failure(std::string_view kind, int exit_code, std::string_view message);

}  // namespace sdp::diag
