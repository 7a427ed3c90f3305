#include "load/extract.h"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "base/sha256.h"
#include "lake/object_meta.h"
#include "lake/override.h"
#include "lake/places.h"
#include "lake_reader/find_places.h"
#include "load/fetch_object.h"

namespace sdp::load {
namespace {

constexpr std::string_view kContentType = "application/x-ndjson";

/// An object that is in the copy.
struct Copied {
  std::string sha256;  ///< which its body was checked against, now or when it was copied
  std::uint64_t bytes = 0;
};

Result<Copied> copy_object(store::ObjectStore& lake, const lake_reader::PlannedObject& planned,
                           store::ObjectStore& copy, ExtractSummary& summary) {
  SDP_TRY(const auto copied, copy.head(planned.object_key));
  if (copied) {
    ++summary.copied_before;
    SDP_TRY(const lake::ObjectMeta meta, lake::meta_from(copied->metadata));
    return Copied{meta.sha256, copied->bytes};
  }
  SDP_TRY(const store::Object object, lake.get(planned.object_key));
  SDP_TRY(const lake::ObjectMeta meta, lake::meta_from(object.metadata));
  SDP_RETURN_IF_ERROR(check_body(object, meta));
  SDP_TRY(std::ignore, copy.put_new(planned.object_key, object.body, object.metadata, kContentType));
  return Copied{meta.sha256, object.body.size()};
}

Result<void> copy_layout_gaps_and_overrides(store::ObjectStore& lake, store::ObjectStore& copy) {
  // The layout's file goes along: by it a reader of the copy knows where the gaps are.
  SDP_TRY(const auto found, lake_reader::find_layout(lake));
  SDP_TRY(auto keys, lake_reader::LakeReader(lake, found.places).gap_keys());
  if (!found.file.empty()) keys.emplace_back(found.file);
  // Without them what they leave missing would be holes in the copy.
  SDP_RETURN_IF_ERROR(lake.list(lake::kOverridesPrefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  for (const std::string& key : keys) {
    SDP_TRY(const store::Object object, lake.get(key));
    SDP_TRY(std::ignore, copy.put_new(key, object.body, object.metadata, kContentType));
  }
  return {};
}

Result<void> name_topics(const std::set<std::string>& topics, store::ObjectStore& copy) {
  for (const std::string& id : topics) {
    const std::string key = std::string(lake::kStagedForPrefix) + id;
    SDP_TRY(std::ignore, copy.put_new(key, "", {}, "text/plain"));
  }
  return {};
}

}  // namespace

Result<ExtractSummary> extract(store::ObjectStore& lake, const LoadPlan& plan,
                               const std::set<std::string>& known_topics, store::ObjectStore& copy,
                               const std::stop_token& stop) {
  SDP_TRY(std::ignore, copy.ensure_bucket());
  SDP_RETURN_IF_ERROR(copy_layout_gaps_and_overrides(lake, copy));
  SDP_RETURN_IF_ERROR(name_topics(known_topics, copy));
  ExtractSummary summary;
  summary.loaded_already = plan.loaded_already;
  std::string lines;
  for (const lake_reader::PlannedChain& chain : plan.chains) {
    for (const lake_reader::PlannedObject& planned : chain.objects) {
      if (stop.stop_requested())
        return fail(ErrorKind::interrupted, "extract was stopped between objects; run it again");
      auto copied = copy_object(lake, planned, copy, summary);
      if (!copied) {
        Error problem = copied.error().in(
            fmt::format("{}: object {} was not copied", lake.describe(), planned.object_key));
        if (problem.kind != ErrorKind::bad_input) return std::unexpected(std::move(problem));
        // What follows it could not be loaded.
        summary.problems.push_back(std::move(problem));
        break;
      }
      ++summary.objects;
      summary.bytes += copied->bytes;
      lines += fmt::format("{} {}\n", planned.object_key, copied->sha256);
    }
  }
  summary.sha256 = base::sha256_hex(lines);
  return summary;
}

}  // namespace sdp::load
