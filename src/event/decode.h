#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/listening_event.h"
#include "event/scan.h"

namespace sdp::event {

/// Why silver rejects an event. The names are stored: never rename.
enum class Reason {
  missing_field,
  wrong_type,
  empty_text,
  bad_uuid,
  unknown_event_type,
  unknown_device_type,
  bad_country,
  bad_timestamp,
  out_of_range,
};

std::string_view name(Reason reason);

/// A field that breaks a rule. `field` is a name of kFields.
struct Rejection {
  Reason reason = Reason::missing_field;
  std::string_view field;

  bool operator==(const Rejection&) const = default;
};

/// All that is wrong with an event, in the order of the table: one a field at most, and one at least.
using Faults = std::vector<Rejection>;

/// A valid event, or why it is none.
struct [[nodiscard]] Verdict : std::expected<ListeningEvent, Faults> {
  using std::expected<ListeningEvent, Faults>::expected;
};

/// Judges JSON texts by the rules of docs/formats/event.md. Keeps its buffers between calls; one thread at a
/// time.
class Decoder {
 public:
  /// `bad_input` when the text is not one valid UTF-8 JSON object; what an object holds is the verdict's
  /// matter.
  Result<Verdict> decode(std::string_view json);
  /// What the last valid event's timestamp has below its millisecond, in whole microseconds; what is finer is
  /// cut off, as silver does.
  int timestamp_below_ms() const { return timestamp_below_ms_; }

 private:
  Scanner scanner_;
  int timestamp_below_ms_ = 0;
};

}  // namespace sdp::event
