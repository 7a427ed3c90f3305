#include "serve/status_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"

namespace sdp::serve {
namespace {

using base::or_null;
using std::chrono::milliseconds;

constexpr milliseconds kEvery{2'000};
/// Of the time that a look takes: the rest after it.
constexpr int kRestFactor = 4;

}  // namespace

StatusFeed::StatusFeed(std::function<Look()> look, Clock& clock)
    : look_(std::move(look)),
      clock_(clock),
      pages_("feed-status", kPagesMax, [this](std::vector<Page>& pages, bool) { return work(pages); }) {}

bool StatusFeed::add(std::shared_ptr<http::EventStream> events) {
  return pages_.add({.events = std::move(events)});
}

milliseconds StatusFeed::work(std::vector<Page>& pages) {
  const bool is_due = clock_.steady_now() >= due_;
  for (Page& page : pages) {
    if (!std::exchange(page.is_new, false)) continue;
    page.events->send(kRetry);
    page.events->send(http::event_text("history", fmt::format("{}", id_), history()));
    if (!is_due) page.events->send(last_);
  }
  if (is_due) {
    look_again();
    for (const Page& page : pages) page.events->send(last_);
  }
  return std::chrono::duration_cast<milliseconds>(due_ - clock_.steady_now());
}

void StatusFeed::look_again() {
  const SteadyTime begun = clock_.steady_now();
  Look look = look_();
  if (look.point) {
    points_.push_back(*std::move(look.point));
    if (points_.size() > kPointsMax) points_.pop_front();
  }
  while (look.json.ends_with('\n')) look.json.pop_back();
  last_ = http::event_text("status", fmt::format("{}", ++id_), look.json);
  const SteadyTime ended = clock_.steady_now();
  due_ = ended + std::max<SteadyTime::duration>(kEvery, kRestFactor * (ended - begun));
}

std::string StatusFeed::history() const {
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const Point& point : points_) {
    points.push_back({{"at", point.at},
                      {"log", or_null(point.log)},
                      {"lake", or_null(point.lake)},
                      {"bronze", or_null(point.bronze)},
                      {"silver", or_null(point.silver)}});
  }
  return nlohmann::ordered_json{{"points", std::move(points)}}.dump();
}

}  // namespace sdp::serve
