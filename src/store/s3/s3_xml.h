#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/object_store.h"

namespace sdp::store::s3 {

/// What an error answer says, cut to printable characters and short enough for a message: servers are not
/// trusted.
struct S3Complaint {
  std::string code;     ///< `NoSuchBucket`; empty when unknown
  std::string message;  ///< one line
  std::string region;   ///< where the bucket is, in redirects

  bool operator==(const S3Complaint&) const = default;
};

struct ListPage {
  std::vector<ListedObject> objects;
  std::vector<std::string> folders;
  bool is_truncated = false;
  std::string next_token;
};

/// Nothing unless the text is an S3 error document.
std::optional<S3Complaint> parse_complaint(std::string_view xml);
/// `retry` when the text is not a whole ListObjectsV2 answer: it was cut, or came from something between.
Result<ListPage> parse_list_page(std::string_view xml);
/// The body of a CreateBucket; empty for us-east-1, which must not be named.
std::string format_create_bucket(std::string_view region);

}  // namespace sdp::store::s3
