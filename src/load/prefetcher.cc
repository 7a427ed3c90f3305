#include "load/prefetcher.h"

#include <algorithm>
#include <utility>

namespace sdp::load {

Prefetcher::Prefetcher(store::ObjectStore& store, std::span<const PlannedObject> objects, FetchLimits limits)
    : store_(store), objects_(objects), limits_(limits) {
  const std::size_t threads =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(limits.threads, 1)), objects.size());
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Prefetcher::~Prefetcher() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

Result<warehouse::FetchedObject> Prefetcher::get(std::size_t index) {
  std::unique_lock lock(mutex_);
  drop_before(index);
  changed_.notify_all();
  changed_.wait(lock, [&] {
    const auto slot = slots_.find(index);
    return slot != slots_.end() && slot->second.object;
  });
  Result<warehouse::FetchedObject> object = *std::move(slots_.at(index).object);
  drop_before(index + 1);
  changed_.notify_all();
  return object;
}

void Prefetcher::drop_before(std::size_t index) {
  while (!slots_.empty() && slots_.begin()->first < index) {
    bytes_ -= slots_.begin()->second.bytes;
    slots_.erase(slots_.begin());
  }
  next_ = std::max(next_, index);
}

bool Prefetcher::is_full() const {
  // With nothing in hand one object is always fetched, whatever its size: it is what the caller waits for.
  return !slots_.empty() && (slots_.size() >= limits_.objects || bytes_ >= limits_.bytes);
}

std::optional<std::size_t> Prefetcher::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || next_ >= objects_.size() || !is_full(); });
  if (over_ || next_ >= objects_.size()) return std::nullopt;
  slots_[next_].bytes = objects_[next_].bytes;
  bytes_ += objects_[next_].bytes;
  return next_++;
}

void Prefetcher::put(std::size_t index, Result<warehouse::FetchedObject> object) {
  const std::lock_guard lock(mutex_);
  const auto slot = slots_.find(index);
  if (slot == slots_.end()) return;  // left out meanwhile
  bytes_ -= slot->second.bytes;
  slot->second.bytes = object ? object->lines.size() : 0;
  bytes_ += slot->second.bytes;
  slot->second.object = std::move(object);
  changed_.notify_all();
}

void Prefetcher::work() {
  while (const auto index = take()) put(*index, fetch_object(store_, objects_[*index]));
}

}  // namespace sdp::load
