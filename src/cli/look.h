#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/status_reader.h"
#include "cli/wiring.h"
#include "settings/command.h"

namespace sdp::cli {

/// What commands have that look where the pipeline stands.
struct LookSettings {
  LogSettings log;
  LakeSettings lake;
  ServicesSettings services;
  WarehouseSettings warehouse;  ///< only where it is published
  log::ConsumerOptions consumer;
  sink::SinkOptions sink;  ///< only how soon it cuts and closes
  std::size_t hours = 24;
  bool json = false;
  SharedFlags flags;  ///< for what people are told to run
};

void bind_look(settings::Command& command, LookSettings& settings);
/// Refuses what does not fit together, and sets what others give rise to: limits, and the flags of what
/// people are told to run.
Result<void> finish_look(const settings::Commands& commands, const settings::Command& command,
                         LookSettings& settings);

/// The flags of `command` for each of the others.
SharedFlags shared_flags(const settings::Commands& commands, const settings::Command& command);

/// What is looked at again and again.
struct LookedAt {
  Lake lake;
  std::unique_ptr<log::EventLog> log;
  std::unique_ptr<StatusReader> reader;
};
Result<LookedAt> open_look(const LookSettings& settings, Clock& clock);

/// How a look is shown.
enum class Shown { screen, line, json };
/// Looks each time that `every` has passed, until a stop, and has each look shown: as a screen that is drawn
/// again, or line by line where nobody looks at a screen. What could be reached once, and cannot now, is said
/// and asked again.
Result<int> keep_looking(const LookSettings& settings, std::chrono::seconds every, const Runtime& runtime,
                         const std::function<void(const Status&, Shown)>& show);

}  // namespace sdp::cli
