#include "site/publications.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <system_error>
#include <utility>

#include "publish/published_folder.h"
#include "snapshot/snapshot_json.h"

namespace sdp::site {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".json";
constexpr std::string_view kSnapshot = "snapshot";
constexpr std::string_view kProof = "proof";
constexpr std::string_view kMartPrefix = "mart_";
constexpr std::int64_t kReadVersion = 1;
/// A mart's file has 8 MiB of cells at most (docs/formats/snapshot.md).
constexpr std::uintmax_t kFileBytesMax = std::uintmax_t{64} << 20;
constexpr std::uintmax_t kDocsBytesMax = std::uintmax_t{32} << 20;

Result<std::optional<std::string>> text_of(const std::optional<OpenFile>& file) {
  if (!file) return std::optional<std::string>{};
  SDP_TRY(std::string text, file->read());
  return std::optional(std::move(text));
}

/// Nothing when there is no such file.
Result<std::optional<std::string>> read_bounded(const fs::path& path) {
  SDP_TRY(const auto file, OpenFile::open(path, kFileBytesMax));
  return text_of(file);
}

std::unexpected<Error> damaged(const fs::path& file, std::string_view what) {
  return fail(ErrorKind::bad_input, fmt::format("{}: {}", file.string(), what));
}

/// Whether a mart or proof is whole, of a version that is known, and of this publication.
Result<void> check_document(const fs::path& file, std::string_view text, std::string_view id) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS)
    return damaged(file, "it is not whole JSON");
  std::int64_t version = 0;
  std::string_view snapshot;
  if (document["version"].get(version) != simdjson::SUCCESS ||
      document["snapshot"].get(snapshot) != simdjson::SUCCESS)
    return damaged(file, "it does not belong to a publication");
  if (version != kReadVersion) {
    return damaged(
        file, fmt::format("it is of version {}, and this program reads version {}", version, kReadVersion));
  }
  if (snapshot != id) return damaged(file, fmt::format("it belongs to publication {}", snapshot));
  return {};
}

/// The same of a snapshot, and what it says.
Result<snapshot::Head> check_head(const fs::path& file, std::string_view text, std::string_view id) {
  const auto head = snapshot::parse_head(text);
  if (!head) return damaged(file, head.error().message);
  if (head->id != id) return damaged(file, fmt::format("it belongs to publication {}", head->id));
  return *head;
}

Result<snapshot::Head> read_head(const fs::path& folder) {
  const fs::path file = folder / snapshot::kSnapshotFile;
  const auto text = read_bounded(file);
  if (!text) return damaged(file, text.error().message);
  if (!*text) return damaged(file, "it is missing");
  return check_head(file, **text, folder.filename().string());
}

bool is_part(std::string_view name) {
  return name == kSnapshot || name == kProof || name.starts_with(kMartPrefix);
}

/// Names, sizes and times of the files; empty when the folder is gone.
std::string stamp_of(const fs::path& folder) {
  std::set<std::string> lines;
  std::error_code failure;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    struct stat status{};
    if (::stat(entry->path().c_str(), &status) != 0) continue;
    lines.insert(fmt::format("{} {} {} {}.{}\n", entry->path().filename().string(), status.st_ino,
                             status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
  }
  std::string stamp;
  for (const std::string& line : lines) stamp += line;
  return stamp;
}

}  // namespace

Result<Publication> read_publication(const fs::path& folder) {
  SDP_TRY(const snapshot::Head head, read_head(folder));
  Publication publication{.id = head.id,
                          .warehouse = head.warehouse,
                          .taken_at = head.taken_at,
                          .parts = {std::string(kSnapshot)},
                          .has_report = false};
  for (const std::string& name : head.files) {
    if (!name.starts_with(kMartPrefix) || !name.ends_with(kEnding) || name.contains('/'))
      return damaged(folder / snapshot::kSnapshotFile, "it names a mart's file that cannot be one");
    const auto text = read_bounded(folder / name);
    if (!text) return damaged(folder / name, text.error().message);
    if (!*text) return damaged(folder / name, "it is missing");
    SDP_RETURN_IF_ERROR(check_document(folder / name, **text, head.id));
    publication.parts.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  const auto proof = read_bounded(folder / snapshot::kProofFile);
  if (!proof) return damaged(folder / snapshot::kProofFile, proof.error().message);
  if (*proof) SDP_RETURN_IF_ERROR(check_document(folder / snapshot::kProofFile, **proof, head.id));
  publication.parts.emplace_back(kProof);
  std::error_code missing;
  publication.has_report = fs::exists(folder / kReportPage, missing);
  return publication;
}

Result<std::optional<OpenFile>> open_part(const fs::path& folder, std::string_view part) {
  if (!is_part(part)) return std::optional<OpenFile>{};
  const std::string id = folder.filename();
  const std::string name = fmt::format("{}/{}", id, part);
  std::error_code failure;
  for (auto entry = fs::directory_iterator(folder, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const fs::path& file = entry->path();
    if (file.extension() != kEnding || file.stem() != part) continue;
    auto open = OpenFile::open(file, kFileBytesMax);
    if (!open) return damaged(file, open.error().message);
    const auto text = text_of(*open);
    if (!text) return damaged(file, text.error().message);
    if (!*text) break;
    if (part == kSnapshot) {
      SDP_RETURN_IF_ERROR(check_head(file, **text, id));
    } else {
      SDP_RETURN_IF_ERROR(check_document(file, **text, id));
    }
    const ScriptFrame frame = script_frame(name);
    (*open)->wrap(frame.before, json_bytes(**text), frame.after);
    return open;
  }
  if (part == kProof && !failure && fs::exists(folder, failure))
    return std::optional(OpenFile(script(name, "null")));
  return std::optional<OpenFile>{};
}

Result<std::optional<std::string>> read_part(const fs::path& folder, std::string_view part) {
  SDP_TRY(const auto file, open_part(folder, part));
  return text_of(file);
}

Result<std::optional<OpenFile>> open_report(const fs::path& folder) {
  return OpenFile::open(folder / kReportPage, kFileBytesMax);
}

Result<std::optional<std::string>> read_report(const fs::path& folder) {
  return read_bounded(folder / kReportPage);
}

std::optional<fs::path> find_docs(const fs::path& root) {
  fs::path page = root / publish::kDocsFile;
  std::error_code missing;
  const auto size = fs::file_size(page, missing);
  if (missing || size > kDocsBytesMax) return std::nullopt;
  return page;
}

Result<std::optional<OpenFile>> open_docs(const fs::path& root) {
  const auto page = find_docs(root);
  if (!page) return std::optional<OpenFile>{};
  return OpenFile::open(*page, kDocsBytesMax);
}

Result<std::optional<std::string>> read_docs(const fs::path& root) {
  SDP_TRY(const auto page, open_docs(root));
  return text_of(page);
}

Publications::Seen Publications::look_at(const fs::path& folder) const {
  std::string stamp = stamp_of(folder);
  const auto before = seen_.find(folder);
  if (before != seen_.end() && before->second.stamp == stamp) return before->second;
  return {.stamp = std::move(stamp), .outcome = read_publication(folder)};
}

Publications::State Publications::look() {
  State state;
  std::map<fs::path, Seen> seen;
  for (const fs::path& root : roots_) {
    auto folder = publish::current_publication(root);
    std::error_code unknown;
    if (!folder && fs::symlink_status(root / "current", unknown).type() == fs::file_type::none &&
        unknown == std::errc::permission_denied)
      state.forbidden.push_back(root.string());
    if (!folder) continue;
    Seen now = look_at(*folder);
    // One that was replaced twice while it was read is gone; the newer one is not.
    for (auto newer = publish::current_publication(root); !now.outcome && newer && *newer != *folder;
         newer = publish::current_publication(root)) {
      folder = newer;
      now = look_at(*folder);
    }
    if (!now.outcome) {
      state.problems.push_back(now.outcome.error().message);
    } else if (std::ranges::find(state.publications, now.outcome->id, &Publication::id) ==
               state.publications.end()) {
      state.publications.push_back(*now.outcome);
    }
    seen.insert_or_assign(*folder, std::move(now));
  }
  seen_ = std::move(seen);
  return state;
}

std::optional<fs::path> Publications::find(std::string_view id) const {
  for (const fs::path& root : roots_) {
    if (auto folder = publish::find_publication(root, id)) return folder;
  }
  return std::nullopt;
}

}  // namespace sdp::site
