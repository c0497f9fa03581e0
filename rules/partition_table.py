"""The partition table of a host's primary disk, as sgdisk or parted print it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fixtures.exceptions import NotVerifiedError

MIB: Final = 2**20
GIB: Final = 2**30

_MOST_LINES: Final = 400
_SGDISK_DISK = re.compile(r"Disk (/\S+): ([0-9]{1,18}) sectors\b")
_SGDISK_SECTOR = re.compile(
    r"(?:Logical sector size: |Sector size \(logical(?:/physical)?\): )"
    r"([0-9]{1,6})(?:/[0-9]{1,6})? bytes"
)
_SGDISK_ROW = re.compile(
    r"\s*([0-9]{1,3})\s+([0-9]{1,18})\s+([0-9]{1,18})\s+\S+ \S+\s+([0-9A-F]{4})\b"
)
_SGDISK_FOUND = re.compile(r"Found (?:invalid|valid) GPT and (valid|hybrid|invalid|protective) MBR")
_PARTED_DISK = re.compile(r"(/[^:]*):([0-9]{1,18})B:[^:]*:([0-9]{1,6}):[0-9]{1,6}:(gpt|msdos):.*;")
_PARTED_ROW = re.compile(
    r"([0-9]{1,3}):([0-9]{1,18})B:([0-9]{1,18})B:([0-9]{1,18})B:([^:]*):([^:]*):([^;]*);"
)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its number, not its order on the disk; start and size in bytes."""

    number: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class PartitionTable:
    """The partitions of one disk.

    Attributes:
        disk: device node.
        kind: `gpt`, or `msdos` for a DOS table (MBR).
        size: of the disk, in bytes.
        partitions: in the order of their place on the disk.
    """

    disk: str
    kind: Literal["gpt", "msdos"]
    size: int
    partitions: tuple[Partition, ...]

    def partition(self, number: int) -> Partition | None:
        """The partition of this number."""
        return next((p for p in self.partitions if p.number == number), None)


def parse_table(text: str) -> PartitionTable:
    """Read what `sgdisk -p` or `parted -s -m ... unit B print` printed.

    Args:
        text: standard output.

    Returns:
        The table. sgdisk shows a DOS table converted in memory, and says so; it stays `msdos`.

    Raises:
        NotVerifiedError: it is neither, is cut short, or contradicts itself.
    """
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        raise NotVerifiedError("the partition table cannot be read: too many lines")
    machine_readable = any(line.strip() == "BYT;" for line in lines)
    return _sound(_parted(lines) if machine_readable else _sgdisk(lines))


def _sgdisk(lines: Sequence[str]) -> PartitionTable:
    disk = _first(_SGDISK_DISK, lines)
    sector = _first(_SGDISK_SECTOR, lines)
    if disk is None or sector is None:
        raise NotVerifiedError(
            "the partition table cannot be read: no size of the disk was printed"
        )
    headings = [at for at, line in enumerate(lines) if line.split()[:2] == ["Number", "Start"]]
    if len(headings) != 1:
        raise NotVerifiedError("the partition table cannot be read: it is cut short")
    found = _first(_SGDISK_FOUND, lines)
    size_of_sector = int(sector[1])
    rows = [line for line in lines[headings[0] + 1 :] if line.strip()]
    parsed = [_SGDISK_ROW.match(row) for row in rows]
    if not all(parsed):
        raise NotVerifiedError("the partition table cannot be read: a line is not a partition")
    return PartitionTable(
        disk=disk[1],
        kind="msdos" if found and found[1] in ("valid", "hybrid") else "gpt",
        size=int(disk[2]) * size_of_sector,
        partitions=tuple(
            Partition(
                number=int(row[1]),
                start=int(row[2]) * size_of_sector,
                size=(int(row[3]) - int(row[2]) + 1) * size_of_sector,
            )
            for row in parsed
            if row
        ),
    )


def _parted(lines: Sequence[str]) -> PartitionTable:
    at = next(at for at, line in enumerate(lines) if line.strip() == "BYT;")
    disk = _PARTED_DISK.fullmatch(lines[at + 1].strip()) if at + 1 < len(lines) else None
    if disk is None:
        raise NotVerifiedError(
            "the partition table cannot be read: neither a GPT nor a DOS table was printed"
        )
    rows = [line.strip() for line in lines[at + 2 :] if line.strip()]
    parsed = [_PARTED_ROW.fullmatch(row) for row in rows]
    if not all(parsed):
        raise NotVerifiedError("the partition table cannot be read: a line is not a partition")
    return PartitionTable(
        disk=disk[1],
        kind="gpt" if disk[4] == "gpt" else "msdos",
        size=int(disk[2]),
        partitions=tuple(
            Partition(number=int(row[1]), start=int(row[2]), size=int(row[3]) - int(row[2]) + 1)
            for row in parsed
            if row
        ),
    )


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> re.Match[str] | None:
    return next((found for line in lines if (found := pattern.match(line.strip()))), None)


def _sound(table: PartitionTable) -> PartitionTable:
    """The same table in disk order; refused where it could not be one."""
    partitions = tuple(sorted(table.partitions, key=lambda p: (p.start, p.number)))
    if table.size <= 0 or not partitions:
        raise NotVerifiedError("the partition table cannot be read: it has no partition")
    if len({p.number for p in partitions}) != len(partitions):
        raise NotVerifiedError("the partition table contradicts itself: a number is there twice")
    if any(p.size <= 0 or p.start + p.size > table.size for p in partitions):
        raise NotVerifiedError(
            "the partition table contradicts itself: a partition leaves the disk"
        )
    return PartitionTable(table.disk, table.kind, table.size, partitions)
