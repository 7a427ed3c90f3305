#include "event/scan.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <simdjson.h>

#include <string>

namespace sdp::event {
namespace {

/// What simdjson's other front end says, which converts numbers at once and so refuses those it cannot hold.
enum class Other { accepts, refuses, refuses_number };

Other other(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const auto error = parser.parse(text).get(element);
  if (error == simdjson::NUMBER_ERROR) return Other::refuses_number;
  return !error && element.is_object() ? Other::accepts : Other::refuses;
}

constexpr char kBase[] =
    R"({"event_id":"a\u00e9\n","x":[1,-2.5e+10,{"y":null},[]],"timestamp":true,"country":{},"position_ms": 0 ,"é":"\\"})";

std::string mutated() {
  std::string text = kBase;
  const int changes = *rc::gen::inRange(0, 4);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const char letter = *rc::gen::oneOf(rc::gen::elementOf(std::string("{}[],:\"\\0123456789.eE+-tfn \n")),
                                        rc::gen::arbitrary<char>());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = letter;
        break;
      case 1:
        text.insert(at, 1, letter);
        break;
      case 2:
        text.erase(at, *rc::gen::inRange<std::size_t>(1, 6));
        break;
      default:
        text.resize(at + 1);
        break;
    }
  }
  return text;
}

TEST(Scan, AcceptsExactlyTheJsonObjectsAnotherParserAccepts) {
  Scanner scanner;
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 50; ++round) {
    EXPECT_TRUE(rc::check([&] {
      const std::string text = mutated();
      const bool taken = scanner.scan(text).has_value();
      const Other expected = other(text);
      ++(taken ? accepted : refused);
      if (expected != Other::refuses_number) RC_ASSERT(taken == (expected == Other::accepts));
    }));
  }
  EXPECT_GT(accepted, 500);
  EXPECT_GT(refused, 500);
}

TEST(Scan, GivesWhatStandsUnderEachName) {
  Scanner scanner;
  const auto found = scanner.scan(
      R"({"event_id":"a\u00e9\n","event_type":12345678901234567890123,"user_id":1.5,"song_id":null})");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0].kind, Found::Kind::string);
  EXPECT_EQ((*found)[0].text, "aé\n");
  EXPECT_EQ((*found)[1].kind, Found::Kind::integer);
  EXPECT_EQ((*found)[1].text, "12345678901234567890123");
  EXPECT_EQ((*found)[2].kind, Found::Kind::other);
  EXPECT_EQ((*found)[3].kind, Found::Kind::null);
  EXPECT_EQ((*found)[4].kind, Found::Kind::absent);
}

TEST(Scan, ElementsStayAsTheyAreWritten) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string first = R"({"a":1,"a":2, "b":18446744073709551616,"c":1e999,"d":"é\u00e9"})";
  const auto found = elements_of(" [" + first + " , 1.0 ,\"x\" ,null," + deep + "]\n", 5);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, (std::vector<std::string>{first, "1.0", "\"x\"", "null", deep}));
  EXPECT_EQ(elements_of("[1,2,3]", 2).value(), (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(elements_of("[]", 2).value().empty());
  for (const std::string none : {"", "[", "[1,", "[1 2]", "[1]]", "[1] x", "{}", "[\"\xff\"]"})
    EXPECT_FALSE(elements_of(none, 5)) << none;
}

}  // namespace
}  // namespace sdp::event
