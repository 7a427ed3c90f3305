#include "mapping/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/encoding.h"
#include "base/sha256.h"
#include "event/fields.h"

namespace sdp::mapping {
namespace {

/// Raised when the same file makes other events than it did.
constexpr std::string_view kMeaning = "mapping 1\n";

std::string text_of(const Scalar& scalar) {
  return std::visit(
      [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
          return base::json_string(value);
        } else {
          return fmt::format("{}", value);
        }
      },
      scalar);
}

// One overload a conversion; texts are quoted, so that no two mappings have the same description.

std::string describe(const Copy&) {
  return "copy";
}
std::string describe(const AsText&) {
  return "text";
}
std::string describe(const Table& table) {
  std::string out = "table";
  for (const auto& [key, value] : table.values)
    out += fmt::format(" {}={}", base::json_string(key), text_of(value));
  return out;
}
std::string describe(const Duration& duration) {
  return fmt::format("duration {}", std::to_underlying(duration.unit));
}
std::string describe(const Time& time) {
  return fmt::format("time {}", std::to_underlying(time.form));
}
std::string describe(const Uuid5& uuid5) {
  return fmt::format("uuid5 {} {}", base::to_string(uuid5.name_space), base::json_string(uuid5.separator));
}

}  // namespace

std::vector<Pointer> pointers_of(const Mapping& mapping) {
  std::vector<Pointer> found;
  for (const Rule& rule : mapping.rules) {
    for (const Pointer& pointer : rule.from) {
      if (std::ranges::find(found, pointer) == found.end()) found.push_back(pointer);
    }
  }
  return found;
}

std::string to_string(const Pointer& pointer) {
  std::string out;
  for (const std::string& token : pointer.tokens) {
    out += '/';
    for (const char c : token) {
      if (c == '~') {
        out += "~0";
      } else if (c == '/') {
        out += "~1";
      } else {
        out += c;
      }
    }
  }
  return out;
}

std::string digest(const Mapping& mapping) {
  std::string all(kMeaning);
  for (const Rule& rule : mapping.rules) {
    all += event::kFields[rule.field].name;
    for (const Pointer& pointer : rule.from) all += " " + base::json_string(to_string(pointer));
    all += std::visit([](const auto& how) { return " " + describe(how); }, rule.how);
    if (rule.fallback) all += " default " + text_of(*rule.fallback);
    all += '\n';
  }
  return base::sha256_hex(all);
}

}  // namespace sdp::mapping
