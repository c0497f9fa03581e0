"""A delay between two network namespaces, for kernels without netem: `lab.delay_line PID MS A B`.

Two TUN devices, one here and one in the namespace of process PID, joined by this process, which
holds every packet back for half of MS. TCP runs end to end, so its own round trips are delayed as
they are by a real line. There is no loss and no jitter beyond a fraction of a millisecond.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_LONGEST = 2048  # bytes; the devices' MTU is 1500
_AT_ONCE = 64  # packets taken from one side before the other has its turn
_MOST_WAITING = 20_000  # packets; more are dropped, as a router does
NEAR, FAR = "near", "far"


def open_tun(name: str) -> int:
    """Create a TUN device in this namespace; returns its file descriptor, not blocking."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


def forward(first: int, second: int, seconds: float) -> None:
    """Carry packets both ways for ever, each `seconds` after it came."""
    # The delay is constant, so packets leave in the order in which they came.
    lines: tuple[tuple[int, int, deque[tuple[float, bytes]]], ...]
    lines = ((first, second, deque()), (second, first, deque()))
    while True:
        now = time.monotonic()
        waits = [_send_due(to, waiting, now) for _, to, waiting in lines]
        due = [wait for wait in waits if wait is not None]
        ready = select.select([first, second], [], [], min(due) if due else None)[0]
        for source, _, waiting in lines:
            if source in ready:
                _take(source, waiting, seconds)


def _send_due(to: int, waiting: deque[tuple[float, bytes]], now: float) -> float | None:
    """Send what is due; seconds until the next is, None if none waits."""
    while waiting:
        left = waiting[0][0] - now
        if left > 0:
            return left
        try:
            os.write(to, waiting.popleft()[1])
        except OSError:  # the device is down, or its queue is full
            continue
    return None


def _take(source: int, waiting: deque[tuple[float, bytes]], seconds: float) -> None:
    for _ in range(_AT_ONCE):
        try:
            packet = os.read(source, _LONGEST)
        except BlockingIOError:
            return
        if len(waiting) < _MOST_WAITING:
            waiting.append((time.monotonic() + seconds, packet))


def main(process: str, milliseconds: str, there: str, here: str) -> None:
    """Make both devices with these addresses (`IP/BITS`), say `ready`, and forward."""
    ours, theirs = open_tun(NEAR), open_tun(FAR)
    inside = ("nsenter", "--target", process, "--net")
    for command in (
        ("ip", "link", "set", FAR, "netns", process),
        ("ip", "addr", "add", here, "dev", NEAR),
        ("ip", "link", "set", NEAR, "up", "mtu", "1500", "txqueuelen", "5000"),
        (*inside, "ip", "addr", "add", there, "dev", FAR),
        (*inside, "ip", "link", "set", FAR, "up", "mtu", "1500", "txqueuelen", "5000"),
        (*inside, "ip", "link", "set", "lo", "up"),
        (*inside, "ip", "route", "add", "default", "via", here.partition("/")[0]),
    ):
        subprocess.run(command, check=True)
    print("ready", flush=True)
    forward(ours, theirs, float(milliseconds) / 2000)


if __name__ == "__main__":
    main(*sys.argv[1:])
