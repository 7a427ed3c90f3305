#include "verify/ignored_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "verify/lake_view.h"

namespace sdp::verify {
namespace {

void bad(Findings& findings, std::string_view override_key, std::string_view why) {
  findings.item(Stage::lake, "bad override", fmt::format("{}: {}", override_key, why));
}

bool has(lake::OffsetRange range, log::Offset at) {
  return range.first <= at && at < range.end;
}

/// What is wrong with where the chain goes on; empty when it fits the other objects.
std::string wrong_place(const IgnoredObject& ignored, const LakeChain* chain, const LakeListing& listing) {
  const lake::Override& override = ignored.override;
  const auto any_object = [&](auto matches) {
    return chain && std::ranges::any_of(chain->objects, [&](const LakeObject* object) {
             return matches(object->meta.range);
           });
  };
  const auto any_ignored = [&](auto matches) {
    return std::ranges::any_of(listing.ignored, [&](const IgnoredObject& other) {
      return &other != &ignored && other.override.chain == override.chain && matches(other.override.range);
    });
  };
  if (!override.keeps_place()) {
    const auto covers = [&](lake::OffsetRange range) { return has(range, override.range.first); };
    if (any_object(covers) || any_ignored(covers)) return {};
    return fmt::format("its next_offset {} leaves its place free, but no other object has that offset",
                       override.next);
  }
  if (override.next < override.range.end) {
    const auto starts = [&](lake::OffsetRange range) { return range.first == override.next; };
    if (!any_object(starts) && !any_ignored(starts))
      return fmt::format("no object starts at its next_offset {}", override.next);
  }
  const auto inside = [&](lake::OffsetRange range) {
    return override.range.first < range.first && range.first < override.next;
  };
  if (any_object(inside)) return fmt::format("an object starts before its next_offset {}", override.next);
  return {};
}

}  // namespace

Result<void> read_override(LakeListing& listing, const std::string& key, store::ObjectStore& store,
                           Findings& findings) {
  SDP_TRY(const store::Object stored, store.get(key));
  auto override = lake::override_from_json(stored.body);
  if (!override) {
    bad(findings, key, override.error().message);
    return {};
  }
  if (lake::override_key(override->object_key) != key) {
    bad(findings, key, "wrong key");
    return {};
  }
  const auto at = std::ranges::find(listing.objects, override->object_key);
  if (at == listing.objects.end()) {
    bad(findings, key, "there is no such object");
    return {};
  }
  listing.objects.erase(at);
  IgnoredObject ignored{*std::move(override)};
  SDP_TRY(const auto head, store.head(ignored.override.object_key));
  if (!head || head->bytes != ignored.override.bytes)
    bad(findings, key, "its object has not the size that it had when it was ignored");
  if (head) {
    if (auto meta = lake::meta_from(head->metadata)) ignored.meta = *std::move(meta);
  }
  // Metadata of another place say nothing.
  if (ignored.meta && ignored.meta->range.first != ignored.override.range.first) ignored.meta.reset();
  if (ignored.meta &&
      (ignored.meta->chain != ignored.override.chain || ignored.meta->range != ignored.override.range)) {
    bad(findings, key,
        fmt::format("its object has offsets [{}, {}) of {}", ignored.meta->range.first,
                    ignored.meta->range.end, lake::describe(ignored.meta->chain)));
  }
  listing.ignored.push_back(std::move(ignored));
  return {};
}

void check_overrides(const LakeView& view, const LakeListing& listing, Findings& findings) {
  for (const IgnoredObject& ignored : listing.ignored) {
    const lake::Override& override = ignored.override;
    findings.note(fmt::format("object {} is ignored: {}", override.object_key, override.reason));
    const std::string key = lake::override_key(override.object_key);
    const auto found = view.chains.find(override.chain);
    const LakeChain* chain = found != view.chains.end() ? &found->second : nullptr;
    if (const std::string wrong = wrong_place(ignored, chain, listing); !wrong.empty())
      bad(findings, key, wrong);
    if (!override.used_in.empty() && !view.by_key.contains(override.used_in))
      bad(findings, key,
          fmt::format("there is no object {}, which it says has some of its offsets", override.used_in));
    if (ignored.meta || !chain) continue;
    // Without metadata it cannot be held to have more than up to the next object.
    const bool reaches_on = std::ranges::any_of(chain->objects, [&](const LakeObject* object) {
      return override.range.first < object->meta.range.first && object->meta.range.first < override.range.end;
    });
    if (reaches_on) bad(findings, key, "it reaches behind the next object");
  }
}

}  // namespace sdp::verify
