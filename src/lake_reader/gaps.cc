#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lake/places.h"
#include "lake_reader/lake_reader.h"

namespace sdp::lake_reader {

Result<std::vector<std::string>> LakeReader::keys_below(const std::string& prefix) const {
  std::vector<std::string> keys;
  SDP_RETURN_IF_ERROR(store_.list(prefix, [&](const store::ListedObject& object) {
    keys.push_back(object.key);
    return true;
  }));
  return keys;
}

Result<std::vector<std::string>> LakeReader::gap_keys() const {
  return keys_below(std::string(places_.gaps_prefix()));
}

Result<Gaps> LakeReader::read_gaps(const std::string& prefix) const {
  SDP_TRY(const auto keys, keys_below(prefix));
  Gaps result;
  for (const std::string& key : keys) {
    SDP_TRY(const store::Object object, store_.get(key));
    if (auto gap = lake::gap_from_json(object.body)) {
      result.gaps.push_back(*std::move(gap));
    } else {
      result.problems.push_back(gap.error().in(fmt::format("{}: object {}", store_.describe(), key)));
    }
  }
  return result;
}

Result<Gaps> LakeReader::gaps() const {
  SDP_TRY(Gaps read, read_gaps(std::string(places_.gaps_prefix())));
  std::ranges::move(overrides_.gaps(), std::back_inserter(read.gaps));
  for (const auto& [key, problem] : overrides_.unreadable()) read.problems.push_back(problem);
  return read;
}

Result<std::vector<lake::Gap>> LakeReader::gaps_of(const log::TopicId& topic_id) const {
  SDP_TRY(auto read, read_gaps(places_.gaps_prefix(topic_id)));
  if (!read.problems.empty()) return std::unexpected(std::move(read.problems.front()));
  return std::move(read.gaps);
}

}  // namespace sdp::lake_reader
