#include "lake/compression.h"

#include <fmt/core.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace sdp::lake {
namespace {

constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;  // zlib's spelling of "gzip header, 32 KiB window"
constexpr std::size_t kChunk = std::size_t{256} << 10;

Error damaged(Compression compression, std::string_view why) {
  return {ErrorKind::bad_input, fmt::format("damaged {} body: {}", name(compression), why)};
}

Error too_large(std::size_t bytes_max) {
  return {ErrorKind::bad_input, fmt::format("body is larger than {} bytes when decompressed", bytes_max)};
}

/// The buffer's next size: in steps, so that a small body cannot claim much memory, and never far above the
/// limit.
std::size_t grown(std::size_t used, std::size_t bytes_max) {
  return std::min(used + std::max(kChunk, used / 2), bytes_max + 1);
}

Result<std::string> gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(ErrorKind::fatal, "gzip could not be started: out of memory");
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&stream, &deflateEnd);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return fail(ErrorKind::fatal, "gzip did not finish");
  out.resize(stream.total_out);
  return out;
}

Result<std::string> gunzip(std::string_view body, std::size_t bytes_max) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return fail(ErrorKind::fatal, "gzip could not be started: out of memory");
  }
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const std::size_t used = out.size();
    out.resize(grown(used, bytes_max));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(out.size() - used);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > bytes_max) return std::unexpected(too_large(bytes_max));
    if (status != Z_OK && status != Z_STREAM_END) {
      return std::unexpected(damaged(Compression::gzip, stream.msg ? stream.msg : "it ends early"));
    }
  }
  if (stream.avail_in != 0) return std::unexpected(damaged(Compression::gzip, "bytes follow its end"));
  return out;
}

Result<std::string> zstd(std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(ErrorKind::fatal, "zstd could not be started: out of memory");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out;
  std::size_t size = 0;
  // Not filled with zeros first: most of the bound is never written to, and so never becomes memory.
  out.resize_and_overwrite(ZSTD_compressBound(bytes.size()), [&](char* data, std::size_t room) {
    size = ZSTD_compress2(context.get(), data, room, bytes.data(), bytes.size());
    return ZSTD_isError(size) ? 0 : size;
  });
  if (ZSTD_isError(size)) return fail(ErrorKind::fatal, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  return out;
}

Result<std::string> unzstd(std::string_view body, std::size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context) return fail(ErrorKind::fatal, "zstd could not be started: out of memory");
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::string out;
  for (std::size_t hint = 1; hint != 0;) {
    const std::size_t used = out.size();
    out.resize(grown(used, bytes_max));
    ZSTD_outBuffer to{out.data() + used, out.size() - used, 0};
    hint = ZSTD_decompressStream(context.get(), &to, &in);
    out.resize(used + to.pos);
    if (ZSTD_isError(hint)) return std::unexpected(damaged(Compression::zstd, ZSTD_getErrorName(hint)));
    if (out.size() > bytes_max) return std::unexpected(too_large(bytes_max));
    if (hint != 0 && in.pos == in.size && to.pos < to.size) {
      return std::unexpected(damaged(Compression::zstd, "it ends early"));
    }
  }
  if (in.pos != in.size) return std::unexpected(damaged(Compression::zstd, "bytes follow its end"));
  return out;
}

}  // namespace

std::string_view name(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
  }
  return "none";
}

std::optional<Compression> parse_compression(std::string_view text) {
  for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
    if (text == name(compression)) return compression;
  }
  return std::nullopt;
}

std::string_view extension(Compression compression) {
  switch (compression) {
    case Compression::none:
      return ".json";
    case Compression::gzip:
      return ".json.gz";
    case Compression::zstd:
      return ".json.zst";
  }
  return ".json";
}

Result<std::string> compress(Compression compression, std::string_view bytes) {
  if (bytes.size() > kObjectBytesMax) return std::unexpected(too_large(kObjectBytesMax));
  switch (compression) {
    case Compression::none:
      return std::string(bytes);
    case Compression::gzip:
      return gzip(bytes);
    case Compression::zstd:
      return zstd(bytes);
  }
  return std::string(bytes);
}

Result<std::string> decompress(Compression compression, std::string_view body, std::size_t bytes_max) {
  if (body.size() > kObjectBytesMax) return std::unexpected(too_large(kObjectBytesMax));
  bytes_max = std::min(bytes_max, kObjectBytesMax);
  switch (compression) {
    case Compression::none:
      break;
    case Compression::gzip:
      return gunzip(body, bytes_max);
    case Compression::zstd:
      return unzstd(body, bytes_max);
  }
  if (body.size() > bytes_max) return std::unexpected(too_large(bytes_max));
  return std::string(body);
}

}  // namespace sdp::lake
