#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/sha256.h"
#include "history/input.h"
#include "history/judge.h"
#include "history/row_reader.h"

namespace sdp::history {

/// The rows of one file with what is needed to judge them. One thread.
class FileRows {
 public:
  static Result<FileRows> open(const InputFile& file);

  /// The next row; nothing at the end. Errors name the file and the row.
  Result<const Row*> next();
  std::uint64_t number() const { return number_; }  ///< of the last row, from 1
  /// How many rows of the file that were counted by this had been equal to it. No more than kRowsMax are.
  std::uint32_t number_among_equals(const Listening& listening);
  /// Of the file's bytes as they are stored; only behind the last row.
  std::string sha256();
  /// Names the row, and a member where there is one.
  std::unexpected<Error> fail_at(ErrorKind kind, std::string_view member, std::string_view what) const;

 private:
  struct Hash {
    std::size_t operator()(const Uuid& id) const;
  };
  FileRows(std::string name, std::shared_ptr<base::Sha256> sha256, std::unique_ptr<RowReader> reader);

  std::string name_;
  std::shared_ptr<base::Sha256> sha256_;
  std::unique_ptr<RowReader> reader_;
  std::uint64_t number_ = 0;
  std::unordered_map<Uuid, std::uint32_t, Hash> equals_;
};

}  // namespace sdp::history
