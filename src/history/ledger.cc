#include "history/ledger.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/utc_time.h"
#include "os/files.h"

namespace sdp::history {
namespace {

using nlohmann::json;

std::string text_of(std::chrono::sys_days day) {
  return base::format_date(day);
}

std::optional<std::chrono::sys_days> day_of(const std::string& text) {
  const auto time = base::parse_iso(text + "T00:00:00Z");
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*time);
}

/// Days that follow each other are one pair, so ten years of listening take a few lines.
json to_json(const Days& days) {
  json spans = json::array();
  std::optional<std::chrono::sys_days> last;
  for (const auto day : days) {
    if (last && day == *last + std::chrono::days(1)) {
      spans.back()[1] = text_of(day);
    } else {
      spans.push_back({text_of(day), text_of(day)});
    }
    last = day;
  }
  return spans;
}

bool read_days(const json& spans, Days& days) {
  if (!spans.is_array()) return false;
  for (const json& span : spans) {
    if (!span.is_array() || span.size() != 2 || !span[0].is_string() || !span[1].is_string()) return false;
    const auto first = day_of(span[0].get<std::string>());
    const auto last = day_of(span[1].get<std::string>());
    // A history has not more days than there were since 2000.
    if (!first || !last || *last < *first || *last - *first > std::chrono::days(40'000)) return false;
    for (auto day = *first; day <= *last; day += std::chrono::days(1)) days.insert(day);
  }
  return true;
}

std::optional<ImportedFile> read_line(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  ImportedFile file;
  const auto text = [&](const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? std::optional(at->get<std::string>()) : std::nullopt;
  };
  const auto sha256 = text("sha256");
  const auto target = text("target");
  const auto user = base::parse_uuid(text("user_id").value_or(""));
  if (!sha256 || !target || !user) return std::nullopt;
  file.sha256 = *sha256;
  file.target = *target;
  file.user = *user;
  if (!read_days(object.value("extended_days", json::array()), file.extended_days)) return std::nullopt;
  if (!read_days(object.value("account_days", json::array()), file.account_days)) return std::nullopt;
  return file;
}

}  // namespace

Result<std::vector<ImportedFile>> read_imports(const std::filesystem::path& path) {
  SDP_TRY(const auto text, os::read_file(path));
  std::vector<ImportedFile> files;
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto file = read_line(line);
    if (!file) {
      return fail(
          ErrorKind::bad_input,
          fmt::format("{}, line {}: this is not a record of an import; remove the line, then the file that "
                      "it stood for may be imported again, which adds only duplicates",
                      path.string(), number));
    }
    files.push_back(*std::move(file));
  }
  return files;
}

Result<void> add_imports(const std::filesystem::path& path, const std::vector<ImportedFile>& files) {
  SDP_TRY(const auto before, os::read_file(path));
  std::string text = before.value_or("");
  for (const ImportedFile& file : files) {
    text += json{{"sha256", file.sha256},
                 {"target", file.target},
                 {"user_id", base::to_string(file.user)},
                 {"extended_days", to_json(file.extended_days)},
                 {"account_days", to_json(file.account_days)}}
                .dump();
    text += '\n';
  }
  return os::write_file(path, text, 0600);
}

}  // namespace sdp::history
