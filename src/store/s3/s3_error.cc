#include "store/s3/s3_error.h"

#include <algorithm>
#include <array>

namespace sdp::store::s3 {
namespace {

constexpr std::string_view kKeys = "check the access key and the secret key";
constexpr std::string_view kRights =
    "the keys are valid, but lack a right on this bucket: s3:PutObject, s3:GetObject and s3:ListBucket are "
    "needed "
    "(s3:CreateBucket to create it)";
constexpr std::string_view kBucket = "create the bucket, or correct its name";
constexpr std::string_view kRegion =
    "the bucket is in another region: correct the region or endpoint setting";
constexpr std::string_view kServer = "the server is overloaded or has a fault; see its log if this goes on";
constexpr std::string_view kAddress =
    "check that the server runs and that the endpoint setting names its address";
constexpr std::string_view kTls = "check the endpoint's certificate and the CA file setting";

struct CodeRow {
  std::string_view code;
  S3Diagnosis diagnosis;
};

constexpr std::array kCodes = {
    CodeRow{"InvalidAccessKeyId",
            {ErrorKind::unauthorized, "check the access key: the server does not know it"}},
    CodeRow{"SignatureDoesNotMatch",
            {ErrorKind::unauthorized, "check the secret key: it does not belong to this access key"}},
    CodeRow{"AccessDenied", {ErrorKind::unauthorized, kRights}},
    CodeRow{"AllAccessDisabled", {ErrorKind::unauthorized, kRights}},
    CodeRow{"ExpiredToken",
            {ErrorKind::unauthorized, "the session token has expired: get new temporary credentials"}},
    CodeRow{"TokenRefreshRequired",
            {ErrorKind::unauthorized, "the session token has expired: get new temporary credentials"}},
    CodeRow{"InvalidToken", {ErrorKind::unauthorized, "check the session token"}},
    CodeRow{"RequestTimeTooSkewed",
            {ErrorKind::misconfigured,
             "the clocks of this machine and of the server differ too much: set them right"}},
    CodeRow{"NoSuchBucket", {ErrorKind::misconfigured, kBucket}},
    CodeRow{"InvalidBucketName", {ErrorKind::misconfigured, kBucket}},
    CodeRow{"PermanentRedirect", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"TemporaryRedirect", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"AuthorizationHeaderMalformed", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"IllegalLocationConstraintException", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"InvalidLocationConstraint", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"InvalidRegion", {ErrorKind::misconfigured, kRegion}},
    CodeRow{"BucketAlreadyExists",
            {ErrorKind::misconfigured, "that name belongs to somebody else: choose another"}},
    CodeRow{"NotImplemented",
            {ErrorKind::misconfigured,
             "the server lacks this call; conditional writes (If-None-Match) are needed"}},
    CodeRow{"NoSuchKey", {ErrorKind::bad_input, "there is no such object"}},
    CodeRow{"EntityTooLarge",
            {ErrorKind::bad_input, "the object is too large for one put: cut smaller batches"}},
    CodeRow{"KeyTooLongError", {ErrorKind::bad_input, "the key is too long for this server"}},
    CodeRow{"MetadataTooLarge", {ErrorKind::bad_input, "the metadata is too large for this server"}},
    CodeRow{"BadDigest", {ErrorKind::retry, "the body was damaged on its way"}},
    CodeRow{"XAmzContentSHA256Mismatch", {ErrorKind::retry, "the body was damaged on its way"}},
    CodeRow{"IncompleteBody", {ErrorKind::retry, "the body was cut on its way"}},
    CodeRow{"ConditionalRequestConflict", {ErrorKind::retry, "another writer of this key was at work"}},
    CodeRow{"OperationAborted", {ErrorKind::retry, "another writer of this key or bucket was at work"}},
    CodeRow{"SlowDown", {ErrorKind::retry, kServer}},
    CodeRow{"SlowDownWrite", {ErrorKind::retry, kServer}},
    CodeRow{"SlowDownRead", {ErrorKind::retry, kServer}},
    CodeRow{"InternalError", {ErrorKind::retry, kServer}},
    CodeRow{"ServiceUnavailable", {ErrorKind::retry, kServer}},
    CodeRow{"RequestTimeout", {ErrorKind::retry, kServer}},
    CodeRow{"XMinioStorageFull", {ErrorKind::retry, "the server's disk is full: free some space there"}},
};

S3Diagnosis diagnose_status(long status) {
  switch (status) {
    case 401:
      return {ErrorKind::unauthorized, kKeys};
    case 403:
      return {ErrorKind::unauthorized, "check the keys and the rights on this bucket"};
    case 301:
    case 302:
    case 307:
    case 308:
      return {ErrorKind::misconfigured, kRegion};
    case 404:
      return {ErrorKind::misconfigured, "check the endpoint and the bucket"};
    case 405:
    case 501:
      return {ErrorKind::misconfigured, "the server lacks this call: is it an S3 server?"};
    case 408:
    case 425:
    case 429:
      return {ErrorKind::retry, kServer};
    case 507:
      return {ErrorKind::retry, "the server's disk is full: free some space there"};
    default:
      break;
  }
  if (status >= 500) return {ErrorKind::retry, kServer};
  if (status >= 200 && status < 300) return {ErrorKind::retry, "the server's answer makes no sense"};
  return {ErrorKind::fatal, "the server refused the request"};
}

S3Diagnosis diagnose_curl(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {ErrorKind::misconfigured, "check the endpoint setting"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return {ErrorKind::misconfigured, kTls};
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return {ErrorKind::fatal, "this is a fault of the program or the machine"};
    case CURLE_WRITE_ERROR:
      return {ErrorKind::bad_input, "the answer is larger than its limit"};
    default:
      return {ErrorKind::retry, kAddress};
  }
}

}  // namespace

S3Diagnosis diagnose(const S3Failure& failure) {
  if (failure.curl != CURLE_OK) return diagnose_curl(failure.curl);
  const auto* row = std::ranges::find(kCodes, failure.code, &CodeRow::code);
  if (row != kCodes.end()) return row->diagnosis;
  return diagnose_status(failure.status);
}

}  // namespace sdp::store::s3
