#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sdp::store::s3 {

/// Percent-encodes everything but [A-Za-z0-9-._~], upper-case hex: what a signature version 4 expects.
/// `keep_slash` for keys in a path.
std::string percent_encode(std::string_view text, bool keep_slash);
/// What `encoding-type=url` does to keys in a listing: %XX, and '+' for a blank. Nothing when malformed.
std::optional<std::string> percent_decode(std::string_view text);

/// `a=1&b=` with sorted names, as it is signed.
std::string encode_query(const std::map<std::string, std::string>& query);

}  // namespace sdp::store::s3
