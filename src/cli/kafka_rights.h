#pragma once

#include <array>
#include <string_view>

#include "base/result.h"
#include "cli/checks.h"
#include "log/kafka/rights.h"

namespace sdp::cli {

// What the commands need of a cluster with access control lists: docs/kafka-rights.md, whose table a test
// compares with this one. Pure.

struct CommandRight {
  std::string_view command;
  std::string_view resource;   ///< `topic` or `group`
  std::string_view operation;  ///< as Kafka's access control lists have it
};

inline constexpr auto kCommandRights = std::to_array<CommandRight>({
    {"init", "topic", "Create"},
    {"init", "topic", "Describe"},
    {"init", "topic", "DescribeConfigs"},
    {"simulate", "topic", "Write"},
    {"simulate", "topic", "DescribeConfigs"},
    {"sink", "topic", "Read"},
    {"sink", "topic", "DescribeConfigs"},
    {"sink", "group", "Read"},
    {"status", "topic", "Describe"},
    {"status", "topic", "DescribeConfigs"},
    {"status", "group", "Describe"},
    {"tap log", "topic", "Read"},
    {"tap log", "topic", "DescribeConfigs"},
    {"verify", "topic", "Read"},
    {"verify", "topic", "DescribeConfigs"},
});

/// Whose rights are asked for, and on what.
struct RightsAsked {
  std::string_view user;  ///< empty: nobody logs in
  std::string_view topic;
  std::string_view group;
};

/// Which commands this user may run; a warning that names what the others need, and `unauthorized` where
/// there is no command that it may run.
Result<Found> judge_rights(const log::kafka::Rights& rights, const RightsAsked& asked);

}  // namespace sdp::cli
