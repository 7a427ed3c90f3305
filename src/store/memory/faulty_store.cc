#include "store/memory/faulty_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sdp::store {
namespace {

std::string_view name(StoreOp op) {
  constexpr std::array<std::string_view, kStoreOps> kNames = {
      "ensure_bucket", "put_new", "put_hint", "remove", "get", "head", "list", "list_folders"};
  return kNames[static_cast<std::size_t>(op)];
}

std::unexpected<Error> lost(const StoreCall& call, std::string_view what) {
  return fail(ErrorKind::unavailable, fmt::format("simulated fault in call {}, {} {}: {}", call.number,
                                                  name(call.op), call.key, what));
}

}  // namespace

FaultPlan seeded_faults(Rng rng, FaultRates rates) {
  return [rng, rates = std::move(rates)](const StoreCall& call) mutable {
    const bool meant = rates.only.empty() || std::ranges::find(rates.only, call.op) != rates.only.end();
    if (!meant) return Fault::none;
    const double drawn = rng.uniform();
    if (drawn < rates.error_before) return Fault::error_before;
    return drawn < rates.error_before + rates.error_after ? Fault::error_after : Fault::none;
  };
}

FaultPlan scripted_faults(StoreOp op, std::deque<Fault> script) {
  return [op, script = std::move(script)](const StoreCall& call) mutable {
    if (call.op != op || script.empty()) return Fault::none;
    const Fault fault = script.front();
    script.pop_front();
    return fault;
  };
}

FaultyStore::FaultyStore(ObjectStore& inner, FaultPlan plan, Hooks hooks)
    : inner_(inner), plan_(std::move(plan)), hooks_(std::move(hooks)) {}

Fault FaultyStore::begin(StoreCall& call) {
  std::lock_guard lock(mutex_);
  call.number = calls_++;
  const Fault fault = plan_ ? plan_(call) : Fault::none;
  if (fault != Fault::none) ++faults_[static_cast<std::size_t>(call.op)];
  return fault;
}

template <typename F>
auto FaultyStore::run(StoreOp op, std::string_view key, F&& effect) -> decltype(effect()) {
  StoreCall call{op, key, 0};
  const Fault fault = begin(call);
  if (hooks_.before) hooks_.before(call);
  if (fault == Fault::error_before) return lost(call, "not done");
  auto result = effect();
  if (hooks_.after) hooks_.after(call);
  if (fault == Fault::error_after) return lost(call, "done, but the answer was lost");
  return result;
}

Result<bool> FaultyStore::ensure_bucket() {
  return run(StoreOp::ensure_bucket, "", [&] { return inner_.ensure_bucket(); });
}

Result<PutOutcome> FaultyStore::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                        std::string_view content_type) {
  return run(StoreOp::put_new, key, [&] { return inner_.put_new(key, body, metadata, content_type); });
}

Result<void> FaultyStore::put_hint(std::string_view key, std::string_view body,
                                   std::string_view content_type) {
  return run(StoreOp::put_hint, key, [&] { return inner_.put_hint(key, body, content_type); });
}

Result<void> FaultyStore::remove(std::string_view key) {
  return run(StoreOp::remove, key, [&] { return inner_.remove(key); });
}

Result<Object> FaultyStore::get(std::string_view key) {
  return run(StoreOp::get, key, [&] { return inner_.get(key); });
}

Result<std::optional<ObjectHead>> FaultyStore::head(std::string_view key) {
  return run(StoreOp::head, key, [&] { return inner_.head(key); });
}

Result<void> FaultyStore::list(std::string_view prefix,
                               const std::function<bool(const ListedObject&)>& visit) {
  return run(StoreOp::list, prefix, [&] { return inner_.list(prefix, visit); });
}

Result<std::vector<std::string>> FaultyStore::list_folders(std::string_view prefix) {
  return run(StoreOp::list_folders, prefix, [&] { return inner_.list_folders(prefix); });
}

std::uint64_t FaultyStore::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t FaultyStore::faults(StoreOp op) const {
  std::lock_guard lock(mutex_);
  return faults_[static_cast<std::size_t>(op)];
}

}  // namespace sdp::store
