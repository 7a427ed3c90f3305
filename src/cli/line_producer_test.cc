#include "cli/line_producer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sdp::cli {
namespace {

using namespace std::chrono_literals;

std::string line(std::optional<std::string_view> value) {
  std::string out;
  append_value_line(out, value);
  return out;
}

TEST(ValueLine, IsTheValueWhereThatIsOneLineOfText) {
  EXPECT_EQ(line("{\"a\":1}"), "{\"a\":1}\n");
  EXPECT_EQ(line("{\"a\":"), "{\"a\":\n");
  EXPECT_EQ(line("  "), "  \n");
}

TEST(ValueLine, IsBase64WhereTheValueIsNoLine) {
  EXPECT_EQ(line(std::nullopt), "{\"_raw\":null}\n");
  EXPECT_EQ(line(""), "{\"_raw\":\"\"}\n");
  EXPECT_EQ(line("\xff"), "{\"_raw\":\"/w==\"}\n");
  EXPECT_EQ(line("a\nb"), "{\"_raw\":\"YQpi\"}\n");
}

TEST(LineProducer, CountsWhatTheSystemHasTaken) {
  const std::string path = testing::TempDir() + "sdp-lines";
  base::ManualClock clock{UtcMillis{}};
  auto producer = open_line_producer(path, clock);
  ASSERT_TRUE(producer) << producer.error().message;
  ASSERT_TRUE((*producer)->send("key", "one"));
  EXPECT_EQ((*producer)->counts().acked, 0);
  clock.sleep_for(100ms);
  ASSERT_TRUE((*producer)->send("key", "two"));
  EXPECT_EQ((*producer)->counts().acked, 2);
  ASSERT_TRUE((*producer)->send("key", "three"));
  ASSERT_TRUE((*producer)->flush(1ms));
  EXPECT_EQ((*producer)->counts().acked, 3);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "one\ntwo\nthree\n");
  std::filesystem::remove(path);
}

TEST(LineProducer, AFullDiskIsAnError) {
  base::ManualClock clock{UtcMillis{}};
  auto producer = open_line_producer("/dev/full", clock);
  ASSERT_TRUE(producer) << producer.error().message;
  ASSERT_TRUE((*producer)->send("key", "one"));
  const auto flushed = (*producer)->flush(1ms);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().kind, ErrorKind::cannot_write);
}

}  // namespace
}  // namespace sdp::cli
