#include "load/object_feed.h"

#include <fmt/core.h>

#include <utility>

namespace sdp::load {

ObjectFeed::ObjectFeed(store::ObjectStore& store, std::span<const PlannedObject> objects, ChainEnds ends,
                       std::span<const lake::Gap> gaps, TransactionLimits limits, FetchLimits fetch,
                       std::stop_token stop, diag::Progress& progress)
    : objects_(objects),
      gaps_(gaps),
      limits_(limits),
      stop_(std::move(stop)),
      progress_(progress),
      prefetcher_(store, objects, fetch),
      ends_(std::move(ends)) {}

bool ObjectFeed::begin() {
  handed_.clear();
  line_bytes_ = 0;
  while (next_ < objects_.size() && is_closed(objects_[next_])) ++next_;
  return next_ < objects_.size() && outcome_;
}

bool ObjectFeed::is_over(std::size_t held_bytes) const {
  return !outcome_ || next_ >= objects_.size() || handed_.size() >= limits_.objects ||
         line_bytes_ >= limits_.bytes || held_bytes >= limits_.held_bytes;
}

std::optional<warehouse::FetchedObject> ObjectFeed::next(std::size_t held_bytes) {
  const std::lock_guard lock(mutex_);
  while (!is_over(held_bytes)) {
    if (stop_.stop_requested()) {
      outcome_ = fail(ErrorKind::interrupted, "load was stopped between transactions; run it again");
      break;
    }
    const std::size_t index = next_++;
    auto object = fetch(index);
    progress_.add(1);
    if (!object) continue;
    handed_.push_back(&objects_[index]);
    line_bytes_ += object->lines.size();
    return object;
  }
  return std::nullopt;
}

std::optional<warehouse::FetchedObject> ObjectFeed::fetch(std::size_t index) {
  const PlannedObject& planned = objects_[index];
  if (is_closed(planned)) return std::nullopt;
  auto object = prefetcher_.get(index);
  if (!object) {
    if (object.error().kind == ErrorKind::bad_input) {
      close_chain(planned, std::move(object.error()));
    } else {
      outcome_ = std::unexpected(std::move(object.error()));
    }
    return std::nullopt;
  }
  if (!continues(planned, *object)) return std::nullopt;
  return *std::move(object);
}

bool ObjectFeed::continues(const PlannedObject& planned, const warehouse::FetchedObject& object) {
  log::Offset& end = ends_[object.meta.chain];
  const lake::Link link{object.key, object.meta.range};
  lake::ChainCheck check = check_chain(object.meta.chain, end, {&link, 1}, gaps_);
  if (check.problems.empty()) {
    end = check.end;
    return true;
  }
  found_hole_ = found_hole_ || object.meta.range.first > end;
  close_chain(planned, std::move(check.problems.front()));
  return false;
}

void ObjectFeed::close_chain(const PlannedObject& object, Error problem) {
  closed_.insert(chain_of(object));
  problems_.push_back(std::move(problem));
}

}  // namespace sdp::load
