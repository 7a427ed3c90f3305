#include "cli/rejected.h"

#include <gtest/gtest.h>

namespace sdp::cli {
namespace {

Rejected rejected(std::uint64_t events, std::uint64_t taken) {
  Rejected all;
  if (events > 0) all.reasons = {{"missing_field", "user_id", "silver", events, "t/0/1"}};
  all.events = events;
  all.taken = taken;
  return all;
}

TEST(Rejected, EventsAndFaultsAreCountedApart) {
  Rejected two = rejected(2, 3);
  two.reasons.push_back({"bad_country", "country", "silver", 1, "t/0/1"});
  EXPECT_EQ(two.faults(), 3);
  EXPECT_EQ(two.events, 2);
  // Two of five are rejected, whatever is wrong with them.
  EXPECT_TRUE(check_rejected(two, 0.5));
}

TEST(TooManyRejected, NothingOrLittleIsFine) {
  EXPECT_TRUE(check_rejected(rejected(0, 0), 0.5));
  EXPECT_TRUE(check_rejected(rejected(0, 10), 0));
  EXPECT_TRUE(check_rejected(rejected(5, 5), 0.5));
  EXPECT_TRUE(check_rejected(rejected(9, 1), 1));
}

TEST(TooManyRejected, MoreThanTheRatioIsNamed) {
  const auto checked = check_rejected(rejected(6, 5), 0.5);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::rejected);
  EXPECT_NE(checked.error().message.find(
                "6 of 11 records are rejected, most for missing_field of user_id, such as t/0/1"),
            std::string::npos)
      << checked.error().message;
  EXPECT_FALSE(check_rejected(rejected(1, 1000), 0));
}

TEST(TooManyRejected, NothingTakenIsNeverFine) {
  EXPECT_FALSE(check_rejected(rejected(1, 0), 1));
}

}  // namespace
}  // namespace sdp::cli
