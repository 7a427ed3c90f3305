#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/fields.h"

namespace sdp::event {

/// What a JSON text holds under the name of one field, before any rule is applied.
struct Found {
  enum class Kind { absent, null, string, integer, other };

  Kind kind = Kind::absent;
  /// A string without quotes and escapes, or the digits of an integer (neither fraction nor exponent), any
  /// length.
  std::string_view text;
};

/// How deep a text may nest: more than the sink lets through, and little enough for the stack.
inline constexpr int kDepthMax = 256;

/// In the order of the table.
using FoundFields = std::array<Found, kFields.size()>;

/// Reads a whole JSON text strictly (RFC 8259) and picks out the fields of the table. Keeps its buffers
/// between calls; one thread at a time.
class Scanner {
 public:
  Scanner();
  ~Scanner();

  /// Of members with the same name the first counts. The views last until the next call. `bad_input` when the
  /// text is not one valid UTF-8 JSON object.
  Result<FoundFields> scan(std::string_view json);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

/// The first elements of a JSON array, at most `count`, each as it is written: numbers of any size, members
/// that come twice, and nesting stay as they are. What is in an element is not checked. `bad_input` when the
/// text is not one array.
Result<std::vector<std::string>> elements_of(std::string_view json, std::size_t count);

}  // namespace sdp::event
