#include "store/s3/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace sdp::store::s3 {
namespace {

constexpr std::size_t kIdleMax = 16;
constexpr std::size_t kHeaderBytesMax = 64 * 1024;
// Above any sensible answer's first chunk, below what a lying Content-Length could ask for.
constexpr std::uint64_t kReserveMax = 64 * 1024 * 1024;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

struct Receiver {
  HttpAnswer& answer;
  std::uint64_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& receiver = *static_cast<Receiver*>(context);
  const std::string_view line(data, size * count);
  receiver.header_bytes += line.size();
  if (receiver.header_bytes > kHeaderBytesMax) return 0;
  // Each interim answer (100 Continue) starts afresh.
  if (line.starts_with("HTTP/")) receiver.answer.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    receiver.answer.headers[base::lower(base::trimmed(line.substr(0, colon)))] =
        base::trimmed(line.substr(colon + 1));
  }
  return line.size();
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& receiver = *static_cast<Receiver*>(context);
  std::string& body = receiver.answer.body;
  const std::size_t bytes = size * count;
  if (body.size() + bytes > receiver.body_bytes_max) return 0;
  if (body.empty()) {
    const std::string length(receiver.answer.header("content-length"));
    body.reserve(std::min({static_cast<std::uint64_t>(std::strtoull(length.c_str(), nullptr, 10)),
                           kReserveMax, receiver.body_bytes_max}));
  }
  body.append(data, bytes);
  return bytes;
}

HeaderList header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) {
    // A header without value is written with ';', or curl would drop it.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    list = curl_slist_append(list, line.c_str());
  }
  return HeaderList(list);
}

void set_method(CURL* handle, const HttpRequest& request) {
  if (request.method == Method::head) curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  if (request.method == Method::remove) curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "DELETE");
  if (request.method != Method::put && request.method != Method::post) return;
  // As post fields, the body is neither copied nor pulled through a callback, and can be sent again on a
  // fresh connection.
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  if (request.method == Method::put) curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
}

void set_signature(CURL* handle, const Signer& signer) {
  curl_easy_setopt(handle, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", signer.region).c_str());
  curl_easy_setopt(handle, CURLOPT_USERNAME, signer.credentials.access_key.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, signer.credentials.secret_key.reveal().c_str());
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

Result<std::unique_ptr<HttpClient>> HttpClient::open(HttpOptions options) {
  // Once for the process, whichever thread comes first.
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return fail(ErrorKind::fatal, "libcurl cannot be initialised");
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(options)));
}

HttpClient::Handle HttpClient::borrow() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return Handle(curl_easy_init());
  Handle handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::give_back(Handle handle) {
  // Drops the options, secrets among them, and keeps the connection.
  curl_easy_reset(handle.get());
  std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(handle));
}

void HttpClient::set_options(CURL* handle) const {
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS_STR, options_.scheme.c_str());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  // The key's bytes are the path: nothing may be tidied.
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, options_.low_speed_bytes_per_second);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.low_speed_time.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_USERAGENT, "spotify-pipeline");
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.use_proxy) set(CURLOPT_PROXY, "");
}

HttpAnswer HttpClient::send(const HttpRequest& request) {
  HttpAnswer answer;
  Handle handle = borrow();
  if (!handle) {
    answer.curl = CURLE_FAILED_INIT;
    return answer;
  }
  std::array<char, CURL_ERROR_SIZE> message{};
  Receiver receiver{answer, request.answer_bytes_max};
  const HeaderList headers = header_list(request);
  set_options(handle.get());
  set_method(handle.get(), request);
  if (request.signer != nullptr) set_signature(handle.get(), *request.signer);
  curl_easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(handle.get(), CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &receiver);
  answer.curl = curl_easy_perform(handle.get());
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  if (answer.curl != CURLE_OK) {
    answer.curl_message = message[0] != '\0' ? message.data() : curl_easy_strerror(answer.curl);
  }
  give_back(std::move(handle));
  return answer;
}

}  // namespace sdp::store::s3
