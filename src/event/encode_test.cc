#include "event/encode.h"

#include <gtest/gtest.h>

#include "base/utc_time.h"
#include "support/event_text.h"

namespace sdp::event {
namespace {

ListeningEvent full_event() {
  return {.event_id = *base::parse_uuid("00112233-4455-4677-8899-aabbccddeeff"),
          .event_type = EventType::pause,
          .user_id = *base::parse_uuid("881dc191-47cf-4642-b4b2-9334c488cd67"),
          .song_id = *base::parse_uuid("09a7d5c8-d131-55b1-9758-8cfdc6375651"),
          .song_name = "God's Plan",
          .artist_name = "Drake",
          .device_type = DeviceType::web,
          .country = {{'I', 'N'}},
          .timestamp = *base::parse_iso("2026-02-15T17:52:36.123Z"),
          .session_id = "s-1",
          .position_ms = 0,
          .duration_ms = kIntegerMax,
          .app_version = "9.1.0",
          .schema_version = 1};
}

TEST(Encode, WritesMembersInTheOrderOfTheTable) {
  EXPECT_EQ(
      support::to_json(full_event()),
      R"({"event_id":"00112233-4455-4677-8899-aabbccddeeff","event_type":"pause",)"
      R"("user_id":"881dc191-47cf-4642-b4b2-9334c488cd67","song_id":"09a7d5c8-d131-55b1-9758-8cfdc6375651",)"
      R"("song_name":"God's Plan","artist_name":"Drake","device_type":"web","country":"IN",)"
      R"("timestamp":"2026-02-15T17:52:36.123Z","session_id":"s-1","position_ms":0,)"
      R"("duration_ms":9007199254740991,"app_version":"9.1.0","schema_version":1})");
}

TEST(Encode, LeavesAbsentOptionalFieldsOut) {
  ListeningEvent event = full_event();
  event.session_id.reset();
  event.position_ms.reset();
  event.app_version.reset();
  event.schema_version.reset();
  const std::string json = support::to_json(event);
  EXPECT_TRUE(json.ends_with(R"("timestamp":"2026-02-15T17:52:36.123Z","duration_ms":9007199254740991})"))
      << json;
}

TEST(Encode, EscapesTexts) {
  ListeningEvent event = full_event();
  event.song_name = "a\"b\\c\nd";
  EXPECT_NE(support::to_json(event).find(R"("song_name":"a\"b\\c\nd")"), std::string::npos);
}

TEST(Encode, AppendsAfterWhatIsThere) {
  std::string out = "x";
  append_json(out, full_event());
  EXPECT_EQ(out, "x" + support::to_json(full_event()));
}

}  // namespace
}  // namespace sdp::event
