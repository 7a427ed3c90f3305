#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/s3/credentials.h"

namespace sdp::store::s3 {

// The files that AWS's tools share, `~/.aws/credentials` and `~/.aws/config`, as
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html describes them. Pure.

enum class ProfileFile { credentials, config };

/// Names and values of each profile; names of values are in lower case.
using Profiles = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

/// Other sections than profiles, and what is nested below a value, are left out. `misconfigured` tells a
/// line that cannot be read by its number, never by its text.
Result<Profiles> parse_profiles(std::string_view text, ProfileFile file);

/// What the files say of one profile.
struct Profile {
  std::string name;
  std::string files{};    ///< where it was looked for, for messages
  bool is_there = false;  ///< in one of the files
  Credentials keys{};     ///< empty when it has none
  std::string region{};   ///< may be empty
  std::string
      other_source{};  ///< a value that asks for a way to credentials which we do not go; may be empty
};

/// A value of the credentials file goes before the same value of the config file.
Profile find_profile(const Profiles& credentials, const Profiles& config, std::string_view name);

}  // namespace sdp::store::s3
