#include "store/s3/credential_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/utc_time.h"
#include "os/files.h"
#include "store/s3/aws_answers.h"
#include "store/s3/credential_chain.h"
#include "store/s3/credential_keeper.h"
#include "store/s3/http_client.h"
#include "store/s3/s3_encoding.h"
#include "store/s3/s3_error.h"

namespace sdp::store::s3 {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uintmax_t kFileBytesMax = 1024 * 1024;
constexpr std::uint64_t kAnswerBytesMax = 64 * 1024;
constexpr int kTriesMax = 2;
constexpr milliseconds kPause{100};
/// It is on the same machine, or nowhere.
constexpr milliseconds kInstanceTimeout{1'000};
constexpr milliseconds kContainerTimeout{2'000};
constexpr milliseconds kStsTimeout{10'000};
constexpr std::string_view kInstanceEndpoint = "http://169.254.169.254";
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";

std::string first_set(std::initializer_list<std::string_view> texts) {
  const auto* set = std::ranges::find_if(texts, [](std::string_view text) { return !text.empty(); });
  return set == texts.end() ? "" : std::string(*set);
}

/// Nothing when there is no regular file.
Result<std::optional<std::string>> read_small_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::optional<std::string>{};
  if (fs::file_size(path, error) > kFileBytesMax || error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is larger than {} bytes", path.string(), kFileBytesMax));
  }
  return os::read_file(path);
}

/// The token that a file holds, without the line end behind it.
Result<std::string> read_token(const std::string& path, std::string_view variable) {
  auto text = read_small_file(path);
  if (!text) return std::unexpected(text.error().in(variable));
  if (!*text) return fail(ErrorKind::misconfigured, fmt::format("{}: there is no file {}", variable, path));
  std::string token = **std::move(text);
  token.resize(base::trimmed_back(token).size());
  const auto is_printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
  if (token.empty() || !std::ranges::all_of(token, is_printable))
    return fail(ErrorKind::misconfigured, fmt::format("{}: the file {} holds no token", variable, path));
  return token;
}

/// `set`, or a file in `~/.aws`; a `~` at its beginning is the home folder. Empty without a home folder.
std::string shared_file(const std::string& set, std::string_view name) {
  const char* home = std::getenv("HOME");
  const bool has_home = home != nullptr && *home != '\0';
  if (set.empty()) return has_home ? fmt::format("{}/.aws/{}", home, name) : "";
  return has_home && set.starts_with("~/") ? fmt::format("{}{}", home, set.substr(1)) : set;
}

Result<Profiles> read_profiles(const std::string& path, ProfileFile file) {
  if (path.empty()) return Profiles{};
  SDP_TRY(const auto text, read_small_file(path));
  if (!text) return Profiles{};
  auto profiles = parse_profiles(*text, file);
  if (!profiles) return std::unexpected(profiles.error().in(path));
  return profiles;
}

HttpOptions options_for(const Url& url, const std::string& ca_file, milliseconds timeout) {
  return {.scheme = url.scheme,
          .ca_file = ca_file,
          .use_proxy = url.scheme == "https" && !url.is_loopback(),
          .connect_timeout = timeout,
          .total_timeout = timeout};
}

/// Any answer but those that say "later"; `what` is for messages.
Result<HttpAnswer> ask(const std::string& what, const HttpRequest& request, const HttpOptions& options,
                       Clock& clock) {
  SDP_TRY(const auto client, HttpClient::open(options));
  for (int tried = 1;; ++tried) {
    HttpAnswer answer = client->send(request);
    const bool is_answered = answer.curl == CURLE_OK;
    if (is_answered && answer.status == 200) return answer;
    const ErrorKind kind = diagnose({answer.curl, answer.status, {}}).kind;
    if (is_answered && kind != ErrorKind::retry) return answer;
    if (kind != ErrorKind::retry || tried == kTriesMax) {
      return fail(kind,
                  fmt::format("{}: {}", what,
                              is_answered ? fmt::format("status {}", answer.status) : answer.curl_message));
    }
    clock.sleep_for(kPause);
  }
}

std::unexpected<Error> refused(const std::string& what, long status, std::string_view code,
                               std::string_view advice) {
  const bool is_right = status == 401 || status == 403;
  return fail(is_right ? ErrorKind::unauthorized : ErrorKind::misconfigured,
              fmt::format("{}: status {}{}{}; {}", what, status, code.empty() ? "" : " ", code, advice));
}

/// What was answered, if it is of use now.
Result<Credentials> usable(const std::string& what, Result<Credentials> answered, Clock& clock) {
  if (!answered) return std::unexpected(answered.error().in(what));
  const UtcMillis now = clock.utc_now();
  if (has_expired(*answered, now)) {
    return fail(ErrorKind::retry,
                fmt::format("{}: the credentials ended at {} and it is {}; is this machine's clock right?",
                            what, base::format_iso(*answered->expires), base::format_iso(now)));
  }
  return answered;
}

ErrorKind kind_of_sts(std::string_view code, long status) {
  if (code == "IDPCommunicationError") return ErrorKind::retry;
  for (const std::string_view denied :
       {"AccessDenied", "InvalidIdentityToken", "ExpiredTokenException", "IDPRejectedClaim"}) {
    if (code == denied) return ErrorKind::unauthorized;
  }
  return status == 401 || status == 403 ? ErrorKind::unauthorized : ErrorKind::misconfigured;
}

}  // namespace

Result<Profile> read_profile(const AwsSettings& aws) {
  const std::string credentials_file = shared_file(aws.credentials_file, "credentials");
  const std::string config_file = shared_file(aws.config_file, "config");
  SDP_TRY(const Profiles credentials, read_profiles(credentials_file, ProfileFile::credentials));
  SDP_TRY(const Profiles config, read_profiles(config_file, ProfileFile::config));
  Profile profile = find_profile(credentials, config, aws.profile.empty() ? "default" : aws.profile);
  profile.files = credentials_file.empty() && config_file.empty()
                      ? "no file, without HOME"
                      : fmt::format("{} and {}", credentials_file, config_file);
  if (!aws.profile.empty() && !profile.is_there) {
    return fail(ErrorKind::misconfigured, fmt::format("AWS_PROFILE: there is no profile {} in {}; correct it",
                                                      profile.name, profile.files));
  }
  return profile;
}

Result<Credentials> ask_web_identity(const AwsSettings& aws, const std::string& region, Clock& clock) {
  SDP_TRY(std::string token, read_token(aws.web_identity_token_file, "AWS_WEB_IDENTITY_TOKEN_FILE"));
  const auto url = parse_url(
      first_set({aws.sts_endpoint, aws.endpoint, fmt::format("https://{}", aws_host("sts", region))}));
  if (!url) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is not a URL like https://sts.eu-west-1.amazonaws.com",
                            aws.sts_endpoint.empty() ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_STS"));
  }
  // In the body, since proxies and servers write URLs into logs.
  const std::string body =
      encode_query({{"Action", "AssumeRoleWithWebIdentity"},
                    {"RoleArn", aws.role_arn},
                    {"RoleSessionName", first_set({aws.role_session_name, "spotify-pipeline"})},
                    {"Version", "2011-06-15"},
                    {"WebIdentityToken", std::move(token)}});
  const HttpRequest request{.method = Method::post,
                            .url = url->origin() + url->path,
                            .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                            .body = body,
                            .answer_bytes_max = kAnswerBytesMax};
  const std::string what = fmt::format("assume role {} at {}", aws.role_arn, url->origin());
  SDP_TRY(const HttpAnswer answer, ask(what, request, options_for(*url, aws.ca_bundle, kStsTimeout), clock));
  if (answer.status == 200) return usable(what, parse_assumed_role(answer.body), clock);
  const std::string code = parse_sts_code(answer.body);
  return fail(
      kind_of_sts(code, answer.status),
      fmt::format(
          "{}: status {}{}{}; check AWS_ROLE_ARN, its trust in the token's issuer, and the token in {}", what,
          answer.status, code.empty() ? "" : " ", code, aws.web_identity_token_file));
}

Result<Credentials> ask_container(const AwsSettings& aws, Clock& clock) {
  SDP_TRY(const Url url, container_url(aws));
  std::string token = aws.container_token.reveal();
  if (!aws.container_token_file.empty()) {
    SDP_TRY(token, read_token(aws.container_token_file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
  } else if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorKind::misconfigured, "AWS_CONTAINER_AUTHORIZATION_TOKEN has a line end; enter it again");
  }
  HttpRequest request{.url = url.origin() + url.path,
                      .headers = {{"accept", "application/json"}},
                      .body = {},
                      .answer_bytes_max = kAnswerBytesMax};
  if (!token.empty()) request.headers.emplace_back("authorization", std::move(token));
  const std::string what = fmt::format("container credentials of {}", url.origin());
  SDP_TRY(const HttpAnswer answer,
          ask(what, request, options_for(url, aws.ca_bundle, kContainerTimeout), clock));
  if (answer.status == 200) return usable(what, parse_credentials_document(answer.body), clock);
  return refused(what, answer.status, "",
                 "check AWS_CONTAINER_CREDENTIALS_* and the role of this task or pod");
}

// 1. PUT gets a token, which shows that no proxy asks for somebody else.
// 2. GET names the role of the instance.
// 3. GET of that name has the credentials.
Result<Credentials> ask_instance(const AwsSettings& aws, Clock& clock) {
  const auto url = parse_url(first_set({aws.metadata_endpoint, kInstanceEndpoint}));
  if (!url) return fail(ErrorKind::misconfigured, "AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL");
  HttpOptions options = options_for(*url, aws.ca_bundle, kInstanceTimeout);
  options.use_proxy = false;
  const std::string what = fmt::format("instance metadata at {}", url->origin());
  const HttpRequest for_token{.method = Method::put,
                              .url = url->origin() + "/latest/api/token",
                              .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                              .body = {},
                              .answer_bytes_max = kAnswerBytesMax};
  SDP_TRY(const HttpAnswer token, ask(what, for_token, options, clock));
  if (token.status != 200 || token.body.empty() || !fits_a_header(token.body))
    return refused(what, token.status, "", "no token is given");
  const auto get = [&](std::string_view path) {
    const HttpRequest request{.url = fmt::format("{}{}", url->origin(), path),
                              .headers = {{"x-aws-ec2-metadata-token", token.body}},
                              .body = {},
                              .answer_bytes_max = kAnswerBytesMax};
    return ask(what, request, options, clock);
  };
  SDP_TRY(const HttpAnswer roles, get(kRoles));
  const std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
  if (roles.status != 200 || role.empty()) return refused(what, roles.status, "", "the instance has no role");
  SDP_TRY(const HttpAnswer answer, get(fmt::format("{}{}", kRoles, percent_encode(role, false))));
  if (answer.status != 200) return refused(what, answer.status, "", "the role has no credentials");
  return usable(what, parse_credentials_document(answer.body), clock);
}

}  // namespace sdp::store::s3
