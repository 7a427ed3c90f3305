#include "transform/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/ascii.h"
#include "os/files.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kManifestBytesMax = std::size_t{64} << 20;

/// A text that lies deeper in the document; empty when something on the way is missing or no object.
std::string text_at(const json& object, std::initializer_list<const char*> way) {
  const json* at = &object;
  for (const char* name : way) {
    if (!at->is_object()) return {};
    const auto found = at->find(name);
    if (found == at->end()) return {};
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

ModelWords words_of(const json& node) {
  ModelWords words{.description = text_at(node, {"description"}),
                   .columns = {},
                   .order_by = text_at(node, {"config", "meta", "order_by"}),
                   .checksum = text_at(node, {"checksum", "checksum"})};
  const auto columns = node.find("columns");
  if (columns == node.end() || !columns->is_object()) return words;
  for (const auto& [name, column] : columns->items()) {
    words.columns[base::upper(name)] = text_at(column, {"description"});
  }
  return words;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  const auto document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("nodes") || !document["nodes"].is_object()) {
    return fail(ErrorKind::bad_input, "not a manifest.json of dbt");
  }
  Manifest manifest;
  for (const auto& node : document["nodes"]) {
    const std::string type = text_at(node, {"resource_type"});
    if (type != "model" && type != "snapshot") continue;
    const std::string name = fmt::format("{}.{}", text_at(node, {"schema"}), text_at(node, {"alias"}));
    manifest[base::upper(name)] = words_of(node);
  }
  return manifest;
}

Result<Manifest> read_manifest(const fs::path& target) {
  const fs::path path = target / "manifest.json";
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  if (missing) return Manifest{};
  if (size > kManifestBytesMax) {
    return fail(ErrorKind::bad_input,
                fmt::format("{}: {} bytes are more than a manifest of dbt has", path.string(), size));
  }
  SDP_TRY(const auto text, os::read_file(path));
  auto manifest = parse_manifest(text.value_or(""));
  if (!manifest) return std::unexpected(manifest.error().in(path.string()));
  return manifest;
}

}  // namespace sdp::transform
