#include "event/decode.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "base/utc_time.h"
#include "event/encode.h"
#include "event/schema.h"
#include "support/event_text.h"

namespace sdp::event {
namespace {

/// A valid event as text, with the member `name` replaced by `json`, or left out when `json` is empty.
std::string text_with(std::string_view name = "", std::string_view json = "") {
  std::string text = "{";
  for (const Field& field : kFields) {
    // A title that wants care.
    const std::string valid = field.name == "song_name" ? R"("God's Plan")" : example_json(field);
    const std::string_view chosen = field.name == name ? json : valid;
    if (chosen.empty()) continue;
    if (text.size() > 1) text += ',';
    text.append("\"").append(field.name).append("\":").append(chosen);
  }
  return text + "}";
}

Result<Verdict> decode(std::string_view json) {
  return Decoder().decode(json);
}

/// "ok", "REASON FIELD, REASON FIELD", or "not json".
std::string judge(std::string_view json) {
  const auto verdict = decode(json);
  if (!verdict) return "not json";
  if (*verdict) return "ok";
  std::string faults;
  for (const Rejection& fault : verdict->error()) {
    faults += (faults.empty() ? "" : ", ") + std::string(name(fault.reason)) + " " + std::string(fault.field);
  }
  return faults;
}

TEST(Decode, ReadsEveryField) {
  const auto verdict = decode(text_with());
  ASSERT_TRUE(verdict && *verdict);
  const ListeningEvent& event = **verdict;
  EXPECT_EQ(base::to_string(event.event_id), "00112233-4455-4677-8899-aabbccddeeff");
  EXPECT_EQ(event.event_type, EventType::play);
  EXPECT_EQ(base::to_string(event.user_id), "881dc191-47cf-4642-b4b2-9334c488cd67");
  EXPECT_EQ(base::to_string(event.song_id), "09a7d5c8-d131-55b1-9758-8cfdc6375651");
  EXPECT_EQ(event.song_name, "God's Plan");
  EXPECT_EQ(event.artist_name, "Dua Lipa");
  EXPECT_EQ(event.device_type, DeviceType::mobile);
  EXPECT_EQ(event.country.view(), "UK");
  EXPECT_EQ(base::format_iso(event.timestamp), "2026-02-15T17:52:36.123Z");
  EXPECT_EQ(event.session_id, "s-1");
  EXPECT_EQ(event.position_ms, 5);
  EXPECT_EQ(event.duration_ms, 199'000);
  EXPECT_EQ(event.app_version, "9.1.0");
  EXPECT_EQ(event.schema_version, 1);
}

TEST(Decode, RequiredFieldsMustBeThere) {
  for (const Field& field : kFields) {
    const std::string wanted = field.required ? "missing_field " + std::string(field.name) : "ok";
    EXPECT_EQ(judge(text_with(field.name, "")), wanted);
    EXPECT_EQ(judge(text_with(field.name, "null")), wanted);
  }
}

TEST(Decode, TypesMustBeRight) {
  for (const Field& field : kFields) {
    const bool integer = field.type == FieldType::integer;
    for (const std::string_view wrong :
         {"1", "\"7\"", "1.0", "1e3", "-1E+2", "true", "false", "[]", "{}", "[1,{\"a\":null}]"}) {
      if (wrong == (integer ? "1" : "\"7\"")) continue;
      EXPECT_EQ(judge(text_with(field.name, wrong)), "wrong_type " + std::string(field.name)) << wrong;
    }
  }
}

TEST(Decode, EachRuleHasItsReason) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"event_id", R"("")", "bad_uuid event_id"},
      {"event_id", R"("00112233-4455-4677-8899-aabbccddeef")", "bad_uuid event_id"},
      {"event_id", R"("00112233-4455-4677-8899-aabbccddeefg")", "bad_uuid event_id"},
      {"user_id", R"("71ffffa9f-1423-4495-a311-74e985682796")", "bad_uuid user_id"},
      {"song_id", R"("0011223344554677-8899-aabbccddeeff--")", "bad_uuid song_id"},
      {"song_id", R"("00112233-4455-4677-8899-AABBccddeeff")", "ok"},
      {"event_type", R"("Play")", "unknown_event_type event_type"},
      {"event_type", R"("")", "unknown_event_type event_type"},
      {"event_type", R"("add_to_playlist")", "ok"},
      {"song_name", R"("")", "empty_text song_name"},
      {"artist_name", R"("")", "empty_text artist_name"},
      {"artist_name", R"("\u0000")", "ok"},
      {"session_id", R"("")", "ok"},
      {"device_type", R"("tv")", "unknown_device_type device_type"},
      {"country", R"("us")", "bad_country country"},
      {"country", R"("USA")", "bad_country country"},
      {"country", R"("")", "bad_country country"},
      {"country", R"("Ü")", "bad_country country"},
      {"timestamp", R"("2026-02-15 17:52:36Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-15T17:52:36")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-15t17:52:36+01:00")", "ok"},
      {"timestamp", R"("2026-02-15T17:52:36+24:00")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-29T17:52:36Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-15T24:00:00Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-15T17:52:60Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2026-02-15T17:52:36.1234567890Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("1999-12-31T23:59:59.999Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2100-01-01T00:00:00Z")", "bad_timestamp timestamp"},
      {"timestamp", R"("2000-01-01T00:00:00Z")", "ok"},
      {"timestamp", R"("1999-12-31T23:00:00-01:00")", "ok"},
      {"timestamp", R"("2000-01-01T00:59:59+01:00")", "bad_timestamp timestamp"},
      {"timestamp", R"("2100-01-01T00:59:59+01:00")", "ok"},
      {"timestamp", R"("2099-12-31T23:00:00-01:00")", "bad_timestamp timestamp"},
      {"timestamp", R"("2099-12-31T23:59:59.999999999+00:00")", "ok"},
      {"timestamp", R"("2028-02-29T00:00:00.1Z")", "ok"},
      {"position_ms", "-1", "out_of_range position_ms"},
      {"position_ms", "-0", "ok"},
      {"position_ms", "9007199254740991", "ok"},
      {"position_ms", "9007199254740992", "out_of_range position_ms"},
      {"duration_ms", "18446744073709551616", "out_of_range duration_ms"},
      {"duration_ms", "-9223372036854775809", "out_of_range duration_ms"},
      {"schema_version", "123456789012345678901234567890123456789", "out_of_range schema_version"},
  };
  for (const auto& [field, value, wanted] : cases) EXPECT_EQ(judge(text_with(field, value)), wanted) << value;
}

TEST(Decode, EveryBrokenFieldIsNamedInTheOrderOfTheTableWhateverThatOfTheTextIs) {
  EXPECT_EQ(
      judge(R"({"schema_version":-1,"country":"x","event_type":7})"),
      "missing_field event_id, wrong_type event_type, missing_field user_id, missing_field song_id, "
      "missing_field song_name, missing_field artist_name, missing_field device_type, bad_country country, "
      "missing_field timestamp, out_of_range schema_version");
  std::string text = text_with("country", R"("x")");
  text.insert(1, R"("schema_version":1.5,"event_type":7,)");
  EXPECT_EQ(judge(text), "wrong_type event_type, bad_country country, wrong_type schema_version");
}

TEST(Decode, OfEqualNamesTheFirstCounts) {
  std::string text = text_with();
  text.insert(1, R"("country":"x","country":"DE",)");
  EXPECT_EQ(judge(text), "bad_country country");
  text = text_with();
  text.insert(1, R"("country":"DE",)");
  EXPECT_EQ((*decode(text))->country.view(), "DE");
  text = text_with();
  text.insert(1, R"("position_ms":null,)");
  EXPECT_EQ((*decode(text))->position_ms, std::nullopt);
}

TEST(Decode, NamesMayBeEscapedAndSpacedAndUnknownOnesAreIgnored) {
  EXPECT_EQ(judge(text_with("country", R"("U\u004b")")), "ok");
  std::string text = text_with("country", "");
  text.insert(1, " \n\"count\\u0072y\" :\t\"DE\" , \"more\": [1, {\"x\": null}, \"y\"], \"big\": 1e999,");
  EXPECT_EQ(judge(text), "ok");
  EXPECT_EQ((*decode(text))->country.view(), "DE");
}

TEST(Decode, OnlyOneWholeJsonObjectIsJudged) {
  const std::string valid = text_with();
  for (const std::string& text : {std::string(),
                                  std::string(" "),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("7"),
                                  valid + "x",
                                  valid + valid,
                                  valid.substr(0, valid.size() - 1),
                                  text_with("position_ms", "01"),
                                  text_with("position_ms", "1."),
                                  text_with("position_ms", "-"),
                                  text_with("position_ms", "1e"),
                                  text_with("position_ms", "nul"),
                                  text_with("position_ms", "truex"),
                                  text_with("song_name", "\"\xff\""),
                                  text_with("song_name", "\"\\x\""),
                                  text_with("song_name", "\"\\ud800\""),
                                  text_with("session_id", "[1,]"),
                                  text_with("session_id", "{\"a\":tru}"),
                                  text_with("session_id", "{\"a\" 1}"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{a:1}"),
                                  std::string("{\"a\":\"\n\"}")}) {
    EXPECT_EQ(judge(text), "not json") << text;
    const auto verdict = decode(text);
    if (!verdict) {
      EXPECT_EQ(verdict.error().kind, ErrorKind::bad_input);
    }
  }
}

TEST(Decode, DeepNestingIsRefusedNotFollowed) {
  const auto nested = [](std::size_t depth) {
    return text_with("session_id", std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_EQ(judge(nested(kDepthMax)), "wrong_type session_id");
  EXPECT_EQ(judge(nested(kDepthMax + 1)), "not json");
  EXPECT_EQ(judge(nested(1'000'000)), "not json");
}

TEST(Decode, TellsWhatATimestampHasBelowItsMillisecond) {
  Decoder decoder;
  const auto below = [&](const std::string& fraction) {
    EXPECT_TRUE(decoder.decode(text_with("timestamp", "\"2026-02-15T17:52:36" + fraction + "\"")).value())
        << fraction;
    return decoder.timestamp_below_ms();
  };
  EXPECT_EQ(below("Z"), 0);
  EXPECT_EQ(below(".1Z"), 0);
  EXPECT_EQ(below(".123Z"), 0);
  EXPECT_EQ(below(".1234Z"), 400);
  EXPECT_EQ(below(".123456Z"), 456);
  EXPECT_EQ(below(".123456789Z"), 456);
  EXPECT_EQ(below(".1+00:00"), 0);
  EXPECT_EQ(below(".1230009+00:00"), 0);
  EXPECT_EQ(below(".1230019-11:11"), 1);
}

TEST(Decode, OneDecoderServesManyTexts) {
  Decoder decoder;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(decoder.decode(text_with()).value());
    EXPECT_FALSE(decoder.decode("{"));
    EXPECT_FALSE(decoder.decode("{}").value());
  }
}

ListeningEvent any_event() {
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  const auto text = [] {
    return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)));
  };
  ListeningEvent event{
      .event_id = base::uuid4(rng),
      .event_type = static_cast<EventType>(rng.below(kEventTypes.size())),
      .user_id = base::uuid4(rng),
      .song_id = base::uuid4(rng),
      .song_name = text() + "é雨",
      .artist_name = text(),
      .device_type = static_cast<DeviceType>(rng.below(kDeviceTypes.size())),
      .country = {{static_cast<char>('A' + rng.below(26)), 'Z'}},
      .timestamp = UtcMillis(std::chrono::milliseconds(946'684'800'000 + rng.below(3'155'760'000'000)))};
  if (rng.chance(0.5)) event.session_id = text();
  if (rng.chance(0.5)) event.position_ms = rng.below(kIntegerMax);
  if (rng.chance(0.5)) event.duration_ms = rng.below(kIntegerMax);
  if (rng.chance(0.5)) event.app_version = text();
  if (rng.chance(0.5)) event.schema_version = 1;
  return event;
}

TEST(Decode, GivesBackWhatWasEncoded) {
  EXPECT_TRUE(rc::check([] {
    const ListeningEvent event = any_event();
    const auto verdict = decode(support::to_json(event));
    RC_ASSERT(verdict.has_value());
    RC_ASSERT(verdict->has_value());
    RC_ASSERT(**verdict == event);
  }));
}

}  // namespace
}  // namespace sdp::event
