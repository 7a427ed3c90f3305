#include "cli/imports.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/terminal_text.h"
#include "base/text_table.h"
#include "cli/standard_output.h"
#include "diag/log.h"
#include "os/files.h"
#include "os/posix_file.h"

namespace sdp::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameMax = 64;

bool is_folder_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameMax && name[0] != '.' && std::ranges::all_of(name, is_plain);
}

std::string first_of(const history::LeftOut& left_out) {
  std::string text = fmt::format("first: {}, row {}", left_out.file, left_out.row);
  if (!left_out.fault.member.empty()) text += fmt::format(", {}", left_out.fault.member);
  if (!left_out.fault.shown.empty()) text += fmt::format(": {}", left_out.fault.shown);
  return text;
}

/// Nobody else may ever look into it, not even for a moment.
Result<void> make_private(fs::path folder) {
  folder = folder.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (folder.has_parent_path()) SDP_RETURN_IF_ERROR(os::make_folder(folder.parent_path()));
  if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  return os::posix_error(errno, os::Access::write, "make", folder);
}

}  // namespace

fs::path person_folder(const std::string& account) {
  const fs::path all = fs::path("data") / "history";
  return all / (is_folder_name(account) ? account : base::to_string(history::user_id(account)));
}

Result<Import> prepare_import(const ImportSettings& settings, std::string target, Clock& clock) {
  SDP_TRY(const auto files, history::find_files(settings.path));
  Import import;
  const history::ImportOptions options{
      .format = settings.format,
      .user = settings.user,
      .now = clock.utc_now(),
      .target = std::move(target),
      .recall = [&](const std::string& account) {
        import.folder = settings.folder.empty() ? person_folder(account) : fs::path(settings.folder);
        auto before = history::read_imports(import.folder / history::kLedgerName);
        if (before) import.before = *before;
        return before;
      }};
  SDP_TRY(import.plan, history::plan_import(files, options));
  return import;
}

Result<DataDir> hold_person_folder(const Import& import) {
  SDP_RETURN_IF_ERROR(make_private(import.folder));
  SDP_TRY(DataDir held, DataDir::open(import.folder));
  SDP_TRY(const auto now, history::read_imports(import.folder / history::kLedgerName));
  if (now == import.before) return held;
  return fail(
      ErrorKind::fenced,
      fmt::format("what {} remembers of imports changed while the export was read: another command worked "
                  "there; run it again",
                  import.folder.string()));
}

Result<void> tell_import(const history::ImportPlan& plan) {
  const history::Counts& counts = plan.counts;
  diag::log_event("import.read", {{"rows_read", counts.rows},
                                  {"kept", counts.kept},
                                  {"no_music", counts.skipped},
                                  {"refused", counts.refused},
                                  {"covered", counts.covered},
                                  {"known", counts.known}});
  print_out("Listening history of {} (user {}), {}\n", base::escaped(plan.account),
            base::to_string(plan.user), base::plural(plan.files.size(), "file"));
  const auto line = [](std::string_view what, std::uint64_t rows, std::string_view remark) {
    print_out("{:<10}{:>12}  {}\n", what, base::with_commas(rows), remark);
  };
  line("rows", counts.rows, "");
  line("kept", counts.kept,
       fmt::format("{}, of which {} were skipped", base::plural(counts.plays, "play"),
                   base::with_commas(counts.skips)));
  line("skipped", counts.skipped, "not music");
  line("refused", counts.refused, "broken rows");
  line("covered", counts.covered, "account data of days that the extended history has");
  line("known", counts.known, "in files that were imported before");
  for (std::size_t i = 0; i < history::kReasons; ++i) {
    const history::LeftOut& left_out = counts.left_out[i];
    if (left_out.rows == 0) continue;
    const auto reason = static_cast<history::Reason>(i);
    print_out("  {} {}: {}; {}\n", history::is_skipped(reason) ? "skipped" : "refused", history::name(reason),
              base::with_commas(left_out.rows), first_of(left_out));
  }
  if (counts.replaced.rows > 0) {
    print_out("  kept with U+FFFD for half a character: {}; {}\n", base::with_commas(counts.replaced.rows),
              first_of(counts.replaced));
  }
  if (plan.others.size() == 1) print_out("Ignored, as not a listening history: {}\n", plan.others.front());
  if (plan.others.size() > 1) {
    print_out("Ignored, as not a listening history: {} files; first: {}\n", plan.others.size(),
              plan.others.front());
  }
  flush_out();
  if (counts.kept > 0 || counts.refused == 0) return {};
  return fail(
      ErrorKind::rejected,
      fmt::format("none of {} rows can be imported, and {} are broken; standard output names reasons and "
                  "places",
                  base::with_commas(counts.rows), base::with_commas(counts.refused)));
}

Result<void> remember_import(const Import& import) {
  const auto files = import.plan.to_remember();
  if (files.empty()) return {};
  return history::add_imports(import.folder / history::kLedgerName, files);
}

}  // namespace sdp::cli
