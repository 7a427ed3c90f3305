#include "history/import_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/terminal_text.h"
#include "history/file_rows.h"

namespace sdp::history {
namespace {

/// What Spotify calls the files of a listening history. One that cannot be read is an error, wherever it was
/// found.
bool is_named_history(std::string_view name) {
  constexpr std::string_view kBegins[] = {"Streaming_History_Audio", "Streaming_History_Video", "endsong_",
                                          "StreamingHistory"};
  name = name.substr(name.find_last_of("/ ") + 1);
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return name.starts_with(begin); });
}

/// Rows that cannot be read may stand before the first that can.
constexpr std::uint64_t kLookedAtMax = 1'000;

/// What a file's first row shows.
struct First {
  std::optional<Kind> kind;  ///< nothing: the file is not a listening history
  std::optional<std::string> account;
};

Result<First> look_at(const InputFile& file) {
  const bool must_be = file.is_chosen || is_named_history(file.name);
  auto rows = FileRows::open(file);
  if (!rows) {
    // What cannot be read at all may be a history.
    if (!must_be && rows.error().kind == ErrorKind::bad_input) return First{};
    return std::unexpected(rows.error());
  }
  const auto no_history = [&](std::uint64_t number) -> Result<First> {
    if (!must_be) return First{};
    return fail(ErrorKind::bad_input,
                fmt::format("{}, row {}: this is not a row of Spotify, ListenBrainz, Last.fm or eventsim; "
                            "docs/history.md says what they look like",
                            file.name, number));
  };
  for (std::uint64_t number = 1; number <= kLookedAtMax; ++number) {
    const auto row = rows->next();
    if (!row) {
      if (!must_be && row.error().kind == ErrorKind::bad_input) return First{};
      return std::unexpected(row.error());
    }
    if (*row == nullptr) {
      if (number > 1) return no_history(1);
      // A person who heard nothing gets an empty array.
      if (!file.is_chosen) return First{};
      return fail(ErrorKind::bad_input, fmt::format("{}: the file has no rows", file.name));
    }
    First first{.kind = kind_of(**row), .account = {}};
    if (const auto account = account_of(**row)) first.account = *account;
    if (first.kind) return first;
    if ((*row)->form == Row::Form::object) return no_history(number);
  }
  return no_history(1);
}

std::string shown(std::string_view account) {
  constexpr std::size_t kShownMax = 64;
  return base::escaped(account.substr(0, kShownMax));
}

class Planner {
 public:
  explicit Planner(const ImportOptions& options) : options_(options), latest_(options.now + kAheadMax) {}

  Result<ImportPlan> plan(const std::vector<InputFile>& files) && {
    SDP_RETURN_IF_ERROR(find_kinds(files));
    plan_.account = !options_.user.empty() ? options_.user : account_.value_or(std::string(kNobodysName));
    plan_.user = user_id(plan_.account);
    SDP_TRY(const auto imported, options_.recall(plan_.account));
    for (const ImportedFile& before : imported) {
      if (before.target != options_.target || before.user != plan_.user) continue;
      known_.insert(before.sha256);
      plan_.extended_days.insert(before.extended_days.begin(), before.extended_days.end());
      account_days_.insert(before.account_days.begin(), before.account_days.end());
    }
    for (PlannedFile& file : plan_.files) SDP_RETURN_IF_ERROR(read(file));
    return std::move(plan_);
  }

 private:
  /// The files of one export; those of the extended history first, since they say what is covered.
  Result<void> find_kinds(const std::vector<InputFile>& files) {
    for (const InputFile& file : files) {
      SDP_TRY(First first, look_at(file));
      if (!first.kind) {
        plan_.others.push_back(file.name);
        continue;
      }
      if (!account_) account_ = std::move(first.account);
      const Format format = format_of(*first.kind);
      if (options_.format && format != *options_.format) {
        return fail(ErrorKind::bad_input, fmt::format("{}, row 1: this is {}, and {} was asked for",
                                                      file.name, name(format), name(*options_.format)));
      }
      if (!plan_.files.empty() && format_of(plan_.files.front().kind) != format) {
        return fail(ErrorKind::bad_input,
                    fmt::format("{}, row 1: this is {}, and {} is {}; import what is of different origin one "
                                "by one",
                                file.name, name(format), plan_.files.front().input.name,
                                name(format_of(plan_.files.front().kind))));
      }
      plan_.files.push_back({.input = file, .kind = *first.kind, .imported = {}, .is_known = false});
    }
    if (plan_.files.empty() && files.size() == 1) {
      return fail(
          ErrorKind::bad_input,
          fmt::format("{} is not a listening history, and there is no other file", files.front().name));
    }
    if (plan_.files.empty()) {
      return fail(ErrorKind::bad_input,
                  fmt::format("none of {} files is a listening history; the first that was looked at is {}",
                              files.size(), files.front().name));
    }
    std::ranges::sort(plan_.files, {}, [](const PlannedFile& file) {
      return std::pair(file.kind, std::string_view(file.input.name));
    });
    return {};
  }

  Result<void> read(PlannedFile& file) {
    SDP_TRY(auto rows, FileRows::open(file.input));
    Counts counts;
    Days days;
    std::optional<Error> twice;
    while (true) {
      SDP_TRY(const Row* const row, rows.next());
      if (row == nullptr) break;
      SDP_RETURN_IF_ERROR(check(rows, *row, file.kind));
      ++counts.rows;
      const Judged judged = judge(file.kind, *row, latest_);
      if (!judged.listening) {
        leave_out(counts, file, rows, judged.fault);
        continue;
      }
      const Listening& listening = *judged.listening;
      if (is_covered(plan_.extended_days, file.kind, listening)) {
        ++counts.covered;
        continue;
      }
      if (++counts.kept > kRowsMax) {
        return rows.fail_at(
            ErrorKind::bad_input, {},
            fmt::format("the file has more than {} rows, which is the limit; cut it in two", kRowsMax));
      }
      ++counts.plays;
      if (listening.skipped_at) ++counts.skips;
      if (listening.replaced) note(counts.replaced, file, rows, *listening.replaced);
      const auto day = std::chrono::floor<std::chrono::days>(listening.stamped);
      if (format_of(file.kind) == Format::spotify) days.insert(day);
      if (file.kind == Kind::spotify_extended && !twice && account_days_.contains(day)) {
        twice =
            rows.fail_at(ErrorKind::misconfigured, name(Member::ts),
                         "the account data of this day was imported before, and the day would count twice; "
                         "import the extended history with a --data folder or --topic of its own")
                .error();
      }
    }
    file.imported.sha256 = rows.sha256();
    file.imported.target = options_.target;
    file.imported.user = plan_.user;
    file.is_known = !known_.insert(file.imported.sha256).second;
    if (file.is_known) {
      plan_.counts.rows += counts.rows;
      plan_.counts.known += counts.rows;
      return {};
    }
    if (twice) return std::unexpected(*std::move(twice));
    if (file.kind == Kind::spotify_extended) {
      plan_.extended_days.insert(days.begin(), days.end());
      file.imported.extended_days = std::move(days);
    } else {
      file.imported.account_days = std::move(days);
    }
    plan_.counts.add(counts);
    return {};
  }

  static void leave_out(Counts& counts, const PlannedFile& file, const FileRows& rows, const Fault& fault) {
    ++(is_skipped(fault.reason) ? counts.skipped : counts.refused);
    note(counts.left_out[std::to_underlying(fault.reason)], file, rows, fault);
  }

  static void note(LeftOut& left_out, const PlannedFile& file, const FileRows& rows, const Fault& fault) {
    if (left_out.rows++ > 0) return;
    left_out.file = file.input.name;
    left_out.row = rows.number();
    left_out.fault = fault;
  }

  Result<void> check(const FileRows& rows, const Row& row, Kind kind) {
    const auto found = kind_of(row);
    if (found && *found != kind) {
      return rows.fail_at(
          ErrorKind::bad_input, {},
          fmt::format("this is {} in a file of {}; import them one by one", name(*found), name(kind)));
    }
    const auto account = account_of(row);
    if (!account) return {};
    if (!account_) account_ = *account;
    if (*account_ == *account) return {};
    return rows.fail_at(ErrorKind::bad_input, "account",
                        fmt::format("the row is of {}, and others are of {}; import the accounts one by one",
                                    shown(*account), shown(*account_)));
  }

  const ImportOptions& options_;
  const UtcMillis latest_;
  std::optional<std::string> account_;  ///< as the rows have it
  std::set<std::string> known_;         ///< hashes of files
  Days account_days_;                   ///< of earlier imports
  ImportPlan plan_;
};

}  // namespace

void Counts::add(const Counts& more) {
  rows += more.rows;
  kept += more.kept;
  skipped += more.skipped;
  refused += more.refused;
  covered += more.covered;
  known += more.known;
  plays += more.plays;
  skips += more.skips;
  const auto join = [](LeftOut& one, const LeftOut& other) {
    const std::uint64_t before = one.rows;
    if (before == 0) one = other;
    one.rows = before + other.rows;
  };
  for (std::size_t i = 0; i < kReasons; ++i) join(left_out[i], more.left_out[i]);
  join(replaced, more.replaced);
}

std::vector<ImportedFile> ImportPlan::to_remember() const {
  std::vector<ImportedFile> imported;
  for (const PlannedFile& file : files) {
    if (!file.is_known) imported.push_back(file.imported);
  }
  return imported;
}

bool is_covered(const Days& extended_days, Kind kind, const Listening& listening) {
  return kind == Kind::spotify_account &&
         extended_days.contains(std::chrono::floor<std::chrono::days>(listening.stamped));
}

Result<ImportPlan> plan_import(const std::vector<InputFile>& files, const ImportOptions& options) {
  return Planner(options).plan(files);
}

}  // namespace sdp::history
