"""A TCP relay on loopback that adds a round trip time, where the kernel has no netem.

What each end sees is what a real line of that length would give: a connection is there for the server
one and a half round trips after the client asked, and every byte takes half a round trip. Bandwidth,
loss and slow start are not simulated.
"""

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

_CHUNK: Final = 1 << 18
_IN_FLIGHT: Final = 256
_UP: Final = "up"
_DOWN: Final = "down"

# A piece and the moment it arrives; nothing at all once the sender has closed.
_Line = asyncio.Queue[tuple[float, bytes]]


class DelayLine:
    """Relays in front of servers on 127.0.0.1, while the `with` block lasts.

    Args:
        servers: name -> port of the server.
        round_trip: seconds.

    Attributes:
        ports: name -> port of the relay.
        connections: how many there were.
        bytes: those that clients sent (`up`), and servers (`down`).
        turns: how often a client spoke after the server had, or first: the round trips, less those
            of connecting.
    """

    def __init__(self, servers: Mapping[str, int], round_trip: float) -> None:
        self.ports: dict[str, int] = {}
        self.connections = self.turns = 0
        self.bytes = {_UP: 0, _DOWN: 0}
        self._servers = servers
        self._half = round_trip / 2
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listening: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def _listen(self) -> None:
        for name, port in self._servers.items():
            self.ports[name] = await self._relay(port)

    async def _relay(self, port: int) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._joined(port, reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=_CHUNK)
        self._listening.append(server)
        found: int = server.sockets[0].getsockname()[1]
        return found

    async def _joined(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there: _Line = asyncio.Queue(_IN_FLIGHT)
        back: _Line = asyncio.Queue(_IN_FLIGHT)
        last = [_DOWN]
        reading = asyncio.create_task(self._take(reader, there, last, _UP))
        try:
            # The client's SYN, the answer to it, and the client's ACK.
            await asyncio.sleep(3 * self._half)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, limit=_CHUNK)
            answering = asyncio.create_task(self._take(far_reader, back, last, _DOWN))
            await asyncio.gather(_give(there, far_writer), _give(back, writer))
            await answering
        finally:
            reading.cancel()

    async def _take(
        self, reader: asyncio.StreamReader, line: _Line, last: list[str], here: str
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            self.bytes[here] += len(data)
            if data:
                self.turns += here == _UP != last[0]
                last[0] = here
            await line.put((loop.time() + self._half, data))
            if not data:
                return

    async def _close(self) -> None:
        for server in self._listening:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _give(line: _Line, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            due, data = await line.get()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not data:
                return
            writer.write(data)
            await writer.drain()
    finally:
        # Half-closed lines are of no use to SSH or HTTP: whoever closes, closes both.
        writer.close()
