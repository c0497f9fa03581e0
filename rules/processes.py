"""The processes of a dom0: which ones hang, and which ones work on disks in the background."""

import re
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

PROCESSES: Final = Probe("ps -e -o stat,pid,comm", cap=262_144)
"""State, number and short name; never the arguments, which may hold secrets."""
AGAIN: Final = Probe("ps -e -o stat,pid,comm --sort pid", cap=262_144)
"""The same at another moment: what hangs is seen twice in the same state."""

_HEADER = re.compile(r"STAT +PID +(?:COMMAND|CMD|COMM)")
_ROW = re.compile(r"([DRSTtWXZIKP][A-Za-z<+]{0,7}) +([0-9]{1,10}) +(\S[^\x00-\x1f]{0,255})")
# The process that merges chains may keep the name of the driver that started it (NFSSR, LVMSR).
_MERGER = "cleanup.py"
_DRIVER = re.compile(r"[A-Za-z][A-Za-z0-9]*SR")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of dom0."""

    state: str
    number: int
    name: str


def processes(dom0: Any, probe: Probe = PROCESSES) -> tuple[Process, ...]:
    """All processes.

    Raises:
        NotVerifiedError: it is not the list of a whole system, which begins with process 1.
    """
    lines = printed(dom0, probe).splitlines()
    if not lines or not _HEADER.fullmatch(lines[0].strip()):
        raise NotVerifiedError("the processes cannot be read: it is not the table of ps")
    found = []
    for line in lines[1:]:
        row = _ROW.fullmatch(line.strip())
        if row is None:
            raise NotVerifiedError("the processes cannot be read: a line is not a process")
        found.append(Process(row[1], int(row[2]), row[3]))
    if not any(process.number == 1 for process in found):
        raise NotVerifiedError("the processes cannot be read: process 1 is not on the list")
    return tuple(found)


def stuck(dom0: Any) -> tuple[Process, ...]:
    """Those seen twice in uninterruptible sleep: they wait for what does not answer."""
    return tuple(p for p in _seen_twice(dom0, waiting=True) if p.state.startswith("D"))


def storage_work(dom0: Any) -> tuple[str, ...]:
    """Names of what merges disks, and of storage drivers that work for longer than a moment."""
    seen = (*processes(dom0), *processes(dom0, AGAIN))
    merging = {p.name for p in seen if p.name == _MERGER}
    drivers = {p.name for p in _seen_twice(dom0) if _DRIVER.fullmatch(p.name)}
    return tuple(sorted(merging | drivers))


def _seen_twice(dom0: Any, *, waiting: bool = False) -> tuple[Process, ...]:
    """What both lists have; with `waiting`, what the second has in uninterruptible sleep."""
    again = {
        (p.number, p.name) for p in processes(dom0, AGAIN) if not waiting or p.state.startswith("D")
    }
    return tuple(p for p in processes(dom0) if (p.number, p.name) in again)
