#pragma once

#include <string>

#include "base/secret.h"

namespace sdp::store::s3 {

/// What AWS's own tools take from the environment, as they name it
/// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Empty: not set.
struct AwsSettings {
  std::string region;
  std::string default_region;
  std::string s3_endpoint;  ///< goes before `endpoint`
  std::string sts_endpoint;
  std::string endpoint;  ///< of every service
  std::string ca_bundle;
  std::string profile;
  std::string credentials_file;  ///< empty: `~/.aws/credentials`
  std::string config_file;       ///< empty: `~/.aws/config`
  std::string web_identity_token_file;
  std::string role_arn;
  std::string role_session_name;
  std::string container_path;  ///< of the address at which Amazon ECS hands out credentials
  std::string container_url;
  Secret container_token;
  std::string container_token_file;
  bool without_metadata = false;
  std::string metadata_endpoint;
};

}  // namespace sdp::store::s3
