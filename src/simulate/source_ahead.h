#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "simulate/encoded_event.h"
#include "simulate/event_source.h"

namespace sdp::simulate {

/// The events of a source in its order, made and encoded by several threads ahead of who reads them, in
/// blocks. One thread at a time asks the source for a block, whichever has nothing better to do; any of them
/// encodes a block that is made, since an event's JSON depends on nothing else. So the number of threads
/// changes no byte. At most kBlocksPerThread blocks a thread are ahead.
///
/// Owned by one thread, which does its part of that work while it would wait. The others begin with the first
/// next() and end with this object, each after its block.
class SourceAhead final : public EventSource {
 public:
  /// `threads`: with the one that reads. `source` outlives this, and nobody else asks it.
  SourceAhead(EventSource& source, int threads);
  ~SourceAhead() override;
  SourceAhead(const SourceAhead&) = delete;
  SourceAhead& operator=(const SourceAhead&) = delete;

  /// Swaps the event in.
  bool next(event::ListeningEvent& event) override;
  Result<void> ended() const override;
  EncodedEvent* encoded() override { return encoded_; }

 private:
  struct Made {
    event::ListeningEvent event;
    EncodedEvent encoded;
  };
  struct Block {
    std::vector<Made> made;
    std::size_t size = 0;
    bool is_encoded = false;
  };
  using Lock = std::unique_lock<std::mutex>;

  bool next_block();
  void help();
  bool work(Lock& lock);
  void make(Lock& lock);
  void encode(Lock& lock);
  Block& block(std::uint64_t number) { return blocks_[number % blocks_.size()]; }

  EventSource& source_;
  const int helpers_wanted_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Blocks [first_, to_encode_) are encoded or being so, [to_encode_, made_) only made.
  std::vector<Block> blocks_;
  std::uint64_t first_ = 0;
  std::uint64_t to_encode_ = 0;
  std::uint64_t made_ = 0;
  bool is_making_ = false;
  bool is_at_end_ = false;
  bool is_stopping_ = false;
  Result<void> end_;

  // Of who reads: block first_.
  Block* read_ = nullptr;
  std::size_t at_ = 0;
  EncodedEvent* encoded_ = nullptr;

  std::vector<std::jthread> helpers_;
};

/// Events of a block.
inline constexpr std::size_t kBlockEvents = 256;
inline constexpr std::size_t kBlocksPerThread = 4;

}  // namespace sdp::simulate
