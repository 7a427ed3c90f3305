#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::local {

/// Where clients find the servers that `spotify-services up` started on a data folder. The file
/// (docs/formats/local-servers.md) is there while those servers are meant to run.
struct Endpoints {
  std::string kafka_brokers;  ///< host:port
  std::string s3_url;

  bool operator==(const Endpoints&) const = default;
};

std::filesystem::path endpoints_path(const std::filesystem::path& data);

std::string encode(const Endpoints& endpoints);
/// `misconfigured` when the text is no such JSON or of another version.
Result<Endpoints> decode_endpoints(std::string_view text);

/// Nothing when there is no file.
Result<std::optional<Endpoints>> read_endpoints(const std::filesystem::path& data);
Result<void> write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints);

}  // namespace sdp::local
