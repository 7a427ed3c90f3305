#include "history/history_source.h"

#include <fmt/core.h>

#include <utility>

namespace sdp::history {

bool HistorySource::next(event::ListeningEvent& event) {
  if (at_ == events_.size()) {
    events_.clear();
    at_ = 0;
    const auto read_more = read();
    if (!read_more) outcome_ = std::unexpected(read_more.error());
    if (!read_more || !*read_more) return false;
  }
  event = std::move(events_[at_++]);
  return true;
}

Result<bool> HistorySource::read() {
  while (file_ < plan_.files.size()) {
    const PlannedFile& file = plan_.files[file_];
    if (file.is_known) {
      ++file_;
      continue;
    }
    if (!rows_) {
      SDP_TRY(rows_, FileRows::open(file.input));
    }
    SDP_TRY(const Row* const row, rows_->next());
    if (row == nullptr) {
      if (rows_->sha256() != file.imported.sha256) {
        return fail(ErrorKind::bad_input,
                    fmt::format("{} was changed while it was imported; import it again, which adds what is "
                                "missing and otherwise only duplicates",
                                file.input.name));
      }
      rows_.reset();
      ++file_;
      continue;
    }
    const Judged judged = judge(file.kind, *row, latest_);
    if (!judged.listening || is_covered(plan_.extended_days, file.kind, *judged.listening)) continue;
    const Listening& listening = *judged.listening;
    const std::uint32_t number = rows_->number_among_equals(listening);
    const Uuid user =
        listening.user.empty() ? plan_.user : user_id(fmt::format("eventsim:{}", listening.user));
    append_events(file.kind, listening, user, number, events_);
    return true;
  }
  return false;
}

}  // namespace sdp::history
