#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace sdp::store::s3 {

/// A code is a word; more of what an answer has in its place is not told.
inline constexpr std::size_t kErrorCodeBytesMax = 64;

/// How an attempt failed: in curl (then `status` may be 0), by status, or by the code in an error document.
struct S3Failure {
  CURLcode curl = CURLE_OK;
  long status = 0;
  std::string_view code;
};

/// What to do about it, and what to tell the user.
struct S3Diagnosis {
  ErrorKind kind = ErrorKind::fatal;
  std::string_view advice;
};

/// The one place where curl codes, statuses and S3 codes become kinds. The S3 code decides where it is known,
/// then the status.
S3Diagnosis diagnose(const S3Failure& failure);

}  // namespace sdp::store::s3
