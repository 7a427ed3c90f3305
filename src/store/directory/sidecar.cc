#include "store/directory/sidecar.h"

#include "store/object_rules.h"

namespace sdp::store {
namespace {

// Persisted: never change what version 1 means.
constexpr std::string_view kFirstLine = "object metadata 1\n";

}  // namespace

std::string format_sidecar(const Metadata& metadata) {
  std::string text(kFirstLine);
  for (const auto& [name, value] : metadata) {
    text += name;
    text += ": ";
    text += value;
    text += '\n';
  }
  return text;
}

Result<Metadata> parse_sidecar(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return fail(ErrorKind::bad_input, "not a metadata file of version 1");
  text.remove_prefix(kFirstLine.size());
  Metadata metadata;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t colon = text.find(": ");
    if (end == std::string_view::npos || colon == std::string_view::npos || colon > end) {
      return fail(ErrorKind::bad_input, "a metadata line is not `name: value`");
    }
    metadata.insert_or_assign(std::string(text.substr(0, colon)),
                              std::string(text.substr(colon + 2, end - colon - 2)));
    text.remove_prefix(end + 1);
  }
  SDP_RETURN_IF_ERROR(check_metadata(metadata));
  return metadata;
}

}  // namespace sdp::store
