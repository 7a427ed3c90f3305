#include "serve/gzip.h"

#include <zlib.h>

#include <utility>

#include "base/check.h"

namespace sdp::serve {

struct Gzip::Stream {
  z_stream zlib{};
};

Gzip::Gzip() : stream_(std::make_unique<Stream>()) {
  constexpr int kGzipFormat = 15 + 16;
  constexpr int kMemoryLevel = 8;
  // Fails only without memory, where this process ends anyway.
  SDP_ASSERT(deflateInit2(&stream_->zlib, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, kMemoryLevel,
                          Z_DEFAULT_STRATEGY) == Z_OK);
}

Gzip::~Gzip() {
  deflateEnd(&stream_->zlib);
}

std::string Gzip::add(std::string_view piece, bool is_last) {
  z_stream& zlib = stream_->zlib;
  // zlib only reads there.
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  zlib.avail_in = static_cast<uInt>(piece.size());
  std::string packed;
  do {
    const std::size_t used = packed.size();
    packed.resize(used + deflateBound(&zlib, zlib.avail_in));
    zlib.next_out = reinterpret_cast<Bytef*>(packed.data() + used);
    zlib.avail_out = static_cast<uInt>(packed.size() - used);
    deflate(&zlib, is_last ? Z_FINISH : Z_NO_FLUSH);
  } while (zlib.avail_out == 0);
  packed.resize(packed.size() - zlib.avail_out);
  return packed;
}

std::string gzip(std::string_view bytes) {
  return Gzip().add(bytes, true);
}

http::Pieces gzip(http::Pieces pieces) {
  struct Under {
    http::Pieces pieces;
    Gzip gzip{};
    bool is_over = false;
  };
  const auto under = std::make_shared<Under>();
  under->pieces = std::move(pieces);
  return {.size = std::nullopt, .next = [under]() -> Result<std::string> {
            std::string packed;
            while (packed.empty() && !under->is_over) {
              SDP_TRY(const std::string piece, under->pieces.next());
              under->is_over = piece.empty();
              packed = under->gzip.add(piece, under->is_over);
            }
            return packed;
          }};
}

}  // namespace sdp::serve
