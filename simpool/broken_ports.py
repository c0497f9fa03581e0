"""Ports of hosts that are broken before SSH begins: raw TCP servers on loopback, one per fault."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from enum import Enum

LOOPBACK = "127.0.0.1"
GREETING = b"SSH-2.0-OpenSSH_7.4\r\n"
_PIECE = 65_536


class PortFault(Enum):
    """What a port does instead of speaking SSH."""

    REFUSED = "refused"  # nobody listens
    DROPPED = "dropped"  # no answer to a connection attempt, as behind a firewall
    SILENT = "silent"  # takes the connection and says nothing
    GREETS = "greets"  # says which SSH it is, and nothing else
    DRIPS = "drips"  # a byte of a greeting now and then, for ever
    LINES = "lines"  # line after line before a greeting that never comes
    NO_LINE_END = "no-line-end"  # bytes without any line end
    HTTP = "http"  # another protocol
    HANGS_UP = "hangs-up"  # closes at once
    FULL = "full"  # says what sshd says past MaxStartups, and closes
    HANGS_UP_GREETED = "hangs-up-greeted"  # closes behind its greeting
    GARBAGE = "garbage"  # greets, then bytes that are no SSH
    HUGE_PACKET = "huge-packet"  # greets, then announces a packet of 4 GB
    EMPTY_PACKETS = "empty-packets"  # greets, then packets without meaning for ever


_SAYS = {
    PortFault.GREETS: GREETING,
    PortFault.HTTP: b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    PortFault.FULL: b"Exceeded MaxStartups\r\n",
    PortFault.HANGS_UP_GREETED: GREETING,
    PortFault.GARBAGE: GREETING + bytes(range(256)) * 8,
    PortFault.HUGE_PACKET: GREETING + b"\xff\xff\xff\xf4" + b"\x04\x14" + b"x" * 65_536,
}
_REPEATS = {
    PortFault.LINES: b"Welcome to this machine\r\n" * 1000,
    PortFault.NO_LINE_END: b"x" * _PIECE,
    # SSH_MSG_IGNORE with an empty string, unencrypted (RFC 4253, sections 6 and 11.2).
    PortFault.EMPTY_PACKETS: (
        b"\x00\x00\x00\x0c\x06\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" * 1000
    ),
}
_HANGS_UP = (PortFault.HTTP, PortFault.HANGS_UP, PortFault.FULL, PortFault.HANGS_UP_GREETED)


@contextlib.contextmanager
def broken_port(fault: PortFault) -> Iterator[int]:
    """A port on loopback with this fault."""
    if fault in (PortFault.REFUSED, PortFault.DROPPED):
        with _unanswered(fault) as port:
            yield port
        return
    over = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = threading.Thread(
            target=_serve, args=(listener, fault, over), name=f"port-{fault.value}"
        )
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join(timeout=10)


@contextlib.contextmanager
def _unanswered(fault: PortFault) -> Iterator[int]:
    with socket.socket() as holder, contextlib.ExitStack() as fillers:
        holder.bind((LOOPBACK, 0))
        port = int(holder.getsockname()[1])
        if fault is PortFault.DROPPED:
            # Past a full queue of connections the system leaves further attempts unanswered.
            holder.listen(0)
            for _ in range(4):
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex((LOOPBACK, port))
        yield port


def _serve(listener: socket.socket, fault: PortFault, over: threading.Event) -> None:
    """Answer every connection with the fault, until it is over."""
    listener.settimeout(0.05)
    repeated = b"SSH-2.0-x" if fault is PortFault.DRIPS else _REPEATS.get(fault, b"")
    with contextlib.ExitStack() as opened:
        writers: list[socket.socket] = []
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                sock = opened.enter_context(listener.accept()[0])
                sock.setblocking(False)
                with contextlib.suppress(OSError):
                    sock.send(GREETING if fault is PortFault.EMPTY_PACKETS else b"")
                    sock.send(_SAYS.get(fault, b""))
                    if fault in _HANGS_UP:
                        sock.shutdown(socket.SHUT_WR)
                writers.append(sock)
            if repeated and writers:
                _repeat(writers, repeated[:1] if fault is PortFault.DRIPS else repeated)


def _repeat(writers: list[socket.socket], data: bytes) -> None:
    for sock in select.select([], writers, [], 0)[1]:
        try:
            sock.send(data)
        except BlockingIOError:
            continue
        except OSError:
            writers.remove(sock)
