#include "sink/commit_rule.h"

#include <fmt/core.h>

#include "lake/object_key.h"

namespace sdp::sink {
namespace {

constexpr std::string_view kContentType = "application/x-ndjson";

Result<lake::ObjectMeta> winner_at(store::ObjectStore& store, std::string_view key,
                                   const lake::ObjectMeta& ours) {
  SDP_TRY(const auto head, store.head(key));
  if (!head) {
    return fail(ErrorKind::fatal,
                fmt::format("{}: object {} exists for a create-only put but not for a HEAD; the store is "
                            "not consistent, or somebody deletes objects",
                            store.describe(), key));
  }
  auto winner = lake::meta_from(head->metadata);
  if (!winner) return std::unexpected(winner.error().in(fmt::format("{}: object {}", store.describe(), key)));
  if (winner->chain != ours.chain || winner->range.first != ours.range.first) {
    return fail(
        ErrorKind::bad_input,
        fmt::format(
            "{}: object {} stands where {} from offset {} belongs, but says it is {} from offset {}; move "
            "it away before the sink goes on",
            store.describe(), key, describe(ours.chain), ours.range.first, describe(winner->chain),
            winner->range.first));
  }
  return winner;
}

}  // namespace

Result<CommitOutcome> commit_object(store::ObjectStore& store, std::string_view key, std::string_view body,
                                    const lake::ObjectMeta& meta) {
  SDP_TRY(const auto outcome, store.put_new(key, {body, meta.sha256}, lake::to_metadata(meta), kContentType));
  if (outcome == store::PutOutcome::created) return CommitOutcome(Committed{});
  SDP_TRY(lake::ObjectMeta winner, winner_at(store, key, meta));
  if (is_same_object(winner, meta)) return CommitOutcome(AlreadyOurs{});
  return CommitOutcome(Adopted{std::move(winner)});
}

Result<void> agree_on_layout(store::ObjectStore& store, const lake_reader::FoundLayout& found,
                             lake::LakeLayout wanted) {
  const std::string_view key = found.places.layout_key();
  wanted.version = found.places.version();
  if (found.file != key) {
    // The file that an upgrade had no time to write says what its record says.
    SDP_TRY(const auto recorded, lake_reader::read_layout(store, found));
    SDP_TRY(const auto outcome,
            store.put_new(key, to_json(recorded.value_or(wanted)), {}, "application/json"));
    // A sink of an older version may have begun at the same time.
    SDP_RETURN_IF_ERROR(lake_reader::check_only_layout(store, found.places));
    if (outcome == store::PutOutcome::created && !recorded) return {};
  }
  SDP_TRY(const auto stored, lake_reader::read_layout(store, {found.places, key}));
  if (auto same = check_same(stored.value_or(wanted), wanted); !same)
    return std::unexpected(same.error().in(store.describe()));
  return {};
}

}  // namespace sdp::sink
