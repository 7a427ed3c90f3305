#include "base/uuid.h"

#include <gtest/gtest.h>

namespace sdp::base {
namespace {

TEST(Uuid, Version5MatchesRfc9562Example) {
  EXPECT_EQ(to_string(uuid5(kNamespaceDns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, Version4HasItsMarks) {
  Rng rng(1);
  const std::string text = to_string(uuid4(rng));
  EXPECT_EQ(text[14], '4');
  EXPECT_TRUE(text[19] == '8' || text[19] == '9' || text[19] == 'a' || text[19] == 'b');
}

TEST(Uuid, ReadsEitherCaseAndNothingElse) {
  EXPECT_EQ(to_string(*parse_uuid("3344EA54-f8dd-5755-a71d-2083035fb139")),
            "3344ea54-f8dd-5755-a71d-2083035fb139");
  EXPECT_FALSE(parse_uuid("3344ea54f8dd5755a71d2083035fb139"));
  EXPECT_FALSE(parse_uuid("71ffffa9f-1423-4495-a311-74e985682796"));
  EXPECT_FALSE(parse_uuid("3344ea54-f8dd-5755-a71d-2083035fb13g"));
}

}  // namespace
}  // namespace sdp::base
