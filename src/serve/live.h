#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"
#include "serve/asker.h"
#include "serve/record_feed.h"
#include "serve/status_feed.h"
#include "serve/watched.h"

namespace sdp::serve {

/// Answers what moves: `live/...` (docs/formats/live.md). Who may ask was looked at before.
class Live {
 public:
  static constexpr std::string_view kFolder = "live/";

  Live(std::unique_ptr<Watched> watched, Clock& clock);

  /// `name`: the target without its slash and what stands behind the `?`.
  void answer(std::string_view name, const http::Request& request, const http::Reply& reply);

  /// Nobody is told anything when it returns.
  void stop();

 private:
  void ask(Asker::Question question, const http::Reply& reply);

  std::unique_ptr<Watched> watched_;
  StatusFeed status_;
  RecordFeed records_;
  Asker asker_;
};

}  // namespace sdp::serve
