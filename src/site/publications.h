#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "site/open_file.h"
#include "site/scripts.h"

namespace sdp::site {

/// Reads a publication and looks at each of its files: whole, of a version that this program knows, and of
/// this publication. `bad_input` names the file that is not.
Result<Publication> read_publication(const std::filesystem::path& folder);

/// A part of a publication as a script: `snapshot`, `proof` or `mart_NAME`. The part is looked up among the
/// files that are there, and the whole file is looked at. Nothing when there is none, or when the publication
/// has just been replaced; a proof that is still to come is null. `bad_input` names a file that is not whole.
/// A file is in memory while it is looked at, with what a parser makes of it; it has 64 MiB at most, and the
/// server's one thread looks at one at a time. What is returned reads it again, piece by piece.
Result<std::optional<OpenFile>> open_part(const std::filesystem::path& folder, std::string_view part);
Result<std::optional<std::string>> read_part(const std::filesystem::path& folder, std::string_view part);

/// The page of a publication that is the whole result in one file; nothing when there is none.
Result<std::optional<OpenFile>> open_report(const std::filesystem::path& folder);
Result<std::optional<std::string>> read_report(const std::filesystem::path& folder);

/// dbt's own page of all models, beside the publications of a folder; nothing when nobody had it made
/// (`publish --dbt-docs`).
std::optional<std::filesystem::path> find_docs(const std::filesystem::path& root);
Result<std::optional<OpenFile>> open_docs(const std::filesystem::path& root);
Result<std::optional<std::string>> read_docs(const std::filesystem::path& root);

/// The publications in some folders into which a `run`, `transform` or `publish` publishes. Looks at a
/// publication's files again only when they changed.
class Publications {
 public:
  explicit Publications(std::vector<std::filesystem::path> roots) : roots_(std::move(roots)) {}

  struct State {
    std::vector<Publication> publications;  ///< the current one of each folder; each id once
    std::vector<std::string> problems;      ///< of those that cannot be read, a sentence each
    std::vector<std::string> forbidden;     ///< folders that this user may not look into
  };
  State look();

  /// A publication that is kept, current or not.
  std::optional<std::filesystem::path> find(std::string_view id) const;

  const std::vector<std::filesystem::path>& roots() const { return roots_; }

 private:
  struct Seen {
    std::string stamp;  ///< changes with the files
    Result<Publication> outcome;
  };

  Seen look_at(const std::filesystem::path& folder) const;

  std::vector<std::filesystem::path> roots_;
  std::map<std::filesystem::path, Seen> seen_;  ///< one for each root at most
};

}  // namespace sdp::site
