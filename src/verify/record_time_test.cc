#include "verify/record_time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "lake/hour_marker.h"
#include "lake/object_key.h"
#include "lake/places.h"

namespace sdp::verify {
namespace {

/// Any time, and often one at an edge: a year's, an hour's, a day's, that of what can be told at all.
rc::Gen<std::int64_t> times() {
  constexpr std::int64_t kEnd = 253'402'300'800'000;
  const auto near = [](std::int64_t at) {
    return rc::gen::map(rc::gen::inRange<std::int64_t>(-2, 3), [at](std::int64_t by) { return at + by; });
  };
  return rc::gen::oneOf(
      rc::gen::arbitrary<std::int64_t>(), rc::gen::inRange<std::int64_t>(0, kEnd), near(0), near(kEnd),
      rc::gen::element(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
      rc::gen::map(rc::gen::inRange<std::int64_t>(0, kEnd / 3'600'000),
                   [](std::int64_t hour) { return hour * 3'600'000; }),
      rc::gen::map(rc::gen::inRange<std::int64_t>(0, kEnd / 86'400'000),
                   [](std::int64_t day) { return day * 86'400'000 - 1; }));
}

/// A record of any time whatever has one place, which sink and verify work out alike, and which can be read
/// back.
RC_GTEST_PROP(RecordTime, SinkAndVerifyAgreeOnEveryTime, ()) {
  const std::int64_t ms = *times();
  const int layout = *rc::gen::element(1, 2);
  const UtcMillis time{std::chrono::milliseconds(ms)};
  const UtcMillis filed = lake::Places(layout).filing_time(time);
  RC_ASSERT(filed.time_since_epoch().count() == filed_ms(layout, ms));
  const std::string key = lake::format_key({filed, "1a2b3c4d", 3, 42, lake::Compression::none});
  RC_ASSERT(key == "bronze/" + dated_name(filed_ms(layout, ms)) + "_t1a2b3c4d_p3_o00000000000000000042.json");
  const auto parsed = lake::parse_key(key);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(lake::format_key(*parsed) == key);
  RC_ASSERT(lake::hour_of(parsed->first_timestamp) == lake::hour_of(filed));
}

}  // namespace
}  // namespace sdp::verify
