#include "store/s3/access.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/utc_time.h"
#include "diag/log.h"
#include "store/s3/credential_sources.h"

namespace sdp::store::s3 {
namespace {

/// Where credentials come from, and how to ask there again; no way to ask when they never change.
struct Origin {
  std::string name;
  CredentialKeeper::Source ask{};
  std::optional<Credentials> known{};  ///< without asking
};

Origin origin_of(CredentialPlace place, const S3Settings& settings, const LocalServers& local,
                 const std::string& region, const ProfileReader& profile, Clock& clock) {
  const AwsSettings& aws = settings.aws;
  switch (place) {
    case CredentialPlace::settings:
      return {.name = "AWS_ACCESS_KEY_ID", .known = settings.keys};
    case CredentialPlace::local_servers:
      return {.name = local.place, .known = local.credentials};
    case CredentialPlace::web_identity:
      return {.name = fmt::format("role {}", aws.role_arn),
              .ask = [aws, region, &clock] { return ask_web_identity(aws, region, clock); }};
    case CredentialPlace::profile: {
      // Another program may have written new keys there.
      const auto ask_again = [aws]() -> Result<Credentials> {
        SDP_TRY(const Profile now, read_profile(aws));
        return now.keys;
      };
      const auto found = profile();
      return {.name = found ? fmt::format("profile {} of {}", found->name, found->files) : "a profile",
              .ask = ask_again};
    }
    case CredentialPlace::container:
      return {.name = "the container's role", .ask = [aws, &clock] { return ask_container(aws, clock); }};
    case CredentialPlace::instance:
      return {.name = "the instance's role", .ask = [aws, &clock] { return ask_instance(aws, clock); }};
  }
  return {};
}

std::unexpected<Error> found_none(const S3Settings& settings, const std::vector<std::string>& passed) {
  return fail(
      ErrorKind::misconfigured,
      fmt::format("s3://{}: no credentials. Looked at: {}. Set one of them, AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY for instance, or start servers with `spotify-services up` and "
                  "name their folder with --services-data",
                  settings.bucket, fmt::join(passed, "; ")));
}

}  // namespace

Result<S3Access> find_access(const S3Settings& settings, const LocalServers& local, Clock& clock) {
  std::optional<Profile> read;
  const ProfileReader profile = [&]() -> Result<Profile> {
    if (!read) {
      SDP_TRY(read, read_profile(settings.aws));
    }
    return *read;
  };
  SDP_TRY(CredentialChoice choice, choose_credentials(settings, local, profile));
  if (!choice.place) return found_none(settings, choice.passed);
  SDP_TRY(std::string region, choose_region(settings, local, profile));
  Origin origin = origin_of(*choice.place, settings, local, region, profile, clock);
  auto first = origin.known ? Result<Credentials>(*origin.known) : origin.ask();
  if (!first && *choice.place == CredentialPlace::instance) {
    // Nothing said that this is an instance of EC2.
    choice.passed.push_back(first.error().message);
    return found_none(settings, choice.passed);
  }
  if (!first) {
    const bool later = first.error().kind == ErrorKind::retry;
    return fail(later ? ErrorKind::unavailable : first.error().kind,
                fmt::format("s3://{}: credentials: {}", settings.bucket, first.error().message));
  }
  if (const auto checked = check(*first); !checked) return std::unexpected(checked.error().in(origin.name));
  diag::log_event(
      "s3.credentials.found",
      {{"source", origin.name}, {"expires", first->expires ? base::format_iso(*first->expires) : "unknown"}});
  auto keeper = std::make_unique<CredentialKeeper>(std::move(origin.name), *std::move(first),
                                                   std::move(origin.ask), clock);
  return S3Access{std::move(region), std::move(keeper)};
}

}  // namespace sdp::store::s3
