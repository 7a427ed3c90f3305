#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/data_dir.h"
#include "history/import_plan.h"
#include "history/ledger.h"

namespace sdp::cli {

/// Which export is to be imported, and as whose.
struct ImportSettings {
  std::string path;
  std::optional<history::Format> format;  ///< nothing: told by its rows
  std::string user;
  /// Of the person, where it is remembered what was imported; empty: person_folder().
  std::string folder;
};

/// A plan, and where it is to be remembered once its events have arrived.
struct Import {
  std::filesystem::path folder;
  std::vector<history::ImportedFile> before;  ///< what was remembered there when the plan was made
  history::ImportPlan plan;
};

/// All that is kept of a person's history stands below this folder, so that it can be removed. By the name,
/// or, where that would be no good name of a folder, by the id that is made of it.
std::filesystem::path person_folder(const std::string& account);

/// Reads the whole export once. `target`: where its events will go.
Result<Import> prepare_import(const ImportSettings& settings, std::string target, Clock& clock);
/// Prints what becomes of the rows. `rejected` when none is left to import and some are broken.
Result<void> tell_import(const history::ImportPlan& plan);
/// The person's folder, for as long as the import takes; made where there is none, so that only its owner may
/// look into it. `fenced` while another process works there, or when the imports that the plan knows of are
/// not those that are remembered now.
Result<DataDir> hold_person_folder(const Import& import);
Result<void> remember_import(const Import& import);

}  // namespace sdp::cli
