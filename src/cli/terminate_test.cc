#include "cli/terminate.h"

#include <gtest/gtest.h>

#include <new>
#include <thread>

namespace sdp::cli {
namespace {

TEST(EndInWordsDeathTest, AnExceptionOfAThreadIsAMessageAndAnExitCode) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        end_in_words();
        std::jthread([] { throw std::bad_alloc(); }).join();
      },
      testing::ExitedWithCode(1), "^error: a thread ended by an exception: std::bad_alloc\n$");
}

}  // namespace
}  // namespace sdp::cli
