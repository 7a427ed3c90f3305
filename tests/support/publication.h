#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "publish/published_folder.h"

namespace sdp::support {

/// Publishes a snapshot of one mart into `root`, as `publish` does. The folder of the publication.
inline std::filesystem::path publish_snapshot(const std::filesystem::path& root, Clock& clock,
                                              std::string_view warehouse = "duckdb") {
  const auto write = [&](const std::filesystem::path& folder, const std::string& id) -> Result<void> {
    SDP_RETURN_IF_ERROR(publish::write_draft(
        folder / "snapshot.json",
        fmt::format(
            "{{\"version\": 1, \"id\": \"{}\", \"taken_at\": \"2026-02-15T17:52:36.000Z\", "
            "\"warehouse\": \"{}\", \"state\": \"s\", \"marts\": [{{\"name\": \"TOP_SONGS\", \"file\": "
            "\"mart_top_songs.json\", \"order_by\": \"1\"}}]}}\n",
            id, warehouse)));
    return publish::write_draft(
        folder / "mart_top_songs.json",
        fmt::format("{{\"version\": 1, \"snapshot\": \"{}\", \"name\": \"TOP_SONGS\", \"rows\": [[1]]}}\n",
                    id));
  };
  return publish::replace_published(root, clock, write).value();
}

/// Puts another text in the place of a published file.
inline void spoil(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::remove(file);
  std::ofstream(file) << text;
}

}  // namespace sdp::support
