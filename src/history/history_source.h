#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "history/file_rows.h"
#include "history/import_plan.h"
#include "simulate/event_source.h"

namespace sdp::history {

/// The events of an import as its plan has them, file by file. The plan outlives it.
class HistorySource final : public simulate::EventSource {
 public:
  HistorySource(const ImportPlan& plan, UtcMillis now) : plan_(plan), latest_(now + kAheadMax) {}

  bool next(event::ListeningEvent& event) override;
  /// `bad_input` when a file is another one than when the plan was made.
  Result<void> ended() const override { return outcome_; }

 private:
  /// Reads up to the next row that is kept: its events are in events_ then. False at the end.
  Result<bool> read();

  const ImportPlan& plan_;
  const UtcMillis latest_;
  std::size_t file_ = 0;
  std::optional<FileRows> rows_;
  std::vector<event::ListeningEvent> events_;  ///< of the last row
  std::size_t at_ = 0;
  Result<void> outcome_;
};

}  // namespace sdp::history
