#include "lake/json_members.h"

#include <gtest/gtest.h>

namespace sdp::lake {
namespace {

using Kind = nlohmann::json::value_t;

TEST(JsonMembers, GivesWhatIsThere) {
  JsonMembers in(std::string_view(
      R"({"n":7,"t":"x","list":[1],"topic_id":"1a2b3c4d-0000-4000-8000-000000000000","partition":3})"));
  EXPECT_EQ(in.number("n", 7), 7);
  EXPECT_EQ(in.text("t"), "x");
  EXPECT_EQ(in.part("list", Kind::array).size(), 1u);
  EXPECT_EQ(in.chain(), (ChainId{*base::parse_uuid("1a2b3c4d-0000-4000-8000-000000000000"), 3}));
  EXPECT_TRUE(in.has("n"));
  EXPECT_FALSE(in.has("none"));
  EXPECT_TRUE(in.ok());
}

TEST(JsonMembers, RemembersWhatWasNotOfItsKind) {
  const auto ok_after = [](std::string_view text, auto read) {
    JsonMembers in(text);
    read(in);
    return in.ok();
  };
  const auto number = [](JsonMembers& in) { EXPECT_EQ(in.number("n", 7), 0); };
  for (const std::string_view text :
       {R"({"n":8})", R"({"n":-1})", R"({"n":1.0})", R"({"n":"1"})", R"({"n":null})", "{}"})
    EXPECT_FALSE(ok_after(text, number)) << text;
  EXPECT_FALSE(ok_after(R"({"t":1})", [](JsonMembers& in) { EXPECT_EQ(in.text("t"), ""); }));
  EXPECT_FALSE(
      ok_after(R"({"l":{}})", [](JsonMembers& in) { EXPECT_TRUE(in.part("l", Kind::array).empty()); }));
  EXPECT_FALSE(ok_after(R"({"topic_id":"x","partition":0})", [](JsonMembers& in) { in.chain(); }));
  EXPECT_FALSE(ok_after(R"({"n":1})", [](JsonMembers& in) {
    in.expect(in.number("n", 7) == 2);
    EXPECT_EQ(in.number("n", 7), 1);
  }));
}

TEST(JsonMembers, AnythingButAnObjectHasNone) {
  for (const std::string_view text : {"", "{", "[]", "1", "null", "\xff"}) {
    JsonMembers in(text);
    EXPECT_FALSE(in.ok()) << text;
    EXPECT_EQ(in.number("n", 7), 0);
    EXPECT_EQ(in.text("t"), "");
    EXPECT_FALSE(in.has("t"));
  }
}

TEST(JsonMembers, ALineHasNoBytesThatAreNotUtf8) {
  EXPECT_EQ(to_line({{"b", "\xff"}, {"a", 1}}), "{\"b\":\"\xEF\xBF\xBD\",\"a\":1}\n");
}

}  // namespace
}  // namespace sdp::lake
