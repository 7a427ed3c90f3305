#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/layout.h"
#include "lake/object_meta.h"
#include "lake/offset_range.h"

namespace sdp::lake {

/// That a lake was brought from layout 1 to layout 2, and which of its objects are as layout 1 has them
/// (docs/formats/upgrade-record.md). Stored at kUpgradeKey by `lake upgrade`.
struct UpgradeRecord {
  LakeLayout layout;  ///< of version 2, as the file of the layout says it
  /// Where each chain ended: what starts below has the metadata, and the name of layout 1.
  std::map<ChainId, log::Offset> ends;

  /// Of the object of `chain` that starts at `first`: 1 or 2.
  int layout_of(const ChainId& chain, log::Offset first) const;

  bool operator==(const UpgradeRecord&) const = default;
};

std::string to_json(const UpgradeRecord& record);
/// `bad_input` when the text is not what to_json writes.
Result<UpgradeRecord> upgrade_record_from_json(std::string_view json);

/// The layout by whose rules an object was written, as its metadata show.
int layout_of(const ObjectMeta& meta);

}  // namespace sdp::lake
