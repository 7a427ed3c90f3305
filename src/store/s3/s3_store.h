#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/rng.h"
#include "store/object_store.h"
#include "store/s3/credential_keeper.h"
#include "store/s3/http_client.h"
#include "store/s3/s3_settings.h"
#include "store/s3/s3_xml.h"

namespace sdp::store::s3 {

/// A bucket on any server that speaks S3 and honours `If-None-Match: *`. Every request is signed (version 4)
/// together with its body's hash, with the credentials of that moment; when the server says that they have
/// expired, once more with new ones. Temporary failures are retried with jitter; a put whose first answer was
/// lost finds its own object and says `exists`. Thread-safe.
class S3Store final : public ObjectStore {
 public:
  /// No request is made yet. `clock` outlives the store.
  static Result<std::unique_ptr<S3Store>> open(S3Settings settings,
                                               std::unique_ptr<CredentialKeeper> credentials, Clock& clock,
                                               Rng rng);

  Result<bool> ensure_bucket() override;
  Result<PutOutcome> put_new(std::string_view key, const Body& body, const Metadata& metadata,
                             std::string_view content_type) override;
  Result<void> put_hint(std::string_view key, std::string_view body, std::string_view content_type) override;
  Result<void> remove(std::string_view key) override;
  Result<Object> get(std::string_view key) override;
  /// A missing bucket has no object either: HEAD answers cannot tell.
  Result<std::optional<ObjectHead>> head(std::string_view key) override;
  Result<void> list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) override;
  Result<std::vector<std::string>> list_folders(std::string_view prefix) override;
  std::string describe() const override;
  /// Scheme, host and port of the server.
  const std::string& endpoint() const { return address_.endpoint; }

 private:
  struct Answer {
    HttpAnswer http;
    S3Complaint complaint;
  };
  /// `retry` or a final error sends the answer back or ends the call; success hands it to the caller.
  using Check = std::function<Result<void>(const Answer&)>;
  using Headers = decltype(HttpRequest::headers);

  S3Store(S3Settings settings, S3Address address, std::unique_ptr<CredentialKeeper> credentials,
          std::unique_ptr<HttpClient> http, Clock& clock, Rng rng);

  std::string object_url(std::string_view key) const;
  std::string name_of(std::string_view method, std::string_view key) const;
  std::unexpected<Error> failed(std::string_view what, const Answer& answer) const;
  void tell_server(const HttpAnswer& answer, std::chrono::milliseconds took) const;
  Answer send(const HttpRequest& request, const Credentials& credentials);
  /// One attempt, and once in a call another one with new credentials.
  Result<Answer> attempt(const HttpRequest& request, bool& has_renewed);
  Result<Answer> call(std::string_view what, const HttpRequest& request, std::initializer_list<long> accepted,
                      const Check& check = {});
  /// The status of the answer.
  Result<long> put(std::string_view key, const Body& body, Headers headers,
                   std::initializer_list<long> accepted);
  Result<Answer> ask_for_bucket();
  Result<bool> create_bucket();
  Result<ListPage> list_page(std::string_view prefix, std::string_view delimiter, std::string_view token);
  Result<void> for_each_page(std::string_view prefix, std::string_view delimiter,
                             const std::function<Result<bool>(const ListPage&)>& visit);

  const S3Settings settings_;
  const S3Address address_;
  const std::unique_ptr<CredentialKeeper> credentials_;
  const std::unique_ptr<HttpClient> http_;
  Clock& clock_;
  const Rng rng_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace sdp::store::s3
