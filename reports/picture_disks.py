"""The primary disks of the hosts and how full their file systems are, as plain data for the report."""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.release_parts import DiskRule
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.disk_layout import Layout, table_letter
from rules.disk_reading import layout, partition_table, usage
from rules.file_systems import Usage
from rules.partition_table import GIB, MIB, Partition, PartitionTable

Role: TypeAlias = Literal["root", "backup", "log", "boot", "swap", "storage", "other"]

ROLES: Final[tuple[Role, ...]] = ("log", "backup", "root", "boot", "swap", "storage", "other")
_KEPT: Final = {
    "kept": "keeps this layout",
    "converted": "keeps this layout and shrinks the root partition for a boot partition",
    "switched": "switches this layout, which erases the local storage on the disk",
    "refused": "refuses this layout: its installer stops",
}
_SEEN: Final = ("/", "/var/log", "/boot", "/boot/efi")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a disk: what it is for, its partition number (0: none yet), start, size in bytes."""

    role: Role
    number: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class HostLayout:
    """A primary disk as it is, beside the same disk as the target would lay it out anew.

    Attributes:
        size: of the disk, in bytes.
        name: the layout in words.
        now: its partitions, in the order on the disk.
        target: what a new installation of the target makes; empty if none was stated.
        plan: what the intended upgrade does to the layout, in words.
    """

    size: int
    name: str
    now: tuple[Piece, ...]
    target: tuple[Piece, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class HostUsage:
    """The file systems of one dom0 that matter to an upgrade."""

    systems: tuple[Usage, ...]


def host_layout(audit: Audit, host: Host) -> HostLayout:
    """The primary disk of a host.

    Raises:
        NotVerifiedError: its partition table was not read.
    """
    dom0 = audit.own_dom0(host)
    table = partition_table(dom0)
    found: Layout | None = None
    name = "a layout that is not recognised"
    try:
        found = layout(dom0)
        name = f"{found.name} layout"
    except NotVerifiedError:
        pass
    target = audit.chosen_target
    return HostLayout(
        size=table.size,
        name=name,
        now=tuple(Piece(_role(table, p), p.number, p.start, p.size) for p in table.partitions),
        target=_new_layout(target.disk, table.size) if target else (),
        plan=_plan(found, target, audit.settings),
    )


def host_usage(audit: Audit, host: Host) -> HostUsage:
    """How full the file systems of a dom0 are.

    Raises:
        NotVerifiedError: df did not answer.
    """
    dom0: Any = audit.own_dom0(host)
    rows = {row.mounted_on: row for row in usage(dom0) if row.total > 0}
    found = tuple(rows[path] for path in _SEEN if path in rows)
    if not found:
        raise NotVerifiedError("df named no file system")
    return HostUsage(found)


def _role(table: PartitionTable, partition: Partition) -> Role:
    """What a partition of a recognised layout is for; a utility partition shifts all numbers."""
    letter = table_letter(table)
    first = table.partition(1)
    number = partition.number - (1 if first is not None and first.size < GIB else 0)
    roles: dict[int, Role] = {1: "root", 2: "backup", 3: "storage"}
    if letter in ("C", "D"):
        roles |= {4: "boot"}
    if letter == "D":
        roles |= {5: "log", 6: "swap"}
    return roles.get(number, "other") if letter else "other"


def _new_layout(disk: DiskRule, size: int) -> tuple[Piece, ...]:
    """The order on disk that the installer makes; what is left is for local storage."""
    sizes: tuple[tuple[Role, int, int], ...] = (
        ("log", 5, disk.logs_mib.value),
        ("backup", 2, disk.backup_mib.value),
        ("root", 1, disk.root_mib.value),
        ("boot", 4, disk.boot_mib.value),
        ("swap", 6, disk.swap_mib.value),
    )
    pieces, start = [], MIB
    for role, number, mib in sizes:
        pieces.append(Piece(role, number, start, mib * MIB))
        start += mib * MIB
    if size > start:
        pieces.append(Piece("storage", 3, start, size - start))
    return tuple(pieces)


def _plan(found: Layout | None, target: Release | None, settings: Settings) -> str:
    """What would become of the layout; whether that is allowed is what HOST-LAYOUT-01 judges."""
    if target is None:
        return "no target was stated"
    if settings.method == "clean":
        return f"a clean installation of {target.name} makes the layout below and erases the disk"
    if found is None:
        return f"what {target.name} does to it is not known"
    if found.generation == "old" and settings.layout == "switch":
        return (
            f"to be switched to the layout below (--layout=switch), which {target.name} "
            "does only by erasing the local storage"
        )
    effects = sorted({target.layouts[letter].keep.value for letter in found.letters})
    said = " or ".join(_KEPT[effect] for effect in effects)
    return f"an upgrade to {target.name} in place {said}"
