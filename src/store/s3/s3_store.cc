#include "store/s3/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

#include "base/sha256.h"
#include "diag/waiting.h"
#include "store/object_rules.h"
#include "store/s3/s3_encoding.h"
#include "store/s3/s3_error.h"

namespace sdp::store::s3 {
namespace {

constexpr std::uint64_t kListPageBytesMax = 16 * 1024 * 1024;
/// A body that is sent at once on any line.
constexpr std::size_t kSmallBytes = 64 * 1024;
constexpr std::uint64_t kComplaintBytesMax = 1024 * 1024;
constexpr std::string_view kMetadataHeader = "x-amz-meta-";
constexpr std::string_view kHashHeader = "x-amz-content-sha256";
// A server may send pages without objects, but not for ever.
constexpr int kEmptyPagesMax = 100;

Metadata metadata_in(const HttpAnswer& answer) {
  Metadata metadata;
  for (const auto& [name, value] : answer.headers) {
    if (name.starts_with(kMetadataHeader)) metadata.emplace(name.substr(kMetadataHeader.size()), value);
  }
  return metadata;
}

std::string_view operation_of(const HttpRequest& request) {
  switch (request.method) {
    case Method::get:
      return request.url.contains("list-type=2") ? "list" : "get";
    case Method::head:
      return "head";
    case Method::put:
      return "put";
    case Method::post:
      return "post";
    case Method::remove:
      return "delete";
  }
  return "get";
}

bool is_success(long status) {
  return status >= 200 && status < 300;
}

S3Complaint complaint_in(const HttpAnswer& answer) {
  S3Complaint complaint = parse_complaint(answer.body).value_or(S3Complaint{});
  // HEAD answers have no body; some servers and redirects say more in headers.
  const auto fill = [&](std::string& text, std::string_view header) {
    const std::string_view value = answer.header(header).substr(0, 64);
    if (text.empty() && std::ranges::all_of(value, [](char c) { return c > 0x20 && c <= 0x7E; }))
      text = value;
  };
  fill(complaint.code, "x-minio-error-code");
  fill(complaint.region, "x-amz-bucket-region");
  return complaint;
}

// An answer to HEAD has no body, so its status must do: S3 says 400 where it says ExpiredToken otherwise.
bool says_expired(Method method, const HttpAnswer& answer, const S3Complaint& complaint) {
  if (answer.curl != CURLE_OK || is_success(answer.status)) return false;
  if (complaint.code == "ExpiredToken" || complaint.code == "TokenRefreshRequired") return true;
  return method == Method::head && complaint.code.empty() && answer.status == 400;
}

// The chain rules rest on the order of keys, so a server that lists otherwise must be found out. Strict
// ascent also ends a list whose pages repeat.
std::unexpected<Error> out_of_order(std::string_view what, std::string_view last, std::string_view key) {
  return fail(
      ErrorKind::misconfigured,
      fmt::format(
          "{}: the server lists \"{}\" after \"{}\"; lists in ascending order of keys are needed (AWS "
          "directory buckets have none)",
          what, key, last));
}

}  // namespace

S3Store::S3Store(S3Settings settings, S3Address address, std::unique_ptr<CredentialKeeper> credentials,
                 std::unique_ptr<HttpClient> http, Clock& clock, Rng rng)
    : settings_(std::move(settings)),
      address_(std::move(address)),
      credentials_(std::move(credentials)),
      http_(std::move(http)),
      clock_(clock),
      rng_(rng) {}

Result<std::unique_ptr<S3Store>> S3Store::open(S3Settings settings,
                                               std::unique_ptr<CredentialKeeper> credentials, Clock& clock,
                                               Rng rng) {
  if (settings.region.empty()) settings.region = kRegionDefault;
  SDP_TRY(S3Address address, resolve(settings));
  SDP_TRY(auto http,
          HttpClient::open({.scheme = address.scheme,
                            .ca_file = settings.ca_file.empty() ? settings.aws.ca_bundle : settings.ca_file,
                            .use_proxy = !address.is_loopback,
                            .connect_timeout = settings.connect_timeout,
                            .total_timeout = settings.total_timeout,
                            .low_speed_bytes_per_second = settings.low_speed_bytes_per_second,
                            .low_speed_time = settings.low_speed_time}));
  return std::unique_ptr<S3Store>(new S3Store(std::move(settings), std::move(address), std::move(credentials),
                                              std::move(http), clock, rng));
}

std::string S3Store::describe() const {
  return fmt::format("s3://{} at {}", settings_.bucket, address_.endpoint);
}

std::string S3Store::object_url(std::string_view key) const {
  return address_.bucket_url + "/" + percent_encode(key, true);
}

std::string S3Store::name_of(std::string_view method, std::string_view key) const {
  return fmt::format("{} s3://{}/{} at {}", method, settings_.bucket, key, address_.endpoint);
}

std::unexpected<Error> S3Store::failed(std::string_view what, const Answer& answer) const {
  const auto& [http, complaint] = answer;
  const S3Diagnosis diagnosis = diagnose({http.curl, http.status, complaint.code});
  std::string said = http.curl != CURLE_OK ? http.curl_message : fmt::format("status {}", http.status);
  if (http.curl == CURLE_OK && !complaint.code.empty()) said += " " + complaint.code;
  if (http.curl == CURLE_OK && !complaint.message.empty()) said += fmt::format(" ({})", complaint.message);
  const bool elsewhere = diagnosis.kind == ErrorKind::misconfigured && !complaint.region.empty();
  if (elsewhere) said += fmt::format(", bucket region {}, ours {}", complaint.region, settings_.region);
  std::string message = fmt::format("{}: {}; {}", what, said, diagnosis.advice);
  if (diagnosis.kind == ErrorKind::unauthorized) {
    message += fmt::format(" (the credentials come from {})", credentials_->name());
  }
  return fail(diagnosis.kind, std::move(message));
}

void S3Store::tell_server(const HttpAnswer& answer, std::chrono::milliseconds took) const {
  if (const auto name = answer.header("server"); !name.empty()) settings_.observer->told_server(name);
  const std::time_t there = curl_getdate(std::string(answer.header("date")).c_str(), nullptr);
  if (there < 0) return;
  settings_.observer->told_time(UtcMillis(std::chrono::seconds(there)), clock_.utc_now() - took / 2, took);
}

S3Store::Answer S3Store::send(const HttpRequest& request, const Credentials& credentials) {
  HttpRequest signed_request = request;
  if (!credentials.session_token.empty()) {
    signed_request.headers.emplace_back("x-amz-security-token", credentials.session_token.reveal());
  }
  const Signer signer{settings_.region, credentials};
  signed_request.signer = &signer;
  const SteadyTime begun = clock_.steady_now();
  Answer answer{http_->send(signed_request), {}};
  if (settings_.observer != nullptr) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - begun);
    settings_.observer->attempted(operation_of(request),
                                  answer.http.curl == CURLE_OK ? answer.http.status : 0,
                                  answer.http.curl == CURLE_OPERATION_TIMEDOUT, took);
    tell_server(answer.http, took);
  }
  if (answer.http.curl == CURLE_OK && !is_success(answer.http.status))
    answer.complaint = complaint_in(answer.http);
  return answer;
}

Result<S3Store::Answer> S3Store::attempt(const HttpRequest& request, bool& has_renewed) {
  SDP_TRY(const auto credentials, credentials_->get());
  Answer answer = send(request, *credentials);
  if (has_renewed || !says_expired(request.method, answer.http, answer.complaint)) return answer;
  has_renewed = true;
  SDP_TRY(const auto renewed, credentials_->replace(credentials));
  if (renewed == credentials) return answer;
  return send(request, *renewed);
}

Result<S3Store::Answer> S3Store::call(std::string_view what, const HttpRequest& request,
                                      std::initializer_list<long> accepted, const Check& check) {
  HttpRequest hashed_request = request;
  const auto is_hash = [](const auto& header) { return header.first == kHashHeader; };
  if (std::ranges::none_of(request.headers, is_hash))
    hashed_request.headers.emplace_back(kHashHeader, base::sha256_hex(request.body));
  bool has_renewed = false;
  bool is_first = true;
  diag::Waiting waiting(describe(), settings_.retry.total_max + settings_.total_timeout,
                        request.body.size() > kSmallBytes ? diag::kPatienceForUploads : diag::kPatience);
  return base::with_retries(settings_.retry, clock_, rng_.fork(calls_++), [&]() -> Result<Answer> {
    if (!std::exchange(is_first, false) && settings_.observer != nullptr)
      settings_.observer->retried(operation_of(request));
    auto attempted = attempt(hashed_request, has_renewed);
    if (!attempted) return std::unexpected(attempted.error().in(what));
    Answer answer = *std::move(attempted);
    const long status = answer.http.status;
    if (answer.http.curl != CURLE_OK || std::ranges::find(accepted, status) == accepted.end()) {
      auto failure = failed(what, answer);
      waiting.note(failure.error().message);
      return failure;
    }
    if (check) SDP_RETURN_IF_ERROR(check(answer));
    return answer;
  });
}

Result<long> S3Store::put(std::string_view key, const Body& body, Headers headers,
                          std::initializer_list<long> accepted) {
  if (!body.sha256_hex.empty()) headers.emplace_back(kHashHeader, body.sha256_hex);
  HttpRequest request{Method::put, object_url(key), std::move(headers), body.bytes, kComplaintBytesMax};
  const std::string what = name_of("PUT", key);
  // A server that began its answer before it was done can say 200 and then name an error.
  const auto check = [&](const Answer& answer) -> Result<void> {
    auto hidden = is_success(answer.http.status) ? parse_complaint(answer.http.body) : std::nullopt;
    if (hidden) return failed(what, {answer.http, *hidden});
    return {};
  };
  SDP_TRY(const Answer answer, call(what, request, accepted, check));
  return answer.http.status;
}

Result<PutOutcome> S3Store::put_new(std::string_view key, const Body& body, const Metadata& metadata,
                                    std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, metadata, content_type));
  Headers headers = {{"content-type", std::string(content_type)}, {"if-none-match", "*"}};
  for (const auto& [name, value] : metadata) {
    headers.emplace_back(std::string(kMetadataHeader) + name, value);
  }
  SDP_TRY(const long status, put(key, body, std::move(headers), {200, 201, 204, 412}));
  return status == 412 ? PutOutcome::exists : PutOutcome::created;
}

Result<void> S3Store::put_hint(std::string_view key, std::string_view body, std::string_view content_type) {
  SDP_RETURN_IF_ERROR(check_put(key, {}, content_type));
  SDP_RETURN_IF_ERROR(put(key, body, {{"content-type", std::string(content_type)}}, {200, 201, 204}));
  return {};
}

Result<void> S3Store::remove(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  const std::string what = name_of("DELETE", key);
  const HttpRequest request{Method::remove, object_url(key), {}, {}, kComplaintBytesMax};
  SDP_TRY(const Answer answer, call(what, request, {200, 204, 404}));
  if (answer.complaint.code == "NoSuchBucket") return failed(what, answer);
  return {};
}

Result<Object> S3Store::get(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  const std::string what = name_of("GET", key);
  const HttpRequest request{Method::get, object_url(key), {}, {}, settings_.object_bytes_max};
  SDP_TRY(Answer answer, call(what, request, {200, 404}));
  if (answer.http.status == 200) return Object{std::move(answer.http.body), metadata_in(answer.http)};
  if (answer.complaint.code == "NoSuchBucket") return failed(what, answer);
  return fail(ErrorKind::bad_input, fmt::format("{}: there is no object {}", describe(), key));
}

Result<std::optional<ObjectHead>> S3Store::head(std::string_view key) {
  SDP_RETURN_IF_ERROR(check_key(key));
  const std::string what = name_of("HEAD", key);
  const HttpRequest request{Method::head, object_url(key), {}, {}, 0};
  SDP_TRY(const Answer answer, call(what, request, {200, 404}));
  if (answer.http.status == 404) return std::nullopt;
  const std::string_view length = answer.http.header("content-length");
  ObjectHead head{std::string(key), 0, metadata_in(answer.http)};
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), head.bytes);
  if (error != std::errc() || length.empty() || end != length.data() + length.size()) {
    return fail(ErrorKind::unavailable, what + ": the answer has no size; is this an S3 server?");
  }
  return head;
}

// Not a HEAD: its errors would say nothing of their cause. Both need the right s3:ListBucket.
Result<S3Store::Answer> S3Store::ask_for_bucket() {
  const std::string url = address_.bucket_url + "/?" + encode_query({{"list-type", "2"}, {"max-keys", "1"}});
  const HttpRequest request{Method::get, url, {}, {}, kListPageBytesMax};
  return call("look for " + describe(), request, {200, 404});
}

Result<bool> S3Store::create_bucket() {
  const std::string what = "create " + describe();
  const std::string body = format_create_bucket(settings_.region);
  const HttpRequest request{Method::put, address_.bucket_url + "/", {}, body, kComplaintBytesMax};
  const auto check = [&](const Answer& answer) -> Result<void> {
    const std::string& code = answer.complaint.code;
    if (answer.http.status != 409 || code == "BucketAlreadyOwnedByYou" || code == "BucketAlreadyExists")
      return {};
    return failed(what, answer);
  };
  SDP_TRY(const Answer answer, call(what, request, {200, 201, 204, 409}, check));
  if (answer.http.status != 409) return true;
  if (answer.complaint.code == "BucketAlreadyOwnedByYou") return false;
  // Some servers say so of our own bucket too, made by another process a moment ago: can it be listed now?
  SDP_TRY(const Answer again, ask_for_bucket());
  if (again.http.status == 200) return false;
  return failed(what, answer);
}

Result<bool> S3Store::ensure_bucket() {
  SDP_TRY(const Answer answer, ask_for_bucket());
  if (answer.http.status == 200) return false;
  return create_bucket();
}

Result<ListPage> S3Store::list_page(std::string_view prefix, std::string_view delimiter,
                                    std::string_view token) {
  std::map<std::string, std::string> query = {
      {"encoding-type", "url"}, {"list-type", "2"}, {"max-keys", "1000"}, {"prefix", std::string(prefix)}};
  if (!delimiter.empty()) query.emplace("delimiter", delimiter);
  if (!token.empty()) query.emplace("continuation-token", token);
  const HttpRequest request{
      Method::get, address_.bucket_url + "/?" + encode_query(query), {}, {}, kListPageBytesMax};
  const std::string what = name_of("list", prefix);
  ListPage page;
  const auto check = [&](const Answer& answer) -> Result<void> {
    if (const auto hidden = parse_complaint(answer.http.body)) return failed(what, {answer.http, *hidden});
    auto parsed = parse_list_page(answer.http.body);
    if (!parsed) return std::unexpected(parsed.error().in(what));
    page = *std::move(parsed);
    return {};
  };
  SDP_RETURN_IF_ERROR(call(what, request, {200}, check));
  return page;
}

Result<void> S3Store::for_each_page(std::string_view prefix, std::string_view delimiter,
                                    const std::function<Result<bool>(const ListPage&)>& visit) {
  std::string token;
  for (int empty_pages = 0; empty_pages < kEmptyPagesMax;) {
    SDP_TRY(const ListPage page, list_page(prefix, delimiter, token));
    SDP_TRY(const bool go_on, visit(page));
    if (!go_on || !page.is_truncated) return {};
    empty_pages = page.objects.empty() && page.folders.empty() ? empty_pages + 1 : 0;
    token = page.next_token;
  }
  return fail(ErrorKind::unavailable, fmt::format("{}: {} list pages without an object in a row",
                                                  name_of("list", prefix), kEmptyPagesMax));
}

Result<void> S3Store::list(std::string_view prefix, const std::function<bool(const ListedObject&)>& visit) {
  SDP_RETURN_IF_ERROR(check_prefix(prefix));
  std::string last;
  return for_each_page(prefix, "", [&](const ListPage& page) -> Result<bool> {
    for (const ListedObject& object : page.objects) {
      if (object.key <= last || !object.key.starts_with(prefix)) {
        return out_of_order(name_of("list", prefix), last, object.key);
      }
      last = object.key;
      if (!visit(object)) return false;
    }
    return true;
  });
}

Result<std::vector<std::string>> S3Store::list_folders(std::string_view prefix) {
  SDP_RETURN_IF_ERROR(check_folder_prefix(prefix));
  std::vector<std::string> folders;
  SDP_RETURN_IF_ERROR(for_each_page(prefix, "/", [&](const ListPage& page) -> Result<bool> {
    for (const std::string& folder : page.folders) {
      const std::string_view last = folders.empty() ? std::string_view{} : std::string_view(folders.back());
      if (folder <= last || !folder.starts_with(prefix))
        return out_of_order(name_of("list", prefix), last, folder);
      folders.push_back(folder);
    }
    return true;
  }));
  return folders;
}

}  // namespace sdp::store::s3
