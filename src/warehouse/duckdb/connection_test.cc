#include "warehouse/duckdb/connection.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/temporary_folder.h"
#include "warehouse/duckdb/check_options.h"

namespace sdp::warehouse::duckdb {
namespace {

class DuckDbConnectionTest : public testing::Test {
 protected:
  Connection open() {
    auto connection = Connection::open({.path = path_});
    EXPECT_TRUE(connection) << connection.error().message;
    return *std::move(connection);
  }
  Error open_error(bool read_only = false) {
    const auto connection = Connection::open({.path = path_, .read_only = read_only});
    EXPECT_FALSE(connection);
    return connection ? Error{} : connection.error();
  }
  static Result<int> count_rows(Connection& connection, std::string_view sql) {
    int rows = 0;
    SDP_RETURN_IF_ERROR(connection.scan(
        sql, [](const std::vector<std::string>&) {},
        [&](RowView) -> Result<void> {
          ++rows;
          return {};
        }));
    return rows;
  }
  void write_file(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  support::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  std::string path_ = folder_ / "spotify_db.duckdb";
};

TEST_F(DuckDbConnectionTest, DuckDbKeepsToItsMemoryAndThreads) {
  auto connection = Connection::open({.path = path_, .memory_limit = "64MiB", .threads = 3});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(count_rows(*connection, "SELECT 1 WHERE current_setting('threads') = 3"), 1);
  EXPECT_EQ(count_rows(*connection, "SELECT 1 WHERE current_setting('memory_limit') = '64.0 MiB'"), 1);
}

TEST_F(DuckDbConnectionTest, AMemoryThatIsNoneIsNamedByItsFlag) {
  EXPECT_TRUE(check_options({.path = path_, .memory_limit = "2GB"}));
  for (const char* size : {"1", "0", "1XB", "much"}) {
    const auto checked = check_options({.path = path_, .memory_limit = size});
    ASSERT_FALSE(checked) << size;
    EXPECT_EQ(checked.error().kind, ErrorKind::misconfigured);
    EXPECT_TRUE(
        checked.error().message.starts_with(std::string("--warehouse-memory: '") + size + "' is not"));
  }
}

TEST_F(DuckDbConnectionTest, ScanThatFailsOnTheWayIsAnErrorNotAShortAnswer) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE numbers AS SELECT range AS n FROM range(300000)"));
  EXPECT_FALSE(
      count_rows(connection, "SELECT CASE WHEN n = 299000 THEN error('boom') ELSE 'x' END FROM numbers"));
  EXPECT_EQ(count_rows(connection, "SELECT n FROM numbers").value_or(0), 300'000);
}

TEST_F(DuckDbConnectionTest, QueryFromInsideAScanEndsTheScanWithAnError) {
  Connection connection = open();
  int rows = 0;
  const auto scanned = connection.scan(
      "SELECT range FROM range(300000)", [](const std::vector<std::string>&) {},
      [&](RowView) -> Result<void> {
        if (rows++ == 10) return connection.execute("SELECT 1");
        return {};
      });
  EXPECT_FALSE(scanned);
  EXPECT_LT(rows, 300'000);
}

TEST_F(DuckDbConnectionTest, ScanStopsWhenItsReaderDoes) {
  Connection connection = open();
  const auto scanned = connection.scan(
      "SELECT range FROM range(300000)", [](const std::vector<std::string>&) {},
      [](RowView) -> Result<void> { return fail(ErrorKind::violation, "enough"); });
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().kind, ErrorKind::violation);
  EXPECT_EQ(count_rows(connection, "SELECT 1").value_or(0), 1);
}

TEST_F(DuckDbConnectionTest, ScanKeepsTheOrderOfItsQuery) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute(
      "CREATE TABLE numbers AS SELECT range AS n FROM range(300000) ORDER BY hash(range)"));
  std::int64_t before = 300'000;
  ASSERT_TRUE(connection.scan(
      "SELECT n FROM numbers ORDER BY n DESC", [](const std::vector<std::string>&) {},
      [&](RowView row) -> Result<void> {
        if (*row[0] != std::to_string(--before))
          return fail(ErrorKind::violation, fmt::format("{} came after {}", *row[0], before + 1));
        return {};
      }));
  EXPECT_EQ(before, 0);
}

TEST_F(DuckDbConnectionTest, ScanReadsOnly) {
  Connection connection = open();
  ASSERT_TRUE(connection.execute("CREATE TABLE kept AS SELECT 1 AS n"));
  for (const std::string_view sql :
       {"DROP TABLE kept", "DELETE FROM kept", "INSERT INTO kept VALUES (2) RETURNING n",
        "SELECT 1) t; DROP TABLE kept; SELECT * FROM (SELECT 1", "COPY kept TO 'x'"}) {
    EXPECT_FALSE(count_rows(connection, sql)) << sql;
  }
  EXPECT_EQ(count_rows(connection, "SELECT n FROM kept").value_or(0), 1);
}

TEST_F(DuckDbConnectionTest, QueriesMayEndInCommentsAndSemicolons) {
  Connection connection = open();
  for (const std::string_view sql :
       {"SELECT 1;", "SELECT 1 -- one", "SELECT 1 ;\n ", "WITH x AS (SELECT 1) SELECT * FROM x"}) {
    EXPECT_EQ(count_rows(connection, sql).value_or(0), 1) << sql;
  }
}

TEST_F(DuckDbConnectionTest, SecondOpeningInThisProcessIsFencedUntilTheFirstIsClosed) {
  {
    const Connection first = open();
    EXPECT_EQ(open_error().kind, ErrorKind::fenced);
    const std::string same_file_by_another_name = folder_ / "." / "spotify_db.duckdb";
    EXPECT_FALSE(Connection::open({.path = same_file_by_another_name}));
  }
  open();
}

TEST_F(DuckDbConnectionTest, FileOpenInAnotherProcessIsFencedAndNamesBoth) {
  ASSERT_TRUE(open().execute("SELECT 1"));
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto connection = Connection::open({.path = path_});
    const char said = connection ? '+' : '-';
    (void)!write(ready[1], &said, 1);
    pause();
    _exit(0);
  }
  char said = 0;
  ASSERT_EQ(read(ready[0], &said, 1), 1);
  EXPECT_EQ(said, '+');
  for (const bool read_only : {false, true}) {
    const Error error = open_error(read_only);
    EXPECT_EQ(error.kind, ErrorKind::fenced) << error.message;
    EXPECT_NE(error.message.find(path_), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(fmt::format("PID {}", child)), std::string::npos) << error.message;
  }
  // One that was killed a moment ago is waited for, as it may take a moment to go.
  const std::jthread later([child] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kill(child, SIGKILL);
  });
  open();
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  open();
}

TEST_F(DuckDbConnectionTest, WhatIsNoDatabaseIsBadInputAndStaysAsItIs) {
  for (const std::string& bytes :
       {std::string("hello\n"), std::string(50'000, 'x'), std::string(4096, '\0')}) {
    write_file(bytes);
    EXPECT_EQ(open_error().kind, ErrorKind::bad_input);
    EXPECT_EQ(std::filesystem::file_size(path_), bytes.size());
  }
}

TEST_F(DuckDbConnectionTest, CutOrChangedFileIsBadInput) {
  {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE numbers AS SELECT hash(range) AS n FROM range(200000)"));
  }
  std::string bytes(std::filesystem::file_size(path_), '\0');
  std::ifstream(path_, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  write_file(std::string_view(bytes).substr(0, bytes.size() / 2));
  EXPECT_EQ(open_error().kind, ErrorKind::bad_input);

  bytes[bytes.size() / 2] ^= 1;
  write_file(bytes);
  auto connection = Connection::open({.path = path_});
  const Result<int> rows =
      connection ? count_rows(*connection, "SELECT n FROM numbers") : std::unexpected(connection.error());
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::bad_input) << rows.error().message;
}

TEST_F(DuckDbConnectionTest, MissingFileOrFolderInItsPlaceIsASettingToChange) {
  EXPECT_EQ(open_error(true).kind, ErrorKind::misconfigured);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(path_);
  EXPECT_EQ(open_error().kind, ErrorKind::misconfigured);
}

TEST_F(DuckDbConnectionTest, FileThatCannotGrowIsCannotWriteAndKeepsWhatItHad) {
  {
    Connection connection = open();
    ASSERT_TRUE(connection.execute("CREATE TABLE kept AS SELECT 1 AS n; CHECKPOINT"));
    const auto on_limit = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit tight{4 << 20, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    const auto grown = connection.execute("CREATE TABLE more AS SELECT hash(range) AS n FROM range(3000000)");
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, on_limit);
    ASSERT_FALSE(grown);
    EXPECT_EQ(grown.error().kind, ErrorKind::cannot_write) << grown.error().message;
  }
  Connection again = open();
  EXPECT_EQ(count_rows(again, "SELECT n FROM kept").value_or(0), 1);
  EXPECT_FALSE(count_rows(again, "SELECT n FROM more"));
}

TEST_F(DuckDbConnectionTest, KilledWhileTheFileIsMadeLeavesNoneThatCannotBeOpened) {
  // The signal for a file that grows past its limit kills as SIGKILL would, at a moment of our choice.
  for (const rlim_t bytes : {0, 4096, 8192}) {
    const pid_t child = fork();
    if (child == 0) {
      const rlimit no_core{0, 0};
      const rlimit tight{bytes, bytes};
      setrlimit(RLIMIT_CORE, &no_core);
      setrlimit(RLIMIT_FSIZE, &tight);
      (void)Connection::open({.path = path_}).has_value();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        << "killed at " << bytes << ": " << status;
    ASSERT_TRUE(Connection::open({.path = path_})) << "killed at " << bytes;
    std::filesystem::remove(path_);
  }
}

TEST(DefaultMemoryLimit, IsAQuarterWithinBounds) {
  constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
  EXPECT_EQ(default_memory_limit(8 * kGibibyte), "2048MiB");
  EXPECT_EQ(default_memory_limit(1 * kGibibyte), "512MiB");
  EXPECT_EQ(default_memory_limit(64 * kGibibyte), "4096MiB");
  EXPECT_EQ(default_memory_limit(std::nullopt), "512MiB");
}

TEST_F(DuckDbConnectionTest, NothingButTheFileIsLeftBesideIt) {
  ASSERT_TRUE(open().execute("CREATE TABLE kept AS SELECT 1 AS n"));
  const std::filesystem::directory_iterator files(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

}  // namespace
}  // namespace sdp::warehouse::duckdb
