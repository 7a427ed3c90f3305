#include "lake/override.h"

#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utc_time.h"
#include "lake/object_key.h"

namespace sdp::lake {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kIgnore = "ignore";

}  // namespace

std::string to_json(const Override& override) {
  nlohmann::ordered_json json = {{"version", 1},
                                 {"action", kIgnore},
                                 {"object", override.object_key},
                                 {"topic_id", base::to_string(override.chain.topic_id)},
                                 {"partition", override.chain.partition},
                                 {"first_offset", override.range.first},
                                 {"last_offset", override.range.end - 1},
                                 {"next_offset", override.next},
                                 {"bytes", override.bytes},
                                 {"reason", override.reason},
                                 {"created_at", base::format_iso(override.created_at)},
                                 {"writer", override.writer}};
  if (!override.used_in.empty()) json["used_in"] = override.used_in;
  // What is not UTF-8 is replaced: nlohmann would throw.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Override> override_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  auto bad = fail(ErrorKind::bad_input, "override is not of the form that this program writes");
  if (!json.is_object()) return bad;
  const auto number = [&](const char* member, std::uint64_t max) {
    return json.contains(member) && json[member].is_number_unsigned() &&
           json[member].get<std::uint64_t>() <= max;
  };
  // One less than the last offset there can be, so that the end behind it is an offset too.
  constexpr std::uint64_t kLastMax = std::numeric_limits<log::Offset>::max() - 1;
  if (!number("version", 1) || json["version"] != 1 || !number("first_offset", kLastMax) ||
      !number("last_offset", kLastMax) || !number("next_offset", kLastMax + 1) ||
      !number("bytes", std::numeric_limits<std::int64_t>::max()) ||
      !number("partition", std::numeric_limits<log::Partition>::max())) {
    return bad;
  }
  for (const char* member : {"action", "object", "topic_id", "reason", "created_at", "writer"}) {
    if (!json.contains(member) || !json[member].is_string()) return bad;
  }
  const auto topic_id = base::parse_uuid(json["topic_id"].get<std::string>());
  const auto created_at = base::parse_iso(json["created_at"].get<std::string>());
  if (json["action"] != kIgnore || !topic_id || !created_at) return bad;
  Override override;
  override.object_key = json["object"];
  override.chain = {*topic_id, json["partition"]};
  override.range = {json["first_offset"], json["last_offset"].get<log::Offset>() + 1};
  override.next = json["next_offset"];
  override.bytes = json["bytes"];
  override.reason = json["reason"];
  override.created_at = *created_at;
  override.writer = json["writer"];
  if (json.contains("used_in")) {
    if (!json["used_in"].is_string()) return bad;
    override.used_in = json["used_in"];
  }
  const auto place = parse_key(override.object_key);
  const auto used = parse_key(override.used_in);
  if (!place || place->topic_id_short != short_id(*topic_id) ||
      place->partition != override.chain.partition || place->first != override.range.first ||
      override.range.empty() || override.next < override.range.first || override.next > override.range.end ||
      override.reason.empty() ||
      (!override.used_in.empty() &&
       (!used || used->topic_id_short != place->topic_id_short || used->partition != place->partition ||
        used->first <= override.range.first || used->first >= override.range.end))) {
    return fail(ErrorKind::bad_input, "override contradicts itself");
  }
  return override;
}

std::string override_key(std::string_view object_key) {
  return fmt::format("{}{}{}", kOverridesPrefix, object_key.substr(kBronzePrefix.size()), kSuffix);
}

std::optional<std::string> overridden_object(std::string_view override_key) {
  if (!override_key.starts_with(kOverridesPrefix) || !override_key.ends_with(kSuffix)) return std::nullopt;
  override_key.remove_prefix(kOverridesPrefix.size());
  if (override_key.size() < kSuffix.size()) return std::nullopt;
  override_key.remove_suffix(kSuffix.size());
  std::string object_key = std::string(kBronzePrefix) + std::string(override_key);
  if (!parse_key(object_key)) return std::nullopt;
  return object_key;
}

void Overrides::add(Override override) {
  std::string key = override.object_key;
  ignored_.insert_or_assign(std::move(key), std::move(override));
}

void Overrides::add_unreadable(const std::string& object_key, Error problem) {
  unreadable_.insert_or_assign(object_key, std::move(problem));
}

bool Overrides::ignores(std::string_view object_key) const {
  return ignored_.contains(object_key) || unreadable_.contains(object_key);
}

const Override* Overrides::find(std::string_view object_key) const {
  const auto found = ignored_.find(object_key);
  return found != ignored_.end() ? &found->second : nullptr;
}

std::vector<Gap> Overrides::gaps() const {
  std::vector<Gap> gaps;
  for (const auto& [key, override] : ignored_) {
    // Sinks fetch what an object had whose place is free.
    if (override.keeps_place()) gaps.push_back({"", override.chain, override.range});
  }
  return gaps;
}

}  // namespace sdp::lake
