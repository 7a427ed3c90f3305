#include "store/s3/credential_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/utc_time.h"
#include "diag/log.h"

namespace sdp::store::s3 {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};

std::string text_of(std::optional<UtcMillis> time) {
  return time ? base::format_iso(*time) : "unknown";
}

}  // namespace

UtcMillis renewal_time(UtcMillis obtained, UtcMillis expires) {
  const std::chrono::milliseconds half = (expires - obtained) / 2;
  return expires - std::min<std::chrono::milliseconds>(kRenewBefore, half);
}

bool has_expired(const Credentials& credentials, UtcMillis now) {
  return credentials.expires && *credentials.expires <= now;
}

CredentialKeeper::CredentialKeeper(std::string name, Credentials first, Source source, Clock& clock)
    : name_(std::move(name)), source_(std::move(source)), clock_(clock) {
  take(std::move(first));
}

void CredentialKeeper::take(Credentials credentials) {
  renew_at_.reset();
  if (source_ && credentials.expires) renew_at_ = renewal_time(clock_.utc_now(), *credentials.expires);
  present_ = std::make_shared<const Credentials>(std::move(credentials));
}

Result<void> CredentialKeeper::wait_for_renewal(std::unique_lock<std::mutex>& lock) {
  renewed_.wait(lock, [this] { return !is_renewing_; });
  return last_renewal_;
}

Result<void> CredentialKeeper::renew(std::unique_lock<std::mutex>& lock) {
  is_renewing_ = true;
  lock.unlock();
  auto renewed = source_();
  lock.lock();
  is_renewing_ = false;
  last_renewal_ = renewed ? Result<void>() : Result<void>(std::unexpected(renewed.error().in(name_)));
  if (renewed) {
    take(*std::move(renewed));
    diag::log_event("s3.credentials.renewed", {{"source", name_}, {"expires", text_of(present_->expires)}});
  }
  renewed_.notify_all();
  return last_renewal_;
}

// 1. Nothing is due, or another thread sees to it: those that hold are used.
// 2. It is due: this thread renews.
// 3. That failed, but they still hold: it is logged, and tried again after a pause.
// 4. They have ended: all wait for the one renewal, and share its outcome.
Result<CredentialKeeper::Given> CredentialKeeper::get() {
  std::unique_lock lock(mutex_);
  const UtcMillis now = clock_.utc_now();
  if (!renew_at_ || now < *renew_at_) return present_;
  const bool still_hold = !has_expired(*present_, now);
  if (is_renewing_) {
    if (still_hold) return present_;
    SDP_RETURN_IF_ERROR(wait_for_renewal(lock));
    return present_;
  }
  const auto renewed = renew(lock);
  if (renewed) return present_;
  if (!still_hold) return std::unexpected(renewed.error());
  renew_at_ = clock_.utc_now() + kRetryPause;
  diag::log_event("s3.credentials.not_renewed", {{"source", name_},
                                                 {"expires", text_of(present_->expires)},
                                                 {"retry_s", kRetryPause.count()},
                                                 {"kind", base::name(renewed.error().kind)},
                                                 {"message", renewed.error().message}});
  return present_;
}

Result<CredentialKeeper::Given> CredentialKeeper::replace(const Given& refused) {
  std::unique_lock lock(mutex_);
  if (!source_ || present_ != refused) return present_;
  if (is_renewing_) {
    SDP_RETURN_IF_ERROR(wait_for_renewal(lock));
    return present_;
  }
  SDP_RETURN_IF_ERROR(renew(lock));
  return present_;
}

}  // namespace sdp::store::s3
