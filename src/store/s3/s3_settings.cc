#include "store/s3/s3_settings.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace sdp::store::s3 {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::unexpected<Error> unfit(std::string_view why) {
  return fail(ErrorKind::misconfigured, fmt::format("S3: {}", why));
}

std::optional<std::string> part(const Url& url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url.get(), what, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool consists_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

Result<void> check_names(const S3Settings& settings) {
  const std::string& bucket = settings.bucket;
  if (bucket.size() < 3 || bucket.size() > 63 || !consists_of(bucket, std::string(kNameCharacters) + ".") ||
      bucket.starts_with('.') || bucket.ends_with('.') || bucket.contains("..")) {
    return unfit("a bucket name has 3-63 characters of [a-z0-9.-]; correct the bucket setting");
  }
  if (settings.region.empty() || !consists_of(settings.region, kNameCharacters)) {
    return unfit("a region is made of [a-z0-9-], like us-east-1; correct the region setting");
  }
  return {};
}

// What goes into a header must not be able to end it.
bool fits_a_header(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c <= 0x7E; });
}

Result<void> check_credentials(const S3Settings& settings) {
  if (settings.access_key.empty() || settings.secret_key.empty()) {
    return unfit("the access key or the secret key is missing; give both");
  }
  if (!fits_a_header(settings.access_key) || settings.access_key.contains('/') ||
      !fits_a_header(settings.secret_key.reveal()) || !fits_a_header(settings.session_token.reveal())) {
    return unfit(
        "the access key, secret key or session token has characters that none can have, perhaps a line end; "
        "enter it again");
  }
  return {};
}

}  // namespace

Result<S3Address> resolve(const S3Settings& settings) {
  SDP_RETURN_IF_ERROR(check_names(settings));
  SDP_RETURN_IF_ERROR(check_credentials(settings));
  const bool is_aws = settings.endpoint.empty();
  const std::string text =
      is_aws ? fmt::format("https://s3.{}.amazonaws.com", settings.region) : settings.endpoint;
  const Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return unfit("the endpoint is not a URL like http://127.0.0.1:9000");
  }
  const std::string path = part(url, CURLUPART_PATH).value_or("/");
  if (part(url, CURLUPART_USER) || part(url, CURLUPART_PASSWORD) || part(url, CURLUPART_QUERY) ||
      part(url, CURLUPART_FRAGMENT) || path != "/") {
    return unfit("the endpoint must be scheme, host and port only; keys are settings of their own");
  }
  S3Address address;
  address.scheme = part(url, CURLUPART_SCHEME).value_or("");
  if (address.scheme != "http" && address.scheme != "https")
    return unfit("the endpoint must be http:// or https://");
  const std::string host = part(url, CURLUPART_HOST).value_or("");
  const auto port = part(url, CURLUPART_PORT);
  const std::string authority = port ? host + ":" + *port : host;
  address.endpoint = address.scheme + "://" + authority;
  address.is_loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  // A certificate for *.s3.amazonaws.com does not cover a bucket with a dot in its name.
  const bool has_dot = settings.bucket.contains('.');
  const bool path_style = settings.path_style.value_or(!is_aws || has_dot);
  address.bucket_url = path_style ? fmt::format("{}/{}", address.endpoint, settings.bucket)
                                  : fmt::format("{}://{}.{}", address.scheme, settings.bucket, authority);
  return address;
}

}  // namespace sdp::store::s3
