#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/rng.h"
#include "store/object_store.h"

namespace sdp::store {

enum class StoreOp { ensure_bucket, put_new, put_hint, remove, get, head, list, list_folders };
inline constexpr std::size_t kStoreOps = 8;

struct StoreCall {
  StoreOp op = StoreOp::put_new;
  std::string_view key;      ///< key or prefix; empty for ensure_bucket
  std::uint64_t number = 0;  ///< calls to the store before this one
};

enum class Fault {
  none,
  error_before,  ///< the call fails and nothing happened
  error_after,   ///< the call happened, but its answer was lost: the caller sees an error
};

/// What happens to each call. Pure apart from its own state; called under the store's lock.
using FaultPlan = std::function<Fault(const StoreCall&)>;

/// Chances out of one, for calls of any kind (or of `only`), from a seeded generator.
struct FaultRates {
  double error_before = 0;
  double error_after = 0;
  std::vector<StoreOp> only;
};
FaultPlan seeded_faults(Rng rng, FaultRates rates);

/// One entry for each call of `op`, in order; `none` when the script is used up and for other calls.
FaultPlan scripted_faults(StoreOp op, std::deque<Fault> script);

/// A store whose faults are planned. Fault model:
/// - an object is written or removed whole or not at all, and never changes: real stores promise this, and
/// the
///   contract suite holds them to it;
/// - any call may fail before its effect, and any call may take effect and lose its answer: a put that failed
/// may
///   stand, so that the writer later meets its own object as `exists`;
/// - a list cut by `error_after` has shown all its objects before it fails; by `error_before`, none;
/// - calls may stall: `before` and `after` run between the call and its effect and between the effect and its
///   answer, outside any lock, and may act on the same store: what a paused ("zombie") writer's rivals do
///   meanwhile.
/// Errors have the kind `unavailable`, as a store whose own retries are used up. Thread-safe if the hooks
/// are.
class FaultyStore final : public ObjectStore {
 public:
  struct Hooks {
    std::function<void(const StoreCall&)> before;
    std::function<void(const StoreCall&)> after;
  };

  /// `inner` outlives this.
  FaultyStore(ObjectStore& inner, FaultPlan plan, Hooks hooks = {});

  Result<bool> ensure_bucket() override;
  Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                             std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<Object> get(std::string_view key) override;
  Result<std::optional<ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override { return inner_.describe() + ", faulty"; }

  std::uint64_t calls() const;
  /// How often a fault struck a call of this kind: a test asserts that its faults happened.
  std::uint64_t faults(StoreOp op) const;

 private:
  Fault begin(StoreCall& call);
  template <typename F>
  auto run(StoreOp op, std::string_view key, F&& effect) -> decltype(effect());

  ObjectStore& inner_;
  const FaultPlan plan_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::array<std::uint64_t, kStoreOps> faults_{};
};

}  // namespace sdp::store
