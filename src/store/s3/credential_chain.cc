#include "store/s3/credential_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sdp::store::s3 {
namespace {

constexpr std::string_view kEcsHost = "169.254.170.2";
/// Of Amazon ECS, and of EKS Pod Identity by IPv4 and IPv6.
constexpr std::array<std::string_view, 3> kContainerHosts = {kEcsHost, "169.254.170.23", "[fd00:ec2::23]"};

std::unexpected<Error> unfit(std::string message) {
  return fail(ErrorKind::misconfigured, std::move(message));
}

bool has_any(const Credentials& keys) {
  return !keys.access_key.empty() || !keys.secret_key.empty();
}

/// Asks one place after the other.
class Chooser {
 public:
  Chooser(const S3Settings& settings, const LocalServers& local, const ProfileReader& profile)
      : settings_(settings), local_(local), profile_(profile) {}

  Result<CredentialChoice> choose() {
    using Place = CredentialPlace;
    const auto steps = std::to_array<std::pair<Place, Result<bool> (Chooser::*)()>>({
        {Place::settings, &Chooser::settings_have_keys},
        {Place::local_servers, &Chooser::local_servers_are_meant},
        {Place::web_identity, &Chooser::has_web_identity},
        {Place::profile, &Chooser::profile_has_keys},
        {Place::container, &Chooser::has_container},
        {Place::local_servers, &Chooser::server_is_beside_local_ones},
        {Place::instance, &Chooser::may_ask_instance},
    });
    for (const auto& [place, is_here] : steps) {
      SDP_TRY(const bool found, (this->*is_here)());
      if (!found) continue;
      choice_.place = place;
      break;
    }
    return std::move(choice_);
  }

 private:
  bool pass(std::string place) {
    choice_.passed.push_back(std::move(place));
    return false;
  }

  Result<bool> settings_have_keys() {
    const Credentials& keys = settings_.keys;
    if (!has_any(keys)) return pass("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (not set)");
    if (keys.access_key.empty() || keys.secret_key.empty()) {
      const bool has_access = !keys.access_key.empty();
      return unfit(fmt::format("{} is set and {} is not; set both, or neither",
                               has_access ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                               has_access ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
    }
    return true;
  }

  Result<bool> local_servers_are_meant() {
    if (!local_.are_meant) return false;
    return local_.credentials ? true : pass(local_.place + " (not there)");
  }

  Result<bool> has_web_identity() {
    const AwsSettings& aws = settings_.aws;
    if (aws.web_identity_token_file.empty()) return pass("AWS_WEB_IDENTITY_TOKEN_FILE (not set)");
    if (aws.role_arn.empty())
      return unfit("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not; set both, or neither");
    return true;
  }

  Result<bool> profile_has_keys() {
    SDP_TRY(const Profile profile, profile_());
    if (!profile.other_source.empty()) {
      return unfit(
          fmt::format("profile {} of {} has {}, which is not supported; write its keys into the environment: "
                      "eval \"$(aws configure export-credentials --profile {} --format env)\"",
                      profile.name, profile.files, profile.other_source, profile.name));
    }
    if (!has_any(profile.keys)) {
      return pass(fmt::format("profile {} of {} ({})", profile.name, profile.files,
                              profile.is_there ? "no keys" : "not there"));
    }
    if (profile.keys.access_key.empty() || profile.keys.secret_key.empty()) {
      return unfit(
          fmt::format("profile {} of {} has no {}; add it", profile.name, profile.files,
                      profile.keys.access_key.empty() ? "aws_access_key_id" : "aws_secret_access_key"));
    }
    return true;
  }

  Result<bool> has_container() {
    if (!settings_.aws.container_path.empty() || !settings_.aws.container_url.empty()) return true;
    return pass("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI (not set)");
  }

  /// Something that stands between us and the local servers, such as a proxy, has an address of its own.
  Result<bool> server_is_beside_local_ones() {
    if (local_.are_meant) return false;
    return local_.credentials ? true
                              : pass(local_.place + " (not there, or the server is on another machine)");
  }

  Result<bool> may_ask_instance() {
    return settings_.aws.without_metadata ? pass("instance metadata (AWS_EC2_METADATA_DISABLED)") : true;
  }

  const S3Settings& settings_;
  const LocalServers& local_;
  const ProfileReader& profile_;
  CredentialChoice choice_;
};

}  // namespace

Result<CredentialChoice> choose_credentials(const S3Settings& settings, const LocalServers& local,
                                            const ProfileReader& profile) {
  return Chooser(settings, local, profile).choose();
}

Result<std::string> choose_region(const S3Settings& settings, const LocalServers& local,
                                  const ProfileReader& profile) {
  if (!settings.region.empty()) return settings.region;
  // A person's settings for AWS are none of theirs.
  if (local.are_meant) return std::string(kRegionDefault);
  if (!settings.aws.region.empty()) return settings.aws.region;
  if (!settings.aws.default_region.empty()) return settings.aws.default_region;
  SDP_TRY(const Profile found, profile());
  return found.region.empty() ? std::string(kRegionDefault) : found.region;
}

Result<Url> container_url(const AwsSettings& aws) {
  const bool is_path = !aws.container_path.empty();
  const std::string_view variable =
      is_path ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (is_path && !aws.container_path.starts_with('/'))
    return unfit(fmt::format("{} must begin with '/'", variable));
  auto url =
      parse_url(is_path ? fmt::format("http://{}{}", kEcsHost, aws.container_path) : aws.container_url);
  if (!url) return unfit(fmt::format("{} is not a URL", variable));
  const bool is_known = std::ranges::find(kContainerHosts, url->host) != kContainerHosts.end();
  if (url->scheme != "https" && !url->is_loopback() && !is_known) {
    return unfit(fmt::format(
        "{} leads to {}, where the token would be readable on its way; it must be https, on this machine, or "
        "one of {}",
        variable, url->origin(), fmt::join(kContainerHosts, ", ")));
  }
  return *std::move(url);
}

}  // namespace sdp::store::s3
