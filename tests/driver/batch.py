"""Record batches byte by byte: the one crafted producer, of whatever a client library would not send, and what no client tells."""

import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from driver.codecs import CODECS, compress

HEAD_SIZE = 61
# Where a batch has what is changed in it.
CRC_AT, CHECKED_AT, ATTRIBUTES_AT, COUNT_AT = 17, 21, 21, 57


def _crc32c_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC32C = _crc32c_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(number: int) -> bytes:
    zigzag = (number << 1) ^ (number >> 63)
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)


def _bytes(data: bytes | None) -> bytes:
    return varint(-1) if data is None else varint(len(data)) + data


def record_batch(
    records: list[tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]],
    at_ms: int | None = None,
    codec: str | None = None,
) -> bytes:
    """Records (key, value, headers) in Kafka's format 2, without producer id, sent now or `at_ms`."""
    pieces = []
    for delta, (key, value, headers) in enumerate(records):
        record = b"\0" + varint(0) + varint(delta) + _bytes(key) + _bytes(value) + varint(len(headers))
        record += b"".join(_bytes(name) + _bytes(content) for name, content in headers)
        pieces += [varint(len(record)), record]
    body = b"".join(pieces)
    if codec:
        body = compress(codec, body)
    at_ms = int(time.time() * 1000) if at_ms is None else at_ms
    attributes = CODECS[codec] if codec else 0
    checked = struct.pack(">hiqqqhii", attributes, len(records) - 1, at_ms, at_ms, -1, -1, -1, len(records)) + body
    rest = struct.pack(">ibI", -1, 2, crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(rest)) + rest


def rewrite_batch(log_folder: Path, offset: int, change: Callable[[bytearray], None], checksum: bool = True) -> bytes:
    """Changes the batch that begins at `offset` where the broker has it, as a disk or somebody else's broker might, with a
    right checksum or the one it had. Returns it as it was."""
    for path in sorted(log_folder.glob("*.log")):
        with path.open("r+b") as segment:
            while head := segment.read(12):
                at, (base, length) = segment.tell() - 12, struct.unpack(">qi", head)
                if base == offset:
                    before = head + segment.read(length)
                    batch = bytearray(before)
                    change(batch)
                    assert len(batch) == len(before), "a batch in its place keeps its size"
                    if checksum:
                        batch[CRC_AT:CHECKED_AT] = struct.pack(">I", crc32c(bytes(batch[CHECKED_AT:])))
                    segment.seek(at)
                    segment.write(batch)
                    return before
                segment.seek(length, 1)
    raise AssertionError(f"no batch begins at offset {offset} in {log_folder}")


# Unknown topic, no leader, not the leader: what a topic says that was made a moment ago.
NOT_READY = (3, 5, 6)


def produce_bytes(
    address: str, topic: str, partition: int, records, at_ms: int | None = None, codec: str | None = None
) -> int:
    """Sends one batch by a Produce request. Any bytes can be keys, values and headers. A topic with `CreateTime` keeps
    `at_ms`. Returns the batch's first offset."""
    return produce_batch(address, topic, partition, record_batch(records, at_ms, codec))


def produce_batch(address: str, topic: str, partition: int, batch: bytes) -> int:
    """By version 7, the first one that takes zstd."""
    name = topic.encode()
    request = struct.pack(">hhihhhii", 0, 7, 1, -1, -1, -1, 30_000, 1)
    request += struct.pack(">h", len(name)) + name + struct.pack(">iii", 1, partition, len(batch)) + batch
    deadline = time.monotonic() + 30
    while (told := _produced(address, name, request))[0] in NOT_READY and time.monotonic() < deadline:
        time.sleep(0.1)
    error, offset = told
    assert error == 0, f"the broker refused the batch with error code {error}"
    return offset


def _produced(address: str, name: bytes, request: bytes) -> tuple[int, int]:
    """Error code and first offset."""
    answer = _answer(address, request)
    # Behind correlation id, topics, name, partitions, partition.
    return struct.unpack_from(">hq", answer, 4 + 4 + 2 + len(name) + 4 + 4)


def _answer(address: str, request: bytes) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        stream = connection.makefile("rb")
        return stream.read(struct.unpack(">i", stream.read(4))[0])


COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
# Of a batch's header: base offset and length, which do not count to the length; then where the attributes are.
BEFORE_LENGTH_COUNTS, ATTRIBUTES_AT = 12, 21


def stored_compressions(address: str, topic: str, partitions: int) -> set[str]:
    """In what the broker stores the batches of a topic, which no client tells. The first 16 MB of each partition."""
    found = set()
    for partition in range(partitions):
        batches = _fetch(address, topic.encode(), partition)
        at = 0
        # The last batch may be cut off.
        while at + ATTRIBUTES_AT + 2 <= len(batches):
            (attributes,) = struct.unpack_from(">h", batches, at + ATTRIBUTES_AT)
            found.add(COMPRESSIONS[attributes & 7])
            at += BEFORE_LENGTH_COUNTS + struct.unpack_from(">i", batches, at + 8)[0]
    return found


def _fetch(address: str, name: bytes, partition: int) -> bytes:
    """What a Fetch request of version 4 gives from offset 0."""
    request = struct.pack(">hhih", 1, 4, 1, -1) + struct.pack(">iiiib", -1, 1000, 1, 16 << 20, 0)
    request += struct.pack(">ih", 1, len(name)) + name + struct.pack(">iiqi", 1, partition, 0, 16 << 20)
    answer = _answer(address, request)
    # Correlation id, throttle time, topics, name, partitions, partition; then what is told of the partition.
    at = 4 + 4 + 4 + 2 + len(name) + 4 + 4
    error, _, _, aborted = struct.unpack_from(">hqqi", answer, at)
    assert error == 0, f"the broker refused to give {name.decode()}/{partition}: error code {error}"
    at += 22 + 16 * max(aborted, 0)
    (size,) = struct.unpack_from(">i", answer, at)
    return answer[at + 4 : at + 4 + size]
