#include "lake/json_members.h"

#include <limits>
#include <utility>

#include "base/json_text.h"

namespace sdp::lake {
namespace {

const nlohmann::json kNone;

}  // namespace

JsonMembers::JsonMembers(nlohmann::json json) : json_(std::move(json)), ok_(json_.is_object()) {}

const nlohmann::json& JsonMembers::at(const char* member) const {
  if (!json_.is_object()) return kNone;
  const auto found = json_.find(member);
  return found != json_.end() ? *found : kNone;
}

std::int64_t JsonMembers::number(const char* member, std::int64_t max) {
  const nlohmann::json& value = at(member);
  const bool is_so =
      value.is_number_unsigned() && value.get<std::uint64_t>() <= static_cast<std::uint64_t>(max);
  expect(is_so);
  return is_so ? value.get<std::int64_t>() : 0;
}

std::string JsonMembers::text(const char* member) {
  const nlohmann::json& value = at(member);
  expect(value.is_string());
  return value.is_string() ? value.get<std::string>() : std::string();
}

ChainId JsonMembers::chain() {
  const auto id = base::parse_uuid(text("topic_id"));
  expect(id.has_value());
  const auto partition = number("partition", std::numeric_limits<log::Partition>::max());
  return {id.value_or(log::TopicId()), static_cast<log::Partition>(partition)};
}

const nlohmann::json& JsonMembers::part(const char* member, nlohmann::json::value_t kind) {
  const nlohmann::json& value = at(member);
  expect(value.type() == kind);
  return value.type() == kind ? value : kNone;
}

std::string to_line(const nlohmann::ordered_json& json) {
  return base::dumped(json) + "\n";
}

}  // namespace sdp::lake
