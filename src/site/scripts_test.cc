#include "site/scripts.h"

#include <gtest/gtest.h>

#include <array>

namespace sdp::site {
namespace {

TEST(Scripts, OneCallWithANameAndAValue) {
  EXPECT_EQ(script("x/snapshot", "{\"a\": 1}\n"), "sdp.receive(\"x/snapshot\", {\"a\": 1});\n");
}

TEST(Scripts, CurrentNamesWhatThereIs) {
  const Current current{.live = true,
                        .served_at = "2026-02-15T17:52:36.123Z",
                        .publications = {{.id = "20260215T175236123Z",
                                          .warehouse = "duckdb",
                                          .taken_at = "2026-02-15T17:52:36.000Z",
                                          .parts = {"snapshot"},
                                          .has_report = true}},
                        .message = {},
                        .dbt_docs = "dbt/index.html"};
  EXPECT_EQ(current_script(current),
            "sdp.receive(\"current\", "
            "{\"version\":1,\"live\":true,\"follow\":false,\"moves\":{\"on\":false,\"how\":\"\"},\"served_"
            "at\":\"2026-02-15T17:52:36.123Z\","
            "\"publications\":[{\"id\":\"20260215T175236123Z\",\"folder\":\"20260215T175236123Z\","
            "\"warehouse\":\"duckdb\",\"taken_at\":\"2026-02-15T17:52:36.000Z\","
            "\"report\":\"data/20260215T175236123Z/report.html\"}],\"message\":null,"
            "\"dbt_docs\":\"dbt/index.html\"});\n");
}

TEST(Scripts, CurrentIsKnownByItsBeginning) {
  EXPECT_TRUE(current_script({}).starts_with(kCurrentBegins));
}

TEST(Scripts, FilesHaveNoTimeOfServing) {
  EXPECT_EQ(current_script({.served_at = {}, .publications = {}, .message = "Nothing yet.", .dbt_docs = {}}),
            "sdp.receive(\"current\", "
            "{\"version\":1,\"live\":false,\"follow\":false,\"moves\":{\"on\":false,\"how\":\"\"},\"served_"
            "at\":null,\"publications\":[],"
            "\"message\":\"Nothing yet.\",\"dbt_docs\":null});\n");
}

TEST(Scripts, BytesThatAreNoTextBecomeTheSignForThat) {
  EXPECT_EQ(current_script({.served_at = {}, .publications = {}, .message = "a\xff", .dbt_docs = {}}),
            "sdp.receive(\"current\", "
            "{\"version\":1,\"live\":false,\"follow\":false,\"moves\":{\"on\":false,\"how\":\"\"},\"served_"
            "at\":null,\"publications\":[],"
            "\"message\":\"a\xEF\xBF\xBD\",\"dbt_docs\":null});\n");
}

TEST(Scripts, ServicesSayWhenTheyWereAsked) {
  const std::array services = {Service{.name = "Kafdrop",
                                       .what = "topics",
                                       .url = "http://127.0.0.1:9000",
                                       .answers = true,
                                       .detail = "its page is there"}};
  EXPECT_EQ(
      services_script("2026-02-15T17:52:36.123Z", services),
      "sdp.receive(\"services\", {\"version\":1,\"checked_at\":\"2026-02-15T17:52:36.123Z\",\"services\":"
      "[{\"name\":\"Kafdrop\",\"what\":\"topics\",\"url\":\"http://127.0.0.1:9000\",\"answers\":true,"
      "\"detail\":\"its page is there\"}]});\n");
  EXPECT_EQ(services_script({}, {}),
            "sdp.receive(\"services\", {\"version\":1,\"checked_at\":null,\"services\":[]});\n");
}

}  // namespace
}  // namespace sdp::site
