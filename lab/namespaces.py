"""Network namespaces and processes: who is in which, and how this thread enters another one."""

import contextlib
import ctypes
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_PATIENCE: Final = 30.0  # seconds; a machine that is slower than that has another problem
_NETWORK: Final = 0x40000000  # CLONE_NEWNET


@contextlib.contextmanager
def inside(process: int) -> Iterator[None]:
    """This thread in the network namespace of another process; sockets made there stay there."""
    with Path("/proc/self/ns/net").open("rb") as home:
        with Path(f"/proc/{process}/ns/net").open("rb") as there:
            _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


def await_own_network(process: int) -> None:
    """Until a process has left our network namespace for one of its own."""
    own, its = Path("/proc/self/ns/net").readlink(), Path(f"/proc/{process}/ns/net")
    until(lambda: its.readlink() != own)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it does not come true.
    """
    end = time.monotonic() + _PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def descendants(process: int) -> set[int]:
    """A process and all that it has started, directly or not."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return {process}.union(*(descendants(int(child)) for child in children.split()))
