#include "load/prefetcher.h"

#include <utility>

namespace sdp::load {

Prefetcher::Prefetcher(store::ObjectStore& store, std::span<const PlannedObject> objects, int threads, std::size_t ahead_max)
    : store_(store), objects_(objects), ahead_max_(ahead_max), fetched_(objects.size()) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Prefetcher::~Prefetcher() {
  std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

std::optional<Result<warehouse::StagedObject>> Prefetcher::next() {
  std::unique_lock lock(mutex_);
  if (handed_over_ == objects_.size()) return std::nullopt;
  changed_.wait(lock, [&] { return fetched_[handed_over_].has_value(); });
  auto object = std::move(fetched_[handed_over_]);
  fetched_[handed_over_].reset();
  ++handed_over_;
  changed_.notify_all();
  return object;
}

std::optional<std::size_t> Prefetcher::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || taken_ == objects_.size() || taken_ < handed_over_ + ahead_max_; });
  if (over_ || taken_ == objects_.size()) return std::nullopt;
  return taken_++;
}

void Prefetcher::work() {
  while (const auto index = take()) {
    auto object = fetch_object(store_, objects_[*index]);
    std::lock_guard lock(mutex_);
    fetched_[*index] = std::move(object);
    changed_.notify_all();
  }
}

}  // namespace sdp::load
