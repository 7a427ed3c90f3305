#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/sql_text.h"
#include "warehouse/warehouse.h"

namespace sdp::warehouse {

/// A column of an answer, as far as it matters to who prints it.
struct Column {
  enum class Kind { text, number, boolean };

  std::string name;
  Kind kind = Kind::text;
};

/// Rows of one answer, as they come: values as text, as Warehouse::scan has them.
struct AnswerVisitor {
  std::function<void(std::span<const Column>)> columns;  ///< once, before the first row
  std::function<Result<void>(RowView)> row;
};

/// One session of statements that people write: all of them only read, whatever the text says (check_reads).
/// What USE chooses lasts until the session ends. Owned by one thread.
class QuerySession {
 public:
  virtual ~QuerySession() = default;

  /// Runs one statement. One without an answer, such as USE, calls nothing of `visitor`. `bad_input`, without
  /// having run anything, for a statement that does not only read; also with the engine's message for one
  /// that it does not understand or cannot carry out.
  virtual Result<void> ask(std::string_view statement, const AnswerVisitor& visitor) = 0;
  /// Ends what ask() is doing, with an error; nothing when it does nothing. From any thread.
  virtual void interrupt() = 0;

  virtual Dialect dialect() const = 0;
  virtual std::string describe() const = 0;
};

}  // namespace sdp::warehouse
