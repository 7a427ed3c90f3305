#include "diag/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "base/terminal_text.h"
#include "diag/progress.h"
#include "diag/repeat_limiter.h"

namespace sdp::diag {
namespace {

using Json = nlohmann::ordered_json;

// spdlog writes what every line begins with; the rest is its payload.
/// To the first column, and nothing behind it.
constexpr std::string_view kEraseLine = "\r\x1b[K";

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
constexpr const char* kJsonPattern = R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

/// In one write, so that lines of several processes on one terminal or pipe do not mix.
void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

std::string json_text(const Json& value) {
  // Keys and paths of others need not be UTF-8.
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Control characters would end the line or act on the terminal.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

/// What a path, a record or a server's answer in it has acts on no terminal. Lines stay lines: the end of a
/// server's log is told so.
std::string harmless(std::string_view message) {
  std::string text;
  for (const auto line : std::views::split(message, '\n')) {
    if (!text.empty()) text += '\n';
    text += base::escaped({line.begin(), line.end()});
  }
  return text;
}

std::string text_value(const Field::Value& value) {
  struct {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(double v) const { return fmt::format("{:.1f}", v); }
    std::string operator()(std::string_view v) const {
      const bool plain =
          !v.empty() && v.find_first_of(" \"=") == std::string_view::npos &&
          std::ranges::all_of(v, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
      return plain ? std::string(v) : json_text(v);
    }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(std::uint64_t v) const { return fmt::format("{}", v); }
  } visitor;
  return std::visit(visitor, value);
}

std::string text_payload(std::string_view event, std::span<const Field> fields) {
  std::string text(event);
  std::string message;
  for (const Field& field : fields) {
    if (field.name() == "message" || field.name() == "line") {
      message = one_line(std::get<std::string_view>(field.value()));
    } else {
      text += fmt::format(" {}={}", field.name(), text_value(field.value()));
    }
  }
  if (!message.empty()) text += ": " + message;
  return text;
}

/// The members behind `level`, without the braces.
std::string json_payload(std::string_view command, std::string_view event, std::span<const Field> fields) {
  Json members;
  members["event"] = event;
  if (!command.empty()) members["command"] = command;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { members[std::string(field.name())] = value; }, field.value());
  }
  const std::string object = json_text(members);
  return object.substr(1, object.size() - 2);
}

RepeatKey key_of(std::size_t event, std::span<const Field> fields) {
  RepeatKey key{.event = event, .topic = {}, .partition = {}, .object = {}};
  for (const Field& field : fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value())) {
      if (field.name() == "topic") key.topic = *text;
      if (field.name() == "object") key.object = *text;
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value())) {
      if (field.name() == "partition") key.partition = *number;
    }
  }
  return key;
}

/// Whether the terminal's last line is drawn, to be drawn again or taken away.
std::atomic<bool> is_drawn{false};
/// Whether the process has written anything that a person reads.
std::atomic<bool> has_spoken{false};

/// Writes lines by one set of settings.
class Log {
 public:
  explicit Log(LogSettings settings)
      : format_(settings.format),
        command_(std::move(settings.command)),
        clock_(settings.clock != nullptr ? *settings.clock : base::system_clock()),
        draws_(settings.draws && settings.format == Format::text),
        write_(settings.write ? std::move(settings.write) : write_to_stderr),
        logger_("", std::make_shared<LineSink>([this](std::string_view line) { write(line); })) {
    logger_.set_level(spdlog::level::trace);
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        format_ == Format::json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc, "\n"));
  }

  void event(std::size_t event, std::span<const Field> fields) {
    const EventSpec& spec = kEvents[event];
    const SteadyTime now = clock_.steady_now();
    write_repeats(limiter_.take_expired(now));
    if (spec.repeat.count() > 0 && !limiter_.admit(key_of(event, fields), spec.repeat, now)) return;
    line(spec, fields);
  }

  void flush_repeats() { write_repeats(limiter_.take_all()); }

  bool draws() const { return draws_; }

  void progress(const ProgressFacts& facts) {
    constexpr EventName kProgress("progress");
    if (!detail::enabled[kProgress.index()]) return;
    if (draws_) return draw(progress_text(facts));
    std::vector<Field> fields = {{"of", facts.of}, {"done", facts.done}, {"unit", facts.unit}};
    if (facts.total > 0) fields.push_back({"total", facts.total});
    fields.push_back({"per_second", per_second(facts)});
    if (const auto left = seconds_left(facts)) fields.push_back({"left_s", *left});
    line(kEvents[kProgress.index()], fields);
  }

  /// In place of what is drawn.
  void draw(std::string_view text) {
    write_(fmt::format("{}{}", kEraseLine, text));
    is_drawn = true;
  }

  void end_progress() {
    if (is_drawn.exchange(false)) write_(kEraseLine);
  }

  void failure(std::string_view kind, int exit_code, std::string_view message) {
    flush_repeats();
    if (format_ == Format::text) return write(fmt::format("error: {}\n", harmless(message)));
    const Field fields[] = {{"kind", kind}, {"exit_code", exit_code}, {"message", message}};
    line(kEvents[EventName("command.failed").index()], fields);
  }

 private:
  void line(const EventSpec& spec, std::span<const Field> fields) {
    const std::string payload =
        format_ == Format::json ? json_payload(command_, spec.name, fields) : text_payload(spec.name, fields);
    logger_.log(spdlog::log_clock::time_point(clock_.utc_now().time_since_epoch()), spdlog::source_loc{},
                spdlog_level(spec.level), payload);
  }

  void write(std::string_view text) {
    has_spoken = true;
    end_progress();
    write_(text);
  }

  void write_repeats(const std::vector<Repeats>& all) {
    constexpr EventName kRepeated("log.repeated");
    if (!detail::enabled[kRepeated.index()]) return;
    const EventSpec& spec = kEvents[kRepeated.index()];
    for (const auto& [key, count] : all) {
      std::vector<Field> fields = {{"event_of", kEvents[key.event].name}, {"count", count}};
      if (!key.topic.empty()) fields.push_back({"topic", key.topic});
      if (key.partition) fields.push_back({"partition", *key.partition});
      if (!key.object.empty()) fields.push_back({"object", key.object});
      line(spec, fields);
    }
  }

  const Format format_;
  const std::string command_;
  Clock& clock_;
  const bool draws_;
  const std::function<void(std::string_view)> write_;
  spdlog::logger logger_;
  RepeatLimiter limiter_;
};

struct Process {
  std::mutex mutex;
  std::unique_ptr<Log> log;
};

/// Never destroyed: threads may log until the process has ended.
Process& process() {
  static Process& instance = *new Process;
  return instance;
}

consteval bool tables_agree() {
  std::array<bool, kFields.size()> has_event{};
  for (std::size_t i = 0; i < kEvents.size(); ++i) {
    if (i > 0 && kEvents[i - 1].name >= kEvents[i].name) return false;
    for (std::string_view rest = kEvents[i].fields; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      const std::size_t field = find_field(rest.substr(0, end));
      if (field == kFields.size()) return false;
      has_event[field] = true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (!has_event[i] || (i > 0 && kFields[i - 1].name >= kFields[i].name)) return false;
  }
  return true;
}
static_assert(tables_agree(),
              "diag/events.h: sorted, no name twice, each field of an event has a row and each row an event");

}  // namespace

std::array<std::atomic<bool>, kEvents.size()> detail::enabled{};
std::atomic<bool> detail::draws{false};

void detail::show_progress(const ProgressFacts& facts) {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->progress(facts);
}

void detail::end_progress() {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->end_progress();
}

void draw_opening(std::string_view text) {
  const std::scoped_lock lock(process().mutex);
  if (has_spoken || !process().log || !process().log->draws()) return;
  has_spoken = true;
  process().log->draw(text);
}

void clear_drawn_line() {
  // The lock is for who comes while a line is being drawn.
  if (has_spoken && !is_drawn) return;
  const std::scoped_lock lock(process().mutex);
  has_spoken = true;
  if (process().log) process().log->end_progress();
}

void detail::write_event(std::size_t event, std::initializer_list<Field> fields) {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->event(event, std::span(fields.begin(), fields.size()));
}

Result<Format> parse_format(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  return fail(ErrorKind::misconfigured, fmt::format("log format: '{}' is neither text nor json", text));
}

void configure(LogSettings settings) {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->flush_repeats();
  for (std::size_t event = 0; event < kEvents.size(); ++event)
    detail::enabled[event] = settings.enabled[event];
  if (process().log) process().log->end_progress();
  process().log = std::make_unique<Log>(std::move(settings));
  detail::draws = process().log->draws();
}

void flush_repeats() {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->flush_repeats();
}

void log_failure(std::string_view kind, int exit_code, std::string_view message) {
  const std::scoped_lock lock(process().mutex);
  if (process().log) process().log->failure(kind, exit_code, message);
}

}  // namespace sdp::diag
