#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/setting.h"

namespace sdp::settings {

/// `s3://BUCKET[/PREFIX]`
struct BucketAddress {
  std::string bucket;
  std::string prefix;  ///< without slashes at its ends; may be empty
};

/// Nothing when the text is not an address of a bucket but a path, or nonsense.
std::optional<BucketAddress> parse_bucket(std::string_view text);

/// Whether a text says where something is as its setting takes it: a path, or `s3://BUCKET[/PREFIX]` where
/// the row has `bucket`. What begins with `/` or `.` is always a path; everything else with `:/` in it is
/// meant as an address, and would make a folder of that name. `misconfigured` says what is wanted.
Result<void> check_place(const Setting& setting, std::string_view text);

}  // namespace sdp::settings
