"""Software RAID of dom0, as the kernel states it in /proc/mdstat."""

import re
from collections.abc import Iterator
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import file

MDSTAT: Final = file("/proc/mdstat")

_ARRAY: Final = re.compile(r"(md\S+) : (active|inactive)((?: \([\w-]+\))?)((?: \S+)*)\s*")
_MEMBERS: Final = re.compile(r"\[(\d+)/(\d+)\] \[([U_]+)\]")
_WORK: Final = re.compile(r"\b(recovery|resync|reshape) *=")
_EXTERNAL: Final = "super external:"


def array_problems(mdstat: str) -> tuple[str, ...]:
    """What is wrong with the arrays.

    Args:
        mdstat: content of /proc/mdstat.

    Raises:
        NotVerifiedError: it is not whole, or an array is described in words that are not known.
    """
    found: list[str] = []
    for name, words in _arrays(mdstat):
        head = _ARRAY.fullmatch(words[0])
        if not head:
            raise NotVerifiedError(f"/proc/mdstat: {name} is described in unknown words")
        more = " ".join(words[1:])
        # A container of firmware RAID only holds the description of its arrays.
        if head[2] == "inactive" and _EXTERNAL not in more:
            found.append(f"{name} inactive")
        if "(F)" in head[4]:
            found.append(f"{name} has a failed member")
        counted = _MEMBERS.search(more)
        if counted and (counted[1] != counted[2] or "_" in counted[3]):
            found.append(f"{name} degraded, {counted[2]} of {counted[1]} members")
        if work := _WORK.search(more):
            found.append(f"{name} under {work[1]}")
    return tuple(found)


def array_names(mdstat: str) -> tuple[str, ...]:
    """The names of all arrays.

    Raises:
        NotVerifiedError: the list is not whole.
    """
    return tuple(name for name, _ in _arrays(mdstat))


def _arrays(mdstat: str) -> Iterator[tuple[str, list[str]]]:
    """Each array's name and its lines."""
    lines = [line for line in mdstat.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].startswith("Personalities :"):
        raise NotVerifiedError("/proc/mdstat cannot be read: it has another form")
    if not lines[-1].startswith("unused devices:"):
        raise NotVerifiedError("/proc/mdstat cannot be read: its end is missing")
    current: list[str] = []
    for line in lines[1:-1]:
        if not line.startswith((" ", "\t")):
            if current:
                yield current[0].split()[0], current
            current = [line]
        elif current:
            current.append(line)
        else:
            raise NotVerifiedError("/proc/mdstat cannot be read: a line belongs to no array")
    if current:
        yield current[0].split()[0], current
