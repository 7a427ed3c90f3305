#include "store/s3/s3_error.h"

#include <gtest/gtest.h>

namespace sdp::store::s3 {
namespace {

TEST(S3Error, EveryFailureHasAKind) {
  const struct {
    S3Failure failure;
    ErrorKind kind;
  } kTable[] = {
      {{CURLE_COULDNT_CONNECT, 0, ""}, ErrorKind::retry},
      {{CURLE_COULDNT_RESOLVE_HOST, 0, ""}, ErrorKind::retry},
      {{CURLE_OPERATION_TIMEDOUT, 0, ""}, ErrorKind::retry},
      {{CURLE_GOT_NOTHING, 0, ""}, ErrorKind::retry},
      {{CURLE_SEND_ERROR, 0, ""}, ErrorKind::retry},
      {{CURLE_RECV_ERROR, 200, ""}, ErrorKind::retry},
      {{CURLE_PARTIAL_FILE, 200, ""}, ErrorKind::retry},
      {{CURLE_SSL_CONNECT_ERROR, 0, ""}, ErrorKind::retry},
      {{CURLE_PEER_FAILED_VERIFICATION, 0, ""}, ErrorKind::misconfigured},
      {{CURLE_SSL_CACERT_BADFILE, 0, ""}, ErrorKind::misconfigured},
      {{CURLE_UNSUPPORTED_PROTOCOL, 0, ""}, ErrorKind::misconfigured},
      {{CURLE_WRITE_ERROR, 200, ""}, ErrorKind::bad_input},
      {{CURLE_OUT_OF_MEMORY, 0, ""}, ErrorKind::fatal},
      {{CURLE_OK, 408, ""}, ErrorKind::retry},
      {{CURLE_OK, 429, ""}, ErrorKind::retry},
      {{CURLE_OK, 500, "InternalError"}, ErrorKind::retry},
      {{CURLE_OK, 502, ""}, ErrorKind::retry},
      {{CURLE_OK, 503, "SlowDown"}, ErrorKind::retry},
      {{CURLE_OK, 504, ""}, ErrorKind::retry},
      {{CURLE_OK, 507, "XMinioStorageFull"}, ErrorKind::retry},
      {{CURLE_OK, 400, "RequestTimeout"}, ErrorKind::retry},
      {{CURLE_OK, 400, "XAmzContentSHA256Mismatch"}, ErrorKind::retry},
      {{CURLE_OK, 409, "ConditionalRequestConflict"}, ErrorKind::retry},
      {{CURLE_OK, 409, "OperationAborted"}, ErrorKind::retry},
      {{CURLE_OK, 200, "InternalError"}, ErrorKind::retry},
      {{CURLE_OK, 200, ""}, ErrorKind::retry},
      {{CURLE_OK, 401, ""}, ErrorKind::unauthorized},
      {{CURLE_OK, 403, ""}, ErrorKind::unauthorized},
      {{CURLE_OK, 403, "AccessDenied"}, ErrorKind::unauthorized},
      {{CURLE_OK, 403, "InvalidAccessKeyId"}, ErrorKind::unauthorized},
      {{CURLE_OK, 403, "SignatureDoesNotMatch"}, ErrorKind::unauthorized},
      {{CURLE_OK, 400, "ExpiredToken"}, ErrorKind::unauthorized},
      {{CURLE_OK, 403, "RequestTimeTooSkewed"}, ErrorKind::misconfigured},
      {{CURLE_OK, 404, "NoSuchBucket"}, ErrorKind::misconfigured},
      {{CURLE_OK, 301, "PermanentRedirect"}, ErrorKind::misconfigured},
      {{CURLE_OK, 307, ""}, ErrorKind::misconfigured},
      {{CURLE_OK, 400, "AuthorizationHeaderMalformed"}, ErrorKind::misconfigured},
      {{CURLE_OK, 501, "NotImplemented"}, ErrorKind::misconfigured},
      {{CURLE_OK, 409, "BucketAlreadyExists"}, ErrorKind::misconfigured},
      {{CURLE_OK, 404, "NoSuchKey"}, ErrorKind::bad_input},
      {{CURLE_OK, 400, "EntityTooLarge"}, ErrorKind::bad_input},
      {{CURLE_OK, 400, "SomethingNew"}, ErrorKind::fatal},
      {{CURLE_OK, 418, ""}, ErrorKind::fatal},
  };
  for (const auto& row : kTable) {
    const S3Diagnosis diagnosis = diagnose(row.failure);
    EXPECT_EQ(diagnosis.kind, row.kind)
        << row.failure.curl << ' ' << row.failure.status << ' ' << row.failure.code;
    EXPECT_FALSE(diagnosis.advice.empty());
  }
}

}  // namespace
}  // namespace sdp::store::s3
