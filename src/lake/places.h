#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lake/hour_marker.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// What the name of a marker tells.
struct MarkerName {
  Hour hour;
  std::string topic_id_short;  ///< as in keys of objects
  log::Partition partition = 0;

  bool operator==(const MarkerName&) const = default;
};

/// Where the lake keeps everything but its objects, and under which time a record is filed: both follow
/// from the version of its layout (docs/formats/layout.md), which only `lake upgrade` changes. No other code
/// spells such a name.
///   layout 1: names that begin with `bronze/_`
///   layout 2: below `_pipeline/`, so that everything below `bronze/` is events
class Places {
 public:
  static constexpr int kNewest = 2;

  /// `version` is 1 or 2.
  explicit constexpr Places(int version = kNewest) : version_(version) {}

  constexpr int version() const { return version_; }
  /// Of the file that fixes the layout; readers tell a lake's layout by it.
  std::string_view layout_key() const { return version_ == 1 ? "bronze/_lake.json" : "_pipeline/lake.json"; }
  /// What a sink puts twice to see that the store honours create-only puts.
  std::string_view probe_key() const { return version_ == 1 ? "bronze/_probe" : "_pipeline/probe"; }

  std::string_view gaps_prefix() const { return version_ == 1 ? "bronze/_gaps/" : "_pipeline/gaps/"; }
  std::string gaps_prefix(const log::TopicId& topic_id) const;
  std::string gap_key(const ChainId& chain, log::Offset first) const;

  /// Of the folders of closed hours, and of the begins.
  std::string_view hours_prefix() const { return version_ == 1 ? "bronze/_closed/" : "_pipeline/hours/"; }
  std::string begins_prefix() const { return std::string(hours_prefix()) + "begin/"; }
  std::string begin_key(const ChainId& chain) const;
  std::string hour_folder(Hour hour) const;
  std::string marker_key(const ChainId& chain, Hour hour) const;
  /// Nothing when it is not what marker_key writes.
  std::optional<MarkerName> parse_marker_key(std::string_view key) const;

  /// Of the hint where a chain ends; the same in every layout, since it is none of the lake's facts.
  std::string head_key(const ChainId& chain) const;

  /// The time by which an object's key files its first record. Layout 1 draws what is before 1970 or after
  /// 9999 to these ends; later ones leave it as it is, and the key has a place for it (format_key).
  UtcMillis filing_time(UtcMillis time) const;

  bool operator==(const Places&) const = default;

 private:
  int version_;
};

/// Where layout 2 keeps a marker, begin or gap of that name in layout 1; nothing for any other name.
std::optional<std::string> key_in_layout_2(std::string_view key_in_layout_1);

/// Below it lies everything that Places(2) names, and the hints of all layouts.
inline constexpr std::string_view kPipelinePrefix = "_pipeline/";
/// That the lake had layout 1 before (upgrade_record.h); layout 2 has it then, for ever.
inline constexpr std::string_view kUpgradeKey = "_pipeline/upgrade.json";
/// Below it lie the hints.
inline constexpr std::string_view kHeadsPrefix = "_pipeline/heads/";
/// What all names of layout 1 but those of objects begin with.
inline constexpr std::string_view kOwnPrefixOfLayout1 = "bronze/_";
/// Of a folder that `extract` fills: names that are topic ids which the warehouse knew then.
inline constexpr std::string_view kStagedForPrefix = "_stage/topics/";

}  // namespace sdp::lake
