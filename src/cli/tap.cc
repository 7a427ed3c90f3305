#include "cli/tap.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/json_text.h"
#include "base/terminal_text.h"
#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::cli {
namespace {

using nlohmann::ordered_json;

std::string line_of(const ordered_json& json) {
  return base::escaped_json(base::dumped(json));
}

/// Times that no clock has cannot be written as others are.
std::string time_text(UtcMillis time) {
  return lake::has_time(time) ? base::format_iso(time) : fmt::format("{}", time.time_since_epoch().count());
}

/// A key or a value: text, or base64 under a name that says so.
void put_bytes(ordered_json& object, const std::string& name, const std::optional<std::string_view>& bytes) {
  if (!bytes) {
    object[name] = nullptr;
  } else if (base::is_utf8(*bytes)) {
    object[name] = *bytes;
  } else {
    object[name] = nullptr;
    object[name + "_base64"] = base::base64(*bytes);
  }
}

}  // namespace

bool has_text(std::string_view text, const std::optional<std::string_view>& key,
              const std::optional<std::string_view>& value) {
  return text.empty() || (key && key->contains(text)) || (value && value->contains(text));
}

std::string record_text(std::string_view topic, const log::RecordView& record) {
  return fmt::format("{}/{}/{} {} {} {}\n", base::escaped(topic), record.partition, record.offset,
                     time_text(record.timestamp), record.key ? base::escaped(*record.key) : "-",
                     record.value ? base::escaped(*record.value) : "null");
}

std::string record_json(std::string_view topic, const log::RecordView& record) {
  ordered_json object{{"schema_version", 1},
                      {"topic", topic},
                      {"partition", record.partition},
                      {"offset", record.offset},
                      {"append_time", time_text(record.timestamp)}};
  put_bytes(object, "key", record.key);
  put_bytes(object, "value", record.value);
  return line_of(object) + "\n";
}

std::string batch_text(std::string_view topic, const log::UnreadableBatch& batch) {
  return fmt::format("{}/{}/{} up to offset {}: a batch that cannot be read ({})\n", base::escaped(topic),
                     batch.partition, batch.first, batch.end - 1, lake::name(lake::code_of(batch.fault)));
}

std::string batch_json(std::string_view topic, const log::UnreadableBatch& batch) {
  return line_of({{"schema_version", 1},
                  {"topic", topic},
                  {"partition", batch.partition},
                  {"offset", batch.first},
                  {"last_offset", batch.end - 1},
                  {"unreadable", lake::name(lake::code_of(batch.fault))}}) +
         "\n";
}

std::string line_text(std::string_view line) {
  return base::escaped(line) + "\n";
}

std::string line_json(std::string_view object_key, std::string_view line) {
  // A line is handed on as it is: numbers in it may be larger than a parser keeps.
  const bool is_json = nlohmann::json::accept(line);
  return fmt::format("{{\"schema_version\":1,\"object\":{},\"line\":{}}}\n", line_of(std::string(object_key)),
                     is_json ? base::escaped_json(line) : line_of(std::string(line)));
}

}  // namespace sdp::cli
