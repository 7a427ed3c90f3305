#include "os/posix_file.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace sdp::os {
namespace {

TEST(PosixFile, ErrnoValuesBecomeKinds) {
  const struct {
    int code;
    ErrorKind writing;
    ErrorKind reading;
  } kTable[] = {
      {ENOSPC, ErrorKind::cannot_write, ErrorKind::cannot_write},
      {EDQUOT, ErrorKind::cannot_write, ErrorKind::cannot_write},
      {EROFS, ErrorKind::cannot_write, ErrorKind::cannot_write},
      {EFBIG, ErrorKind::cannot_write, ErrorKind::cannot_write},
      {ENOENT, ErrorKind::cannot_write, ErrorKind::fatal},
      {EACCES, ErrorKind::cannot_write, ErrorKind::unauthorized},
      {EPERM, ErrorKind::cannot_write, ErrorKind::unauthorized},
      {ENOTDIR, ErrorKind::bad_input, ErrorKind::bad_input},
      {ENAMETOOLONG, ErrorKind::bad_input, ErrorKind::bad_input},
      {ENOLCK, ErrorKind::misconfigured, ErrorKind::misconfigured},
      {EOPNOTSUPP, ErrorKind::misconfigured, ErrorKind::misconfigured},
      {EIO, ErrorKind::fatal, ErrorKind::fatal},
      {EMFILE, ErrorKind::fatal, ErrorKind::fatal},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(kind_of_errno(row.code, Access::write), row.writing) << row.code;
    EXPECT_EQ(kind_of_errno(row.code, Access::read), row.reading) << row.code;
  }
}

TEST(PosixFile, ErrorsNameThePathAndWhatToDo) {
  const Error error = posix_error(ENOSPC, Access::write, "write", "data/lake/x").error();
  EXPECT_EQ(error.message,
            "cannot write data/lake/x: No space left on device; free some space on that file system, then "
            "run again");
}

}  // namespace
}  // namespace sdp::os
