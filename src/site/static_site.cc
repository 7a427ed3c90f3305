#include "site/static_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "os/file_lock.h"
#include "os/files.h"
#include "os/posix_file.h"
#include "site/asset.h"
#include "site/publications.h"
#include "site/scripts.h"

namespace sdp::site {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMarkerHead = "spotify-pipeline site 1";
constexpr std::string_view kData = "data";
constexpr std::string_view kDraft = ".draft";

Result<void> failed(const std::error_code& failure, std::string_view action, const fs::path& path) {
  if (!failure) return {};
  return os::posix_error(failure.value(), os::Access::write, action, path);
}

/// Names of the pages' files that a site has, from its marker; nothing when the folder has no marker.
Result<std::optional<std::set<std::string>>> read_marker(const fs::path& folder) {
  SDP_TRY(const auto text, os::read_file(folder / kSiteMarker));
  if (!text) return std::optional<std::set<std::string>>{};
  std::set<std::string> names;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty() && line != kMarkerHead && !line.contains('/')) names.emplace(line);
  }
  if (!text->starts_with(kMarkerHead)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is of a site that this program does not know; choose another folder",
                            (folder / kSiteMarker).string()));
  }
  return std::optional(std::move(names));
}

std::string marker_text() {
  std::string text = fmt::format("{}\n", kMarkerHead);
  for (const Asset& asset : assets()) text += fmt::format("{}\n", asset.name);
  return text;
}

/// The marker is made before anything else is, and as a whole: what a killed process left of it is nobody's
/// file.
Result<bool> has_files(const fs::path& folder) {
  const std::string unfinished = fmt::format("{}.new", kSiteMarker);
  std::error_code failure;
  bool found = false;
  for (auto entry = fs::directory_iterator(folder, failure);
       !found && !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    found = entry->path().filename() != unfinished;
  }
  SDP_RETURN_IF_ERROR(failed(failure, "list", folder));
  return found;
}

/// Marks a folder that is empty as a site; `misconfigured` where it has files and no marker.
Result<void> claim(const fs::path& folder) {
  SDP_TRY(const bool is_used, has_files(folder));
  // Looked for behind the files: whoever made them for a site made its marker before.
  SDP_TRY(const auto marker, read_marker(folder));
  if (marker) return {};
  if (!is_used) return os::write_file(folder / kSiteMarker, marker_text(), os::kReadable);
  return fail(ErrorKind::misconfigured,
              fmt::format("{} has files in it, and `publish --static` did not make them (there is no {}); "
                          "name an empty folder, or one that is still to be made",
                          folder.string(), kSiteMarker));
}

/// Leaves a file alone that has this text: its time says when it last changed.
Result<void> put_file(const fs::path& path, std::string_view text) {
  SDP_TRY(const auto before, os::read_file(path));
  if (before && *before == text) return {};
  return os::write_file(path, text, os::kReadable);
}

/// All scripts of a publication into a folder that is there.
Result<void> put_parts(const fs::path& folder, const fs::path& publication, const Publication& parts) {
  for (const std::string& part : parts.parts) {
    SDP_TRY(const auto text, read_part(publication, part));
    if (!text) {
      return fail(ErrorKind::retry,
                  fmt::format("{} was replaced while it was read; run it again", publication.string()));
    }
    SDP_RETURN_IF_ERROR(put_file(folder / fmt::format("{}.js", part), *text));
  }
  SDP_TRY(const auto report, read_report(publication));
  if (report) SDP_RETURN_IF_ERROR(put_file(folder / kReportPage, *report));
  return os::sync_folder(folder);
}

/// Under its name when all of it is there. One that is there gets the proof that has come since.
Result<void> put_publication(const fs::path& data, const fs::path& publication, const Publication& parts) {
  std::error_code failure;
  const fs::path folder = data / parts.id;
  if (fs::is_directory(folder, failure)) return put_parts(folder, publication, parts);
  const fs::path draft = data / kDraft;
  fs::remove_all(draft, failure);  // of a process that was killed
  SDP_RETURN_IF_ERROR(failed(failure, "remove", draft));
  SDP_RETURN_IF_ERROR(os::make_folder(draft));
  SDP_RETURN_IF_ERROR(put_parts(draft, publication, parts));
  fs::rename(draft, folder, failure);
  SDP_RETURN_IF_ERROR(failed(failure, "rename", draft));
  return os::sync_folder(data);
}

/// Pages come after the scripts and styles that they name.
Result<void> put_pages(const fs::path& folder) {
  for (const bool pages : {false, true}) {
    for (const Asset& asset : assets()) {
      if (asset.name.ends_with(".html") == pages)
        SDP_RETURN_IF_ERROR(put_file(folder / asset.name, asset.bytes));
    }
  }
  return os::sync_folder(folder);
}

/// dbt's page, where there is one. Whether the site has one.
Result<bool> put_docs(const fs::path& folder, const fs::path& root) {
  std::error_code missing;
  SDP_TRY(const auto docs, read_docs(root));
  if (!docs) return fs::exists(folder / kDocsPage, missing);
  SDP_RETURN_IF_ERROR(os::make_folder((folder / kDocsPage).parent_path()));
  SDP_RETURN_IF_ERROR(put_file(folder / kDocsPage, *docs));
  return true;
}

/// Removes all publications but this one and, unless it is to go, the one before it.
Result<void> prune(const fs::path& data, const std::string& id, Older keep) {
  std::error_code failure;
  std::vector<std::string> older;
  for (auto entry = fs::directory_iterator(data, failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const std::string name = entry->path().filename();
    if (entry->is_directory() && name != id && !name.starts_with('.')) older.push_back(name);
  }
  SDP_RETURN_IF_ERROR(failed(failure, "list", data));
  std::ranges::sort(older);
  if (!older.empty() && keep == Older::keep_one) older.pop_back();
  for (const std::string& name : older) {
    fs::remove_all(data / name, failure);
    SDP_RETURN_IF_ERROR(failed(failure, "remove", data / name));
  }
  return {};
}

Result<void> remove_old_pages(const fs::path& folder, const std::set<std::string>& before) {
  for (const std::string& name : before) {
    if (find_asset(name) != nullptr) continue;
    std::error_code failure;
    fs::remove(folder / name, failure);
    SDP_RETURN_IF_ERROR(failed(failure, "remove", folder / name));
  }
  return {};
}

}  // namespace

Result<void> write_site(const fs::path& folder, const fs::path& publication, Older older) {
  SDP_TRY(const Publication parts, read_publication(publication));
  SDP_RETURN_IF_ERROR(os::make_folder(folder));

  // 1. Ours, and nobody else's at work in it.
  SDP_RETURN_IF_ERROR(claim(folder));
  const fs::path data = folder / kData;
  SDP_RETURN_IF_ERROR(os::make_folder(data));
  SDP_TRY(auto lock, os::FileLock::open(data / ".lock"));
  SDP_TRY(const bool locked, lock.try_lock());
  if (!locked) {
    return fail(ErrorKind::fenced,
                fmt::format("{}: another process writes a site there; run it again later", folder.string()));
  }
  SDP_TRY(const auto before, read_marker(folder));

  // 2. What is led to, before what leads to it.
  SDP_RETURN_IF_ERROR(put_publication(data, publication, parts));
  SDP_TRY(const bool has_docs, put_docs(folder, publication.parent_path()));
  SDP_RETURN_IF_ERROR(put_file(folder / kServicesScript, services_script({}, {})));
  const Current current{.live = false,
                        .follow = false,
                        .served_at = {},
                        .publications = {parts},
                        .message = {},
                        .dbt_docs = has_docs ? std::string(kDocsPage) : std::string()};
  SDP_RETURN_IF_ERROR(put_file(folder / kCurrentScript, current_script(current)));
  SDP_RETURN_IF_ERROR(os::sync_folder(data));
  SDP_RETURN_IF_ERROR(put_pages(folder));

  // 3. What nobody is led to any more.
  SDP_RETURN_IF_ERROR(prune(data, parts.id, older));
  if (before) SDP_RETURN_IF_ERROR(remove_old_pages(folder, *before));
  SDP_RETURN_IF_ERROR(put_file(folder / kSiteMarker, marker_text()));
  return os::sync_folder(folder);
}

}  // namespace sdp::site
