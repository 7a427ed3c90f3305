#include "serve/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace sdp::serve {

std::string gzip(std::string_view bytes) {
  constexpr int kGzipFormat = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  // Fails only without memory, where this process ends anyway.
  SDP_ASSERT(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY) ==
             Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  // zlib only reads there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  SDP_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace sdp::serve
