#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "lake/offset_range.h"

namespace sdp::lake {

/// Reads the members of a JSON object, and remembers whether all were of their kind: whoever reads asks ok()
/// once, at the end. What was not of its kind is 0 or empty until then.
class JsonMembers {
 public:
  explicit JsonMembers(std::string_view text) : JsonMembers(nlohmann::json::parse(text, nullptr, false)) {}
  explicit JsonMembers(nlohmann::json json);

  /// From 0 to `max`.
  std::int64_t number(const char* member, std::int64_t max);
  std::string text(const char* member);
  /// Of `topic_id` and `partition`.
  ChainId chain();
  /// An array or an object; null in place of another kind.
  const nlohmann::json& part(const char* member, nlohmann::json::value_t kind);
  bool has(const char* member) const { return json_.is_object() && json_.contains(member); }

  /// What else must hold.
  void expect(bool condition) { ok_ = ok_ && condition; }
  bool ok() const { return ok_; }

 private:
  const nlohmann::json& at(const char* member) const;

  nlohmann::json json_;
  bool ok_ = true;
};

/// A line. What is not UTF-8 is replaced.
std::string to_line(const nlohmann::ordered_json& json);

}  // namespace sdp::lake
