#include "sink/start_offset.h"

#include <fmt/core.h>

#include <optional>
#include <string>

#include "lake/chain.h"

namespace sdp::sink {

namespace {

Error lost(const lake::ChainId& chain, std::string_view topic, lake::OffsetRange range) {
  return {ErrorKind::data_gap,
          fmt::format(
              "topic {} {}: offsets [{}, {}) are lost: the log deleted them before they were in the lake. "
              "Give the topic longer retention; to go on without them, run once with --allow-gap, which "
              "records the gap in the lake",
              topic, describe(chain), range.first, range.end)};
}

}  // namespace

Result<log::Offset> start_offset(store::ObjectStore& store, const lake_reader::LakeReader& lake,
                                 const lake::ChainId& chain, std::string_view topic, log::Offset chain_end,
                                 const log::Watermarks& available, GapPolicy policy) {
  if (chain_end > available.end) {
    return fail(
        ErrorKind::data_gap,
        fmt::format(
            "topic {} {}: the lake holds offsets up to {} but the log ends at {}: the log lost records it "
            "had acknowledged (unclean leader election, restored broker?). Nothing is written; compare "
            "with `spotify-pipeline verify`, and send new events to a new topic",
            topic, describe(chain), chain_end, available.end));
  }
  if (chain_end >= available.start) return chain_end;

  for (std::optional<log::Offset> tried;;) {
    SDP_TRY(const auto gaps, lake.gaps_of(chain.topic_id));
    const log::Offset next = lake::after_gaps(chain, chain_end, gaps);
    if (next >= available.start) return next;
    if (policy == GapPolicy::stop) return std::unexpected(lost(chain, topic, {next, available.start}));
    const std::string key = lake.places().gap_key(chain, next);
    if (tried == next) {
      return fail(ErrorKind::bad_input,
                  fmt::format("{}: gap record {} does not tell of {} from offset {} on; move it away before "
                              "the sink goes on",
                              store.describe(), key, describe(chain), next));
    }
    const lake::Gap gap{std::string(topic), chain, {next, available.start}};
    SDP_TRY(const auto outcome, store.put_new(key, to_json(gap), {}, "application/json"));
    if (outcome == store::PutOutcome::created) return available.start;
    // Lost a race: another sink recorded a gap that starts here, perhaps a shorter one.
    tried = next;
  }
}

}  // namespace sdp::sink
