#include "upgrade/upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "lake/chain.h"
#include "lake/hour_marker.h"
#include "lake/object_key.h"
#include "lake/places.h"
#include "lake_reader/find_places.h"
#include "lake_reader/lake_reader.h"

namespace sdp::upgrade {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::uint64_t kProgressInterval = 1'000;

const lake::Places kOld(1);
const lake::Places kNew(2);

/// What begins with `bronze/_` in a lake of layout 1.
struct OldFiles {
  std::vector<std::string> keys;  ///< markers, begins and gaps
  std::vector<std::string> foreign;
  bool has_probe = false;
};

Result<OldFiles> list_old_files(store::ObjectStore& store) {
  OldFiles files;
  SDP_RETURN_IF_ERROR(store.list(lake::kOwnPrefixOfLayout1, [&](const store::ListedObject& object) {
    if (lake::key_in_layout_2(object.key)) {
      files.keys.push_back(object.key);
    } else if (object.key == kOld.probe_key()) {
      files.has_probe = true;
    } else if (object.key != kOld.layout_key()) {
      files.foreign.push_back(object.key);
    }
    return true;
  }));
  return files;
}

/// The text must say what its name says.
Result<void> check_old_file(const std::string& key, std::string_view text) {
  std::string wanted;
  if (key.starts_with(kOld.gaps_prefix())) {
    SDP_TRY(const lake::Gap gap, lake::gap_from_json(text));
    wanted = kOld.gap_key(gap.chain, gap.range.first);
  } else if (key.starts_with(kOld.begins_prefix())) {
    SDP_TRY(const lake::ChainBegin begin, lake::chain_begin_from_json(text));
    wanted = kOld.begin_key(begin.chain);
  } else {
    SDP_TRY(const lake::HourMarker marker, lake::hour_marker_from_json(text));
    wanted = kOld.marker_key(marker.chain, marker.hour);
    if (marker.list) return fail(ErrorKind::bad_input, "it is a marker of layout 2");
  }
  if (wanted == key) return {};
  return fail(ErrorKind::bad_input, fmt::format("it says of itself that it is {}", wanted));
}

class Upgrade {
 public:
  Upgrade(store::ObjectStore& store, const UpgradeOptions& options, const std::stop_token& stop)
      : store_(store), options_(options), stop_(stop) {}

  Result<UpgradeSummary> run() {
    SDP_TRY(const auto found, lake_reader::find_layout(store_));
    SDP_TRY(OldFiles files, list_old_files(store_));
    summary_.layout_before = found.places.version();
    summary_.files = files.keys.size();
    summary_.foreign = files.foreign;
    if (found.file.empty()) return no_file(found.places);
    SDP_TRY(const auto stored, lake_reader::read_layout(store_, found));
    lake::LakeLayout layout = *stored;
    layout.version = kNew.version();
    const bool is_old = found.places.version() == kOld.version();
    SDP_TRY(const auto record, is_old ? look(layout, files) : stored_record());
    if (!record) return std::move(summary_);
    summary_.chains = record->ends.size();
    if (options_.dry_run) return std::move(summary_);
    if (is_old) SDP_RETURN_IF_ERROR(copy_and_switch(layout, files));
    if (found.file != kNew.layout_key()) SDP_RETURN_IF_ERROR(put_layout(layout));
    SDP_RETURN_IF_ERROR(remove_old(files));
    return std::move(summary_);
  }

 private:
  std::unexpected<Error> no_file(const lake::Places& places) const {
    return fail(
        ErrorKind::misconfigured,
        places.version() == kOld.version()
            ? fmt::format("{}: the lake has layout 1, but {} is missing; start a sink, which writes it again",
                          store_.describe(), kOld.layout_key())
            : fmt::format("{}: there is no lake; check --lake", store_.describe()));
  }

  /// Nothing in a lake that began with layout 2.
  Result<std::optional<lake::UpgradeRecord>> stored_record() {
    SDP_TRY(const auto head, store_.head(lake::kUpgradeKey));
    if (!head) return std::optional<lake::UpgradeRecord>();
    SDP_TRY(const store::Object stored, store_.get(lake::kUpgradeKey));
    auto record = lake::upgrade_record_from_json(stored.body);
    if (!record) return std::unexpected(record.error().in(lake::kUpgradeKey).in(store_.describe()));
    return std::optional(*std::move(record));
  }

  /// What the record is to say of a lake of layout 1, all of whose files can be read.
  Result<std::optional<lake::UpgradeRecord>> look(const lake::LakeLayout& layout, const OldFiles& files) {
    SDP_TRY(lake::UpgradeRecord record, record_of(layout));
    SDP_RETURN_IF_ERROR(options_.check_sinks_stopped());
    const auto read = [&](const std::string& key) -> Result<void> {
      SDP_RETURN_IF_ERROR(get_old(key));
      return {};
    };
    SDP_RETURN_IF_ERROR(for_each(files.keys, "read", read));
    return std::optional(std::move(record));
  }

  Result<void> copy_and_switch(const lake::LakeLayout& layout, const OldFiles& files) {
    // Step 1.
    SDP_RETURN_IF_ERROR(store_.remove(lake::kUpgradeKey));
    // Step 2.
    SDP_RETURN_IF_ERROR(for_each(files.keys, "copied", [&](const std::string& key) { return copy(key); }));
    SDP_RETURN_IF_ERROR(prove(files));
    // Step 3.
    SDP_TRY(const lake::UpgradeRecord record, record_of(layout));
    SDP_RETURN_IF_ERROR(put(lake::kUpgradeKey, to_json(record)));
    SDP_RETURN_IF_ERROR(options_.check_sinks_stopped());
    SDP_RETURN_IF_ERROR(check_unchanged(files, record));
    // Step 4.
    return store_.remove(kOld.layout_key());
  }

  Result<lake::UpgradeRecord> record_of(const lake::LakeLayout& layout) {
    std::map<std::pair<std::string, log::Partition>, std::pair<log::Offset, std::string>> last;
    summary_.objects = 0;
    SDP_RETURN_IF_ERROR(store_.list(lake::kBronzePrefix, [&](const store::ListedObject& object) {
      const auto key = lake::parse_key(object.key);
      if (!key) return true;
      if (++summary_.objects % (100 * kProgressInterval) == 0)
        options_.progress("listed", summary_.objects, summary_.objects);
      auto& best = last[{key->topic_id_short, key->partition}];
      if (best.second.empty() || key->first > best.first) best = {key->first, object.key};
      return true;
    }));
    lake::UpgradeRecord record{layout, {}};
    for (const auto& [id, best] : last) {
      SDP_TRY(const lake::ObjectMeta meta, lake_reader::LakeReader(store_, kOld).meta_of(best.second));
      record.ends[meta.chain] = meta.range.end;
    }
    return record;
  }

  Result<store::Object> get_old(const std::string& key) {
    SDP_TRY(store::Object object, store_.get(key));
    if (const auto checked = check_old_file(key, object.body); !checked)
      return std::unexpected(checked.error().in(key).in(store_.describe()));
    return object;
  }

  Result<void> copy(const std::string& key) {
    SDP_TRY(const store::Object object, get_old(key));
    SDP_TRY(const auto outcome,
            store_.put_new(*lake::key_in_layout_2(key), object.body, object.metadata, kJson));
    if (outcome == store::PutOutcome::created) ++copied_;
    return {};
  }

  /// That the copies say what the lake of layout 1 says, and nothing else.
  Result<void> prove(const OldFiles& files) {
    SDP_RETURN_IF_ERROR(for_each(files.keys, "proved", [&](const std::string& key) { return same(key); }));
    std::uint64_t copies = 0;
    for (const std::string_view prefix : {kNew.hours_prefix(), kNew.gaps_prefix()}) {
      SDP_RETURN_IF_ERROR(store_.list(prefix, [&](const store::ListedObject&) {
        ++copies;
        return true;
      }));
    }
    summary_.copied = copied_;
    if (copies == files.keys.size()) return {};
    return fail(
        ErrorKind::bad_input,
        fmt::format("{}: {} files lie below {} and {}, but layout 1 has {}: remove those that it does "
                    "not have",
                    store_.describe(), copies, kNew.hours_prefix(), kNew.gaps_prefix(), files.keys.size()));
  }

  Result<void> same(const std::string& key) {
    const std::string copy_key = *lake::key_in_layout_2(key);
    SDP_TRY(const store::Object old, get_old(key));
    SDP_TRY(const auto head, store_.head(copy_key));
    if (head) {
      SDP_TRY(const store::Object copy, store_.get(copy_key));
      if (copy.body == old.body && copy.metadata == old.metadata) return {};
    }
    return fail(
        ErrorKind::bad_input,
        fmt::format("{}: {} is not what {} is, so neither was removed. Was it written by a sink of an "
                    "older version, after the lake had been upgraded?",
                    store_.describe(), key, copy_key));
  }

  /// Nobody wrote since the copies were made.
  Result<void> check_unchanged(const OldFiles& files, const lake::UpgradeRecord& record) {
    SDP_TRY(const OldFiles now, list_old_files(store_));
    SDP_TRY(const lake::UpgradeRecord ends, record_of(record.layout));
    if (now.keys == files.keys && ends == record) return {};
    return fail(ErrorKind::retry,
                fmt::format("{}: a sink wrote to the lake during the upgrade; stop it and run "
                            "the upgrade again. The lake still has layout 1",
                            store_.describe()));
  }

  /// Step 5.
  Result<void> put_layout(const lake::LakeLayout& layout) {
    SDP_RETURN_IF_ERROR(put(kNew.layout_key(), to_json(layout)));
    return lake_reader::check_only_layout(store_, kNew);
  }

  /// Step 6.
  Result<void> remove_old(const OldFiles& files) {
    std::atomic<std::uint64_t> removed = 0;
    const auto remove = [&](const std::string& key) -> Result<void> {
      SDP_RETURN_IF_ERROR(same(key));
      SDP_RETURN_IF_ERROR(store_.remove(key));
      ++removed;
      return {};
    };
    SDP_RETURN_IF_ERROR(for_each(files.keys, "removed", remove));
    summary_.removed = removed;
    if (files.has_probe) SDP_RETURN_IF_ERROR(store_.remove(kOld.probe_key()));
    return {};
  }

  Result<void> put(std::string_view key, const std::string& text) {
    SDP_TRY(const auto outcome, store_.put_new(key, text, {}, kJson));
    if (outcome == store::PutOutcome::created) return {};
    // Ours, when its answer was lost.
    SDP_TRY(const store::Object stored, store_.get(key));
    if (stored.body == text) return {};
    return fail(ErrorKind::retry, fmt::format("{}: somebody else has written {}; run the upgrade again",
                                              store_.describe(), key));
  }

  Result<void> for_each(const std::vector<std::string>& keys, std::string_view step,
                        const std::function<Result<void>(const std::string&)>& task) {
    std::atomic<std::uint64_t> done = 0;
    const auto step_of = [&](std::size_t i, int) -> Result<void> {
      if (stop_.stop_requested())
        return fail(ErrorKind::interrupted, "the upgrade was stopped between two files; run it again");
      SDP_RETURN_IF_ERROR(task(keys[i]));
      const std::uint64_t now = ++done;
      if (now % kProgressInterval == 0 || now == keys.size()) options_.progress(step, now, keys.size());
      return {};
    };
    return base::in_parallel(options_.threads, keys.size(), step_of);
  }

  store::ObjectStore& store_;
  const UpgradeOptions& options_;
  const std::stop_token& stop_;
  UpgradeSummary summary_;
  std::atomic<std::uint64_t> copied_ = 0;
};

}  // namespace

Result<UpgradeSummary> upgrade(store::ObjectStore& store, const UpgradeOptions& options,
                               const std::stop_token& stop) {
  return Upgrade(store, options, stop).run();
}

}  // namespace sdp::upgrade
