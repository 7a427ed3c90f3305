#include "lake/override.h"

#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utc_time.h"
#include "lake/json_members.h"
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
  return to_line(json);
}

Result<Override> override_from_json(std::string_view text) {
  // One less than the last offset there can be, so that the end behind it is an offset too.
  constexpr std::int64_t kLastMax = std::numeric_limits<log::Offset>::max() - 1;
  JsonMembers in(text);
  Override override;
  in.expect(in.number("version", 1) == 1 && in.text("action") == kIgnore);
  override.object_key = in.text("object");
  override.chain = in.chain();
  override.range = {in.number("first_offset", kLastMax), in.number("last_offset", kLastMax) + 1};
  override.next = in.number("next_offset", kLastMax + 1);
  override.bytes = static_cast<std::uint64_t>(in.number("bytes", std::numeric_limits<std::int64_t>::max()));
  override.reason = in.text("reason");
  override.writer = in.text("writer");
  if (in.has("used_in")) override.used_in = in.text("used_in");
  const auto created_at = base::parse_iso(in.text("created_at"));
  if (!in.ok() || !created_at)
    return fail(ErrorKind::bad_input, "override is not of the form that this program writes");
  override.created_at = *created_at;
  const auto place = parse_key(override.object_key);
  const auto used = parse_key(override.used_in);
  if (!place || place->topic_id_short != short_id(override.chain.topic_id) ||
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
