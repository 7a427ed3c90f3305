#include "store/s3/s3_settings.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <string_view>

namespace sdp::store::s3 {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, FreeUrl>;

std::unexpected<Error> unfit_setting(std::string_view why) {
  return fail(ErrorKind::misconfigured, fmt::format("S3: {}", why));
}

std::optional<std::string> part(const CurlUrl& url, CURLUPart what) {
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

Result<void> check_names(std::string_view bucket, std::string_view region) {
  if (bucket.size() < 3 || bucket.size() > 63 || !consists_of(bucket, std::string(kNameCharacters) + ".") ||
      bucket.starts_with('.') || bucket.ends_with('.') || bucket.contains("..")) {
    return unfit_setting("a bucket name has 3-63 characters of [a-z0-9.-]; correct the bucket setting");
  }
  if (!consists_of(region, kNameCharacters)) {
    return unfit_setting("a region is made of [a-z0-9-], like us-east-1; correct the region setting");
  }
  return {};
}

}  // namespace

std::string Url::origin() const {
  return fmt::format("{}://{}{}{}", scheme, host, port.empty() ? "" : ":", port);
}

bool Url::is_loopback() const {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]";
}

std::optional<Url> parse_url(const std::string& text) {
  const CurlUrl url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return std::nullopt;
  if (part(url, CURLUPART_USER) || part(url, CURLUPART_PASSWORD) || part(url, CURLUPART_FRAGMENT))
    return std::nullopt;
  Url parts{.scheme = part(url, CURLUPART_SCHEME).value_or(""),
            .host = part(url, CURLUPART_HOST).value_or(""),
            .port = part(url, CURLUPART_PORT).value_or(""),
            .path = part(url, CURLUPART_PATH).value_or("/")};
  if (parts.scheme != "http" && parts.scheme != "https") return std::nullopt;
  if (const auto query = part(url, CURLUPART_QUERY)) parts.path += "?" + *query;
  return parts;
}

bool is_same_server(const Url& one, const Url& other) {
  const bool same_host = one.host == other.host || (one.is_loopback() && other.is_loopback());
  return one.scheme == other.scheme && same_host && one.port == other.port;
}

std::string aws_host(std::string_view service, std::string_view region) {
  return fmt::format("{}.{}.amazonaws.com{}", service, region, region.starts_with("cn-") ? ".cn" : "");
}

Result<S3Address> resolve(const S3Settings& settings) {
  const std::string_view region = settings.region.empty() ? kRegionDefault : settings.region;
  SDP_RETURN_IF_ERROR(check_names(settings.bucket, region));
  const bool is_aws = settings.endpoint.empty();
  const auto url = parse_url(is_aws ? "https://" + aws_host("s3", region) : settings.endpoint);
  if (!url || url->path != "/") {
    return unfit_setting(
        "the endpoint must be http:// or https://, host and port only, like http://127.0.0.1:9002; keys are "
        "settings of their own");
  }
  S3Address address{
      .scheme = url->scheme, .endpoint = url->origin(), .bucket_url = {}, .is_loopback = url->is_loopback()};
  // A certificate for *.s3.amazonaws.com does not cover a bucket with a dot in its name.
  const bool has_dot = settings.bucket.contains('.');
  const bool path_style = settings.path_style.value_or(!is_aws || has_dot);
  const std::string authority = address.endpoint.substr(address.scheme.size() + 3);
  address.bucket_url = path_style ? fmt::format("{}/{}", address.endpoint, settings.bucket)
                                  : fmt::format("{}://{}.{}", address.scheme, settings.bucket, authority);
  return address;
}

}  // namespace sdp::store::s3
