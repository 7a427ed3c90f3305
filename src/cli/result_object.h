#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "cli/result_members.h"

namespace sdp::cli {

/// A member of the table, looked up when the code is compiled.
class MemberName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a member is written as its name.
  consteval MemberName(const char* name) : name_(name) {
    for (const ResultMember& member : kResultMembers)
      if (member.name == name_) return;
    throw "the member has no row in cli/result_members.h";
  }
  constexpr std::string_view text() const { return name_; }

 private:
  std::string_view name_;
};

/// Why a command failed, as `command.failed` says it.
struct Failure {
  std::string kind;
  std::string message;
};

/// What a command has done, told as one JSON object when it ends (docs/formats/result.md). What is not set is
/// null there. Owned by one thread.
class ResultObject {
 public:
  using Value = std::variant<bool, std::int64_t, std::uint64_t, std::string, std::vector<std::string>>;

  /// Of no other type, such as a pointer.
  template <std::same_as<bool> Truth>
  void set(MemberName name, Truth value) {
    put(name, value);
  }
  template <std::signed_integral Integer>
  void set(MemberName name, Integer value) {
    put(name, std::int64_t{value});
  }
  template <std::unsigned_integral Integer>
    requires(!std::same_as<Integer, bool>)
  void set(MemberName name, Integer value) {
    put(name, std::uint64_t{value});
  }
  void set(MemberName name, std::string value) { put(name, std::move(value)); }
  void set(MemberName name, std::vector<std::string> value) { put(name, std::move(value)); }
  /// A text that is empty where there is nothing.
  void set_unless_empty(MemberName name, std::string value) {
    if (!value.empty()) put(name, std::move(value));
  }

  /// The line, with its end. Without a failure the exit code is a verdict.
  std::string line(std::string_view command, int exit_code, std::chrono::milliseconds took,
                   const std::optional<Failure>& failure) const;

 private:
  void put(MemberName name, Value value) { values_.insert_or_assign(name.text(), std::move(value)); }

  std::map<std::string_view, Value> values_;
};

}  // namespace sdp::cli
