#include "cli/result_object.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/committed_page.h"

namespace sdp::cli {
namespace {

TEST(ResultObject, HasEachMemberOfTheCommandAndNullForWhatWasNotComeTo) {
  ResultObject result;
  result.set("bucket", std::string("spotify"));
  result.set("bucket_created", true);
  result.set("partitions", 3);
  EXPECT_EQ(result.line("init", 0, std::chrono::milliseconds(1'500), std::nullopt),
            R"({"schema_version":1,"command":"init","ok":true,"exit_code":0,"seconds":1.5,"error":null,)"
            R"("result":{"bucket":"spotify","bucket_created":true,"topic":null,"topic_created":null,)"
            R"("partitions":3}})"
            "\n");
}

TEST(ResultObject, AFailureIsToldWithWhatWasDoneBefore) {
  ResultObject result;
  result.set("parts", std::vector<std::string>{"kafka-s3"});
  EXPECT_EQ(
      result.line("down", 69, std::chrono::milliseconds(0), Failure{"unavailable", "it \"hangs\"\x1b"}),
      R"({"schema_version":1,"command":"down","ok":false,"exit_code":69,"seconds":0.0,)"
      R"("error":{"kind":"unavailable","message":"it \"hangs\"\u001b"},"result":{"parts":["kafka-s3"]}})"
      "\n");
}

TEST(ResultObject, AVerdictIsNoError) {
  EXPECT_NE(ResultObject().line("run", 20, {}, std::nullopt).find(R"("ok":false,"exit_code":20,)"),
            std::string::npos);
}

constexpr std::string_view kBegin = "<!-- members: begin, checked by cli_test -->\n";
constexpr std::string_view kEnd = "<!-- members: end -->\n";

std::string table() {
  std::string text = "| command | member | type | meaning |\n|---|---|---|---|\n";
  for (const ResultMember& member : kResultMembers)
    text +=
        fmt::format("| `{}` | `{}` | {} | {} |\n", member.command, member.name, member.type, member.meaning);
  return text;
}

TEST(ResultPage, HasTheTableOfTheCode) {
  support::expect_in_page("docs/formats/result.md", kBegin, kEnd, table());
}

}  // namespace
}  // namespace sdp::cli
