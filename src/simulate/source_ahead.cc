#include "simulate/source_ahead.h"

#include <algorithm>
#include <utility>

#include "base/thread_name.h"

namespace sdp::simulate {

SourceAhead::SourceAhead(EventSource& source, int threads)
    : source_(source),
      helpers_wanted_(std::max(threads - 1, 0)),
      blocks_(kBlocksPerThread * static_cast<std::size_t>(helpers_wanted_ + 1)) {
  for (Block& block : blocks_) block.made.resize(kBlockEvents);
}

SourceAhead::~SourceAhead() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
}

bool SourceAhead::next(event::ListeningEvent& event) {
  if ((read_ == nullptr || at_ == read_->size) && !next_block()) {
    encoded_ = nullptr;
    return false;
  }
  Made& made = read_->made[at_++];
  std::swap(event, made.event);
  encoded_ = &made.encoded;
  return true;
}

Result<void> SourceAhead::ended() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

/// Gives the block back that was read, and waits for the one behind it. False at the end.
bool SourceAhead::next_block() {
  while (helpers_.size() < static_cast<std::size_t>(helpers_wanted_))
    helpers_.emplace_back([this] { help(); });
  Lock lock(mutex_);
  if (read_ != nullptr) {
    read_->is_encoded = false;
    read_ = nullptr;
    ++first_;
    changed_.notify_all();
  }
  while (first_ == made_ || !block(first_).is_encoded) {
    if (is_at_end_ && first_ == made_) return false;
    if (!work(lock)) changed_.wait(lock);
  }
  read_ = &block(first_);
  at_ = 0;
  return true;
}

void SourceAhead::help() {
  base::name_thread("simulate-ahead");
  Lock lock(mutex_);
  while (!is_stopping_) {
    if (!work(lock)) changed_.wait(lock);
  }
}

/// Does what is to be done next, if anything is. Events first: only one thread can make them, so that nothing
/// else may keep them waiting.
bool SourceAhead::work(Lock& lock) {
  if (!is_making_ && !is_at_end_ && made_ - first_ < blocks_.size()) {
    make(lock);
  } else if (to_encode_ < made_) {
    encode(lock);
  } else {
    return false;
  }
  changed_.notify_all();
  return true;
}

void SourceAhead::make(Lock& lock) {
  Block& block = this->block(made_);
  is_making_ = true;
  lock.unlock();
  block.size = 0;
  while (block.size < block.made.size() && source_.next(block.made[block.size].event)) ++block.size;
  const bool is_at_end = block.size < block.made.size();
  auto end = is_at_end ? source_.ended() : Result<void>();
  lock.lock();
  is_making_ = false;
  is_at_end_ = is_at_end;
  end_ = std::move(end);
  if (block.size > 0) ++made_;
}

void SourceAhead::encode(Lock& lock) {
  Block& block = this->block(to_encode_++);
  lock.unlock();
  for (std::size_t i = 0; i < block.size; ++i) simulate::encode(block.made[i].event, block.made[i].encoded);
  lock.lock();
  block.is_encoded = true;
}

}  // namespace sdp::simulate
