#include "cli/lake_objects.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/compression.h"
#include "lake/object_key.h"

namespace sdp::cli {

Result<std::vector<std::string>> objects_of(store::ObjectStore& store, const lake::Overrides& overrides,
                                            const lake_reader::HourFolder& folder) {
  std::vector<std::string> keys;
  SDP_RETURN_IF_ERROR(store.list(folder.prefix, [&](const store::ListedObject& object) {
    if (lake::parse_key(object.key) && !overrides.ignores(object.key)) keys.push_back(object.key);
    return true;
  }));
  return keys;
}

Result<std::string> text_of(store::ObjectStore& store, std::string_view key) {
  const auto parsed = lake::parse_key(key);
  if (!parsed) {
    return fail(
        ErrorKind::bad_input,
        fmt::format("{} is not the name of an object of events, which is bronze/date=.../hour=.../...", key));
  }
  SDP_TRY(const store::Object object, store.get(key));
  auto text = lake::decompress(parsed->compression, object.body, lake::kObjectBytesMax);
  if (!text) return std::unexpected(text.error().in(std::string(key)));
  return text;
}

void visit_lines(std::string_view text, const std::function<bool(std::string_view line)>& visit) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!visit(line)) return;
  }
}

}  // namespace sdp::cli
