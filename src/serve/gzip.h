#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace sdp::serve {

/// Compresses a text that comes piece by piece into the format of gzip, fast rather than small.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  /// What can be sent so far. Nothing comes after the last piece, which may be empty.
  std::string add(std::string_view piece, bool is_last);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// The whole text.
std::string gzip(std::string_view bytes);

/// The same pieces, compressed. How long that is shows only at their end.
http::Pieces gzip(http::Pieces pieces);

}  // namespace sdp::serve
