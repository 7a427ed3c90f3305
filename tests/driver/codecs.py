"""What Kafka compresses record batches with, where a test needs it in few lines: whole bodies at once, any size."""

import ctypes
import struct
import zlib

CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
SNAPPY_CHUNK = 1 << 16
# LZ4F_preferences_t with blockMode 1: Kafka reads no blocks that depend on those before them.
LZ4_INDEPENDENT = struct.pack("<4IQ2Ii5I", 0, 1, *[0] * 11)


def compress(codec: str, body: bytes) -> bytes:
    return {"gzip": _gzip, "snappy": _snappy, "lz4": _lz4, "zstd": _zstd}[codec](body)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _zstd(body: bytes) -> bytes:
    library = ctypes.CDLL("libzstd.so.1")
    for function in (library.ZSTD_compressBound, library.ZSTD_compress):
        function.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(body))))
    size = library.ZSTD_compress(out, ctypes.c_size_t(len(out)), body, ctypes.c_size_t(len(body)), 1)
    return out.raw[:size]


def _lz4(body: bytes) -> bytes:
    library = ctypes.CDLL("liblz4.so.1")
    for function in (library.LZ4F_compressFrameBound, library.LZ4F_compressFrame):
        function.restype = ctypes.c_size_t
    bound = library.LZ4F_compressFrameBound(ctypes.c_size_t(len(body)), LZ4_INDEPENDENT)
    out = ctypes.create_string_buffer(bound)
    size = library.LZ4F_compressFrame(out, ctypes.c_size_t(bound), body, ctypes.c_size_t(len(body)), LZ4_INDEPENDENT)
    return out.raw[:size]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _snappy(body: bytes) -> bytes:
    """As snappy-java frames it. Only runs of one byte become shorter."""
    out = [b"\x82SNAPPY\0", struct.pack(">ii", 1, 1)]
    for at in range(0, len(body), SNAPPY_CHUNK):
        chunk = _snappy_chunk(body[at : at + SNAPPY_CHUNK])
        out += [struct.pack(">i", len(chunk)), chunk]
    return b"".join(out)


def _snappy_chunk(chunk: bytes) -> bytes:
    size = _varint(len(chunk))
    if len(chunk) > 1 and chunk.count(chunk[0]) == len(chunk):
        # One literal, then copies of up to 64 bytes from one byte before.
        whole, rest = divmod(len(chunk) - 1, 64)
        copies = bytes([63 << 2 | 2, 1, 0]) * whole + (bytes([(rest - 1) << 2 | 2, 1, 0]) if rest else b"")
        return size + b"\0" + chunk[:1] + copies
    return size + b"\xf8" + struct.pack("<I", len(chunk) - 1)[:3] + chunk
