#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/s3/credentials.h"

namespace sdp::store::s3 {

/// When credentials are asked for again that were obtained at `obtained` and end at `expires`: five minutes
/// before the end, or halfway when they live for less than ten.
UtcMillis renewal_time(UtcMillis obtained, UtcMillis expires);

/// Whether they have ended, as far as is known.
bool has_expired(const Credentials& credentials, UtcMillis now);

/// Credentials for requests of many threads. Those that end are renewed in time, by the thread that notices,
/// one at a time; the others go on with those that still hold. A renewal that fails is logged and tried again
/// after kRetryPause while the present ones hold. Thread-safe.
class CredentialKeeper {
 public:
  using Given = std::shared_ptr<const Credentials>;
  /// Asks for credentials; `retry` when it may succeed later.
  using Source = std::function<Result<Credentials>()>;
  static constexpr std::chrono::seconds kRetryPause{30};

  /// `name` says where they come from, for messages: `profile default`. Without `source` there are no others.
  /// `clock` outlives the keeper.
  CredentialKeeper(std::string name, Credentials first, Source source, Clock& clock);

  const std::string& name() const { return name_; }
  /// Those to sign a request with.
  Result<Given> get();
  /// After a server said that `refused` have expired: others, or the same when there are none.
  Result<Given> replace(const Given& refused);

 private:
  /// Waits while another thread renews, and returns how that ended.
  Result<void> wait_for_renewal(std::unique_lock<std::mutex>& lock);
  Result<void> renew(std::unique_lock<std::mutex>& lock);
  void take(Credentials credentials);

  const std::string name_;
  const Source source_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable renewed_;
  Given present_;
  std::optional<UtcMillis> renew_at_;  ///< none: never
  bool is_renewing_ = false;
  Result<void> last_renewal_;
};

}  // namespace sdp::store::s3
