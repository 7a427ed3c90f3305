#include "services/pid_file.h"

#include <gtest/gtest.h>

#include "os/files.h"
#include "support/temporary_folder.h"

namespace sdp::services {
namespace {

const PidRecord kRecord{.process = {.pid = 4711, .start_ticks = 123456789012, .boot_id = "58cfd11f-3a47"},
                        .program = "kafka",
                        .address = "127.0.0.1:9092",
                        .folder = "/data/a\npid=1\nfolder=b\n/services"};

TEST(PidFile, ReadsWhatWasWritten) {
  const support::TemporaryFolder folder;
  ASSERT_TRUE(write_pid_file(folder.path() / "kafka.pid", kRecord));
  const auto record = read_pid_file(folder.path() / "kafka.pid");
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, kRecord);
}

TEST(PidFile, TellsOfAServerThatWasToldToEnd) {
  PidRecord ending = kRecord;
  ending.stopping = true;
  EXPECT_EQ(decode_pid_record(encode(ending)), ending);
}

TEST(PidFile, OneOfAnEarlierVersionNamesNoFolder) {
  const auto text = encode(kRecord);
  const auto record = decode_pid_record(text.substr(0, text.find("folder=")));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->process, kRecord.process);
  EXPECT_EQ(record->folder, "");
}

TEST(PidFile, MissingFileIsNothing) {
  const support::TemporaryFolder folder;
  const auto record = read_pid_file(folder.path() / "kafka.pid");
  ASSERT_TRUE(record);
  EXPECT_FALSE(*record);
}

TEST(PidFile, DamagedRecordIsAnErrorAndNeverSomeProcess) {
  for (const auto* damage : {"pid=", "pid=0", "pid=-1", "pid=12x", "pid=99999999999999"}) {
    auto text = encode(kRecord);
    text.replace(text.find("pid=4711"), 8, damage);
    EXPECT_FALSE(decode_pid_record(text)) << damage;
  }
  EXPECT_FALSE(decode_pid_record(""));
  EXPECT_FALSE(decode_pid_record("4711"));
}

TEST(PidFile, ErrorNamesTheFile) {
  const support::TemporaryFolder folder;
  ASSERT_TRUE(os::write_file(folder.path() / "s3.pid", "garbage", 0644));
  const auto record = read_pid_file(folder.path() / "s3.pid");
  ASSERT_FALSE(record);
  EXPECT_NE(record.error().message.find("s3.pid"), std::string::npos);
}

}  // namespace
}  // namespace sdp::services
