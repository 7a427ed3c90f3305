#include "local/endpoints.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "os/files.h"

namespace sdp::local {
namespace {

constexpr int kSchemaVersion = 1;

}  // namespace

std::filesystem::path endpoints_path(const std::filesystem::path& data) {
  return data / "endpoints.json";
}

std::string encode(const Endpoints& endpoints) {
  const nlohmann::ordered_json json = {{"schema_version", kSchemaVersion},
                                       {"kafka", {{"bootstrap_servers", endpoints.kafka_brokers}}},
                                       {"s3", {{"endpoint", endpoints.s3_url}}}};
  // What is not UTF-8 is replaced: nlohmann would throw.
  return base::dumped(json, 2) + "\n";
}

Result<Endpoints> decode_endpoints(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto text_at = [&json](const char* pointer) {
    const nlohmann::json::json_pointer at(pointer);
    return json.contains(at) && json[at].is_string() ? json[at].get<std::string>() : std::string();
  };
  Endpoints endpoints{.kafka_brokers = text_at("/kafka/bootstrap_servers"),
                      .s3_url = text_at("/s3/endpoint")};
  if (!json.is_object() || json.value("/schema_version"_json_pointer, nlohmann::json()) != kSchemaVersion ||
      endpoints.kafka_brokers.empty() || endpoints.s3_url.empty()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no endpoints of schema_version {}; write the file again: spotify-services up",
                            kSchemaVersion));
  }
  return endpoints;
}

Result<std::optional<Endpoints>> read_endpoints(const std::filesystem::path& data) {
  const auto path = endpoints_path(data);
  SDP_TRY(const auto text, os::read_file(path));
  if (!text) return std::optional<Endpoints>{};
  auto endpoints = decode_endpoints(*text);
  if (!endpoints) return std::unexpected(endpoints.error().in(path.string()));
  return std::optional<Endpoints>(*std::move(endpoints));
}

Result<void> write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints) {
  return os::write_file(endpoints_path(data), encode(endpoints), 0644);
}

}  // namespace sdp::local
