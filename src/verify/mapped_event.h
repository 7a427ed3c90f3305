#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/decode.h"
#include "mapping/mapping.h"

namespace sdp::verify {

/// Takes payloads to the events that a mapping makes of them (docs/formats/mapping.md), by code of its own:
/// the warehouse does it in SQL. Keeps its buffers between calls; one thread at a time.
class EventMapper {
 public:
  /// The mapping outlives this.
  explicit EventMapper(const mapping::Mapping& mapping);
  ~EventMapper();

  /// The text of the event, until the next call. `bad_input` when the payload is not one JSON object.
  Result<std::string_view> map(std::string_view payload);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  const mapping::Mapping& mapping_;
  std::string event_;
};

/// Judges payloads as silver must have judged them. One thread at a time.
class PayloadDecoder {
 public:
  /// The mapping outlives this; without one, payloads are events.
  explicit PayloadDecoder(const mapping::Mapping* mapping) {
    if (mapping != nullptr) mapper_.emplace(*mapping);
  }

  /// `bad_input` when the payload is not one JSON object.
  Result<event::Verdict> decode(std::string_view payload) {
    if (!mapper_) return decoder_.decode(payload);
    SDP_TRY(const std::string_view event, mapper_->map(payload));
    return decoder_.decode(event);
  }
  /// See event::Decoder.
  int timestamp_below_ms() const { return decoder_.timestamp_below_ms(); }

 private:
  std::optional<EventMapper> mapper_;
  event::Decoder decoder_;
};

}  // namespace sdp::verify
