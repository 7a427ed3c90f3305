#include "settings/place.h"

#include <fmt/format.h>

#include <algorithm>

namespace sdp::settings {
namespace {

constexpr std::string_view kBucketScheme = "s3://";

/// A prefix that keys can begin with: a bucket's keys are not paths, so nothing in it is resolved or left
/// out.
bool is_prefix(std::string_view text) {
  const std::string within = fmt::format("/{}/", text);
  return !within.contains("//") && !within.contains("/./") && !within.contains("/../");
}

std::string wanted(const Setting& setting) {
  if (setting.bucket) return "s3://BUCKET, s3://BUCKET/PREFIX or a path";
  return setting.completion == Completion::folder ? "the path of a folder" : "the path of a file";
}

}  // namespace

std::optional<BucketAddress> parse_bucket(std::string_view text) {
  if (!text.starts_with(kBucketScheme)) return std::nullopt;
  text.remove_prefix(kBucketScheme.size());
  const auto slash = std::min(text.find('/'), text.size());
  BucketAddress address{.bucket = std::string(text.substr(0, slash)), .prefix = {}};
  text.remove_prefix(std::min(text.size(), slash + 1));
  if (text.ends_with('/')) text.remove_suffix(1);
  address.prefix = text;
  if (address.bucket.empty() || (!text.empty() && !is_prefix(text))) return std::nullopt;
  return address;
}

Result<void> check_place(const Setting& setting, std::string_view text) {
  if (text.starts_with('/') || text.starts_with('.')) return {};
  if (setting.bucket && parse_bucket(text)) return {};
  if (!text.empty() && !text.contains(":/")) return {};
  std::string message = fmt::format("'{}' is not {}", text, wanted(setting));
  if (!text.empty()) message += fmt::format("; a path of that name is written ./{}", text);
  return fail(ErrorKind::misconfigured, std::move(message));
}

}  // namespace sdp::settings
