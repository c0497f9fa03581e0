"""Space on a dom0's file systems, as `df -P` prints it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from rules.partition_table import MIB

BACKUP_SHARE: Final = 0.97
"""The part of a partition that ext3 leaves for files; the rest is its own tables."""

_MOST_LINES: Final = 200
_ROW = re.compile(
    r"(\S+)\s+([0-9]{1,18})\s+([0-9]{1,18})\s+(-?[0-9]{1,18})\s+(?:[0-9]{1,3}%|-)\s+(/[^\x00-\x1f]*)"
)


@dataclass(frozen=True, slots=True)
class Usage:
    """How full one file system is.

    Attributes:
        source: device node.
        total: KiB, or inodes.
        used: likewise.
        available: to others than root, likewise; may be negative.
        mounted_on: its mount point.
    """

    source: str
    total: int
    used: int
    available: int
    mounted_on: str

    @property
    def percent(self) -> float:
        """What is used of what can be used, in percent, as df computes it."""
        usable = self.used + self.available
        return 100.0 * self.used / usable if usable > 0 else 100.0


def parse_df(text: str) -> tuple[Usage, ...]:
    """Read `df -P -k PATH...` or `df -P -i PATH...`.

    Args:
        text: standard output.

    Returns:
        One row per path that df was asked for and found, in that order.

    Raises:
        NotVerifiedError: it is not a df table.
    """
    lines = text.splitlines()
    if not 2 <= len(lines) <= _MOST_LINES or not lines[0].startswith("Filesystem"):
        raise NotVerifiedError("the answer of df cannot be read: it is not its table")
    rows = []
    for line in lines[1:]:
        found = _ROW.fullmatch(line.rstrip())
        if not found:
            raise NotVerifiedError("the answer of df cannot be read: a line is not a file system")
        rows.append(Usage(found[1], int(found[2]), int(found[3]), int(found[4]), found[5]))
    return tuple(rows)


def mounted_on(rows: Iterable[Usage], path: str) -> Usage:
    """The file system mounted on exactly this path.

    Raises:
        NotVerifiedError: df named none.
    """
    found = next((row for row in rows if row.mounted_on == path), None)
    if found is None:
        raise NotVerifiedError(f"df named no file system mounted on {path}")
    if found.total <= 0 or found.used > found.total:
        raise NotVerifiedError(f"the size of {path} makes no sense: {found.used} of {found.total}")
    return found


def log_space(rows: Iterable[Usage], *, own: bool) -> Usage:
    """The file system that takes the logs.

    Args:
        rows: what df said of `/` and `/var/log`.
        own: whether `/var/log` is a mount of its own; else it is a part of the root file system.

    Raises:
        NotVerifiedError: df did not name it, or contradicts the list of mounts.
    """
    listed = tuple(rows)
    if not own and any(row.mounted_on == "/var/log" for row in listed):
        raise NotVerifiedError("df and the list of mounts disagree about /var/log")
    return mounted_on(listed, "/var/log" if own else "/")


def root_findings(
    root: Usage, inodes: Usage, backup_bytes: int, *, least_free_mib: int, inodes_percent: float
) -> tuple[str, ...]:
    """What is wrong with the root file system, each as a short phrase.

    Args:
        root: in KiB.
        inodes: the same in inodes.
        backup_bytes: size of the backup partition, to which an upgrade copies the whole root.
        least_free_mib: what must be free.
        inodes_percent: below which the use of inodes must stay.
    """
    fits = int(backup_bytes * BACKUP_SHARE) // MIB
    used, free = root.used // 1024, root.available // 1024
    found = []
    if used > fits:
        found.append(f"{used} MiB used do not fit the backup partition ({fits} MiB)")
    if root.available < least_free_mib * 1024:
        found.append(f"{free} MiB free instead of {least_free_mib}")
    if inodes.percent >= inodes_percent:
        found.append(
            f"{inodes.percent:.0f} % of the inodes used instead of below {inodes_percent:g} %"
        )
    return tuple(found)
