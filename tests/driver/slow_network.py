"""A loopback with a long way: what goes through it arrives late, and all of its connections can be cut."""

import asyncio
import threading
import time
from collections.abc import Callable

CHUNK = 1 << 16
HANGS = 1e6


class SlowNetwork:
    """Passes connections on to a port of loopback, each direction by `delay` seconds later. Whoever makes one closes it."""

    def __init__(self, listen: int, target: int, delay: float, change: Callable[[bytes], bytes] = lambda data: data):
        """`change`: what becomes of what comes back."""
        self._listen, self._target, self._delay, self._change = listen, target, delay, change
        self._cut_until = 0.0
        self.connections = 0  # that were passed on
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", listen))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._cut_until:
            writer.transport.abort()
            return
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        both = {writer, to_writer}
        self._open |= both
        try:
            await asyncio.gather(self._pass_on(reader, to_writer), self._pass_on(to_reader, writer, self._change))
        finally:
            self._open -= both
            for one in both:
                one.transport.abort()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        on_the_way: asyncio.Queue = asyncio.Queue()

        async def arrive() -> None:
            while True:
                at, data = await on_the_way.get()
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if not data:
                    writer.transport.abort()
                    return
                writer.write(data)
                await writer.drain()

        arriving = asyncio.ensure_future(arrive())
        try:
            while data := await reader.read(CHUNK):
                on_the_way.put_nowait((time.monotonic() + self._delay, change(data)))
        except OSError:
            pass
        on_the_way.put_nowait((time.monotonic() + self._delay, b""))
        await asyncio.wait([arriving])

    def cut(self, seconds: float) -> None:
        """Ends every connection, and each new one until `seconds` from now."""

        async def cut() -> None:
            self._cut_until = time.monotonic() + seconds
            for writer in list(self._open):
                writer.transport.abort()

        self._call(cut())

    def hang(self) -> None:
        """From now on nothing arrives, and connections stay open."""
        self._delay = HANGS

    def go_on(self) -> None:
        """What is sent from now on arrives at once; what was sent while it hung does not."""
        self._delay = 0

    def close(self) -> None:
        async def close() -> None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()

        self._call(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
