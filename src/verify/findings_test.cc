#include "verify/findings.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "verify/fingerprint.h"

namespace sdp::verify {
namespace {

const lake::ChainId kChain{{}, 3};

std::string first_name(const Findings& findings) {
  return findings.all().at(0).named.at(0);
}

TEST(Findings, NeighboursBecomeOneRange) {
  Findings findings(20);
  for (const log::Offset offset : {7, 5, 6, 20, 9, 8})
    findings.offset(Stage::lake, "missing", kChain, offset);
  EXPECT_TRUE(first_name(findings).ends_with(": [5, 10) 20")) << first_name(findings);
  EXPECT_EQ(findings.all().at(0).total, 6u);
}

TEST(Findings, NamesAreCappedAndTotalsAreNot) {
  Findings findings(3);
  for (int i = 0; i < 10; ++i) findings.item(Stage::marts, "wrong mart cell", std::to_string(i));
  for (log::Offset o = 0; o < 10; ++o) findings.offset(Stage::silver, "missing", kChain, 2 * o);
  const auto all = findings.all();
  EXPECT_EQ(all[0].total, 10u);
  EXPECT_TRUE(all[0].named.at(0).ends_with("0 2 4 and 7 ranges more")) << all[0].named[0];
  EXPECT_EQ(all[1].total, 10u);
  EXPECT_EQ(all[1].named.size(), 3u);
}

TEST(Findings, RangesHoldExactlyWhatWasAdded) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& offsets) {
    Findings findings(1000);
    const std::set<std::uint8_t> wanted(offsets.begin(), offsets.end());
    for (const auto offset : offsets) findings.offset(Stage::lake, "x", kChain, offset);
    if (offsets.empty()) return;
    std::string text;
    for (auto at = wanted.begin(); at != wanted.end();) {
      int first = *at, end = first;
      for (; at != wanted.end() && *at == end; ++at) ++end;
      text += end - first == 1 ? " " + std::to_string(first)
                               : " [" + std::to_string(first) + ", " + std::to_string(end) + ")";
    }
    RC_ASSERT(first_name(findings) == lake::describe(kChain) + ":" + text);
  }));
}

TEST(Fingerprint, TellsWhatARecordHoldsApart) {
  Fingerprinter fingerprinter;
  std::set<std::uint64_t> seen;
  const auto add = [&](Fingerprinter::Bytes key, Fingerprinter::Bytes value,
                       std::vector<lake::LineHeader> headers = {}) {
    EXPECT_TRUE(seen.insert(fingerprinter.of(key, value, headers)).second);
  };
  add(std::nullopt, std::nullopt);
  add("", std::nullopt);
  add(std::nullopt, "");
  add("", "");
  add("a", "b");
  add("b", "a");
  add("ab", "");
  add("", "ab");
  add("", "", {{"", std::nullopt}});
  add("", "", {{"", ""}});
  add("", "", {{"a", "b"}, {"c", "d"}});
  add("", "", {{"c", "d"}, {"a", "b"}});
}

TEST(Fingerprint, NormalIsOfTheValueAsALineKeepsIt) {
  std::string buffer;
  EXPECT_EQ(normalised(" \n{\"a\":\r\n1}\t", buffer), "{\"a\":  1}");
  EXPECT_EQ(normalised("{ \n }", buffer), "{}");
  EXPECT_EQ(normalised(" \n ", buffer), "");
  EXPECT_EQ(normalised("{", buffer), "{");
}

TEST(Fingerprint, ALineWithTheIdOfASchemaHasThatOfItsRecord) {
  using namespace std::string_view_literals;
  Fingerprinter fingerprinter;
  log::RecordView record;
  record.value = "\0\0\0\x0a\x0d {\"a\":\n1}"sv;
  EXPECT_EQ(fingerprinter.of(record).normal, fingerprinter.of(std::nullopt, 0xa0d, "{\"a\": 1}", {}));
  EXPECT_NE(fingerprinter.of(record).normal, fingerprinter.of(std::nullopt, 0xa0e, "{\"a\": 1}", {}));
  EXPECT_EQ(fingerprinter.of(record).raw, fingerprinter.of(std::nullopt, record.value, {}));
  record.value = "\0\0\0\0\x07{ }"sv;
  EXPECT_EQ(fingerprinter.of(record).normal, fingerprinter.of(std::nullopt, 7, "{}", {}));
}

TEST(Fingerprint, StaysWhatWitnessFilesKeep) {
  Fingerprinter fingerprinter;
  log::RecordView record;
  record.key = "key";
  record.value = " {\"a\":1} ";
  record.headers = {{"h", "v"}, {"n", std::nullopt}};
  const Fingerprints kept{13914488805558029137ULL, 2462837600307367568ULL};
  EXPECT_EQ(fingerprinter.of(record), kept);
  const std::vector<lake::LineHeader> headers{{"h", "v"}, {"n", std::nullopt}};
  EXPECT_EQ(fingerprinter.of("key", "{\"a\":1}", headers), kept.normal);
}

}  // namespace
}  // namespace sdp::verify
