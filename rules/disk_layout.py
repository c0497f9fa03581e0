"""Which partition layout a host has, and what an upgrade would do to it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fixtures.exceptions import NotVerifiedError
from rules.partition_table import GIB, MIB, Partition, PartitionTable

Generation = Literal["new", "old"]

_MOST_LINES: Final = 500
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]{0,60})='([^'\x00-\x1f]{0,1000})'\s*")

# Tolerant sizes: file systems and installers round differently.
_NEW_ROOT: Final = (17 * GIB, 19 * GIB)
_OLD_ROOT: Final = (int(3.3 * GIB), int(4.1 * GIB))
_FOUR_GIB: Final = (int(3.85 * GIB), int(4.1 * GIB))
_BOOT: Final = (480 * MIB, 544 * MIB)
_SMALLEST_ROOT: Final = 3 * GIB


@dataclass(frozen=True, slots=True)
class Witness:
    """One source and the generation of layout that it speaks for; `detail` is what it showed."""

    source: str
    says: Generation
    detail: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A recognised layout.

    Attributes:
        generation: `new` (separate log partition) or `old`.
        letters: which of A (old DOS), B (old GPT), C (old GPT after an upgrade to 7.x) and D (new)
            it can be; one, unless the partition table was not read.
        witnesses: at least two, of one mind.
    """

    generation: Generation
    letters: tuple[str, ...]
    witnesses: tuple[Witness, ...]

    @property
    def name(self) -> str:
        """The layout in words."""
        return f"{self.generation} ({' or '.join(self.letters)})"


def parse_inventory(text: str) -> Mapping[str, str]:
    """The values of `/etc/xensource-inventory`.

    Raises:
        NotVerifiedError: it does not hold the lines of an inventory.
    """
    lines = text.splitlines()[:_MOST_LINES]
    found = {m[1]: m[2] for line in lines if (m := _ASSIGNMENT.fullmatch(line))}
    if "INSTALLATION_UUID" not in found:
        raise NotVerifiedError("/etc/xensource-inventory cannot be read: it is not an inventory")
    return found


def inventory_witness(inventory: Mapping[str, str]) -> Witness | None:
    """What the installer noted as PARTITION_LAYOUT; installers up to 7.0 noted nothing."""
    noted = inventory.get("PARTITION_LAYOUT", "")
    parts = [part.strip() for part in noted.split(",")]
    if "ROOT" not in parts or "BACKUP" not in parts:
        return None
    return Witness("inventory", "new" if "LOG" in parts else "old", noted)


def mounts_witness(*, root: bool, log: bool) -> Witness | None:
    """Whether `/var/log` is a mount of its own; nothing when not even `/` is listed."""
    if not root:
        return None
    if log:
        return Witness("mounts", "new", "/var/log is a mount of its own")
    return Witness("mounts", "old", "/var/log is part of /")


def root_size_witness(total_kib: int) -> Witness | None:
    """What the size of the root file system says; nothing when it is of neither layout."""
    size = total_kib * 1024
    detail = f"/ has {size // MIB} MiB"
    if _NEW_ROOT[0] <= size <= _NEW_ROOT[1]:
        return Witness("size of /", "new", detail)
    if _OLD_ROOT[0] <= size <= _OLD_ROOT[1]:
        return Witness("size of /", "old", detail)
    return None


def table_letter(table: PartitionTable) -> str | None:
    """Which layout a partition table shows; None when it is none of them.

    A utility partition of the vendor comes first where there is one, and shifts all numbers.
    Source: host-installer, disktools.py and backend.py.
    """
    first = table.partition(1)
    shift = 1 if first is not None and first.size < GIB else 0
    root, backup = table.partition(1 + shift), table.partition(2 + shift)
    boot = table.partition(4 + shift)
    if root is None or backup is None:
        return None
    others = [p for p in table.partitions if p.number > 2 + shift]
    if _in(root, _NEW_ROOT) and _in(backup, _NEW_ROOT):
        logs = any(_in(p, _FOUR_GIB) for p in others)
        return "D" if table.kind == "gpt" and logs else None
    if not (_in(root, _OLD_ROOT) and _in(backup, _FOUR_GIB)):
        return None
    if table.kind == "msdos":
        return "A"
    return "C" if boot is not None and _in(boot, _BOOT) else "B"


def table_witness(table: PartitionTable) -> Witness | None:
    """What the partition table says."""
    letter = table_letter(table)
    if letter is None:
        return None
    return Witness("partition table", "new" if letter == "D" else "old", f"layout {letter}")


def recognise(
    found: Iterable[Witness | None], table: PartitionTable | None, unknown: Iterable[str] = ()
) -> Layout:
    """Let the witnesses decide.

    Args:
        found: what each says; None for one that says nothing.
        table: the partition table, which alone tells A, B and C apart; None when not read.
        unknown: why sources could not be asked, for the cause.

    Raises:
        NotVerifiedError: fewer than two say anything, or they disagree.
    """
    witnesses = tuple(witness for witness in found if witness is not None)
    said = "; ".join(f"{w.source}: {w.says} ({w.detail})" for w in witnesses)
    if len({witness.says for witness in witnesses}) > 1:
        raise NotVerifiedError(f"the partition layout cannot be told, its signs disagree: {said}")
    if len(witnesses) < 2:
        missing = "".join(f"; {why}" for why in dict.fromkeys(unknown))
        raise NotVerifiedError(
            "the partition layout cannot be told, two signs are needed:"
            f" {said or 'there is none'}{missing}"
        )
    generation = witnesses[0].says
    letter = table_letter(table) if table is not None else None
    letters = (letter,) if letter else ("D",) if generation == "new" else ("A", "B", "C")
    return Layout(generation, letters, witnesses)


def backup_partition(table: PartitionTable, inventory: Mapping[str, str]) -> Partition:
    """The partition that keeps the previous installation.

    Raises:
        NotVerifiedError: the inventory names none that the table has.
    """
    named = inventory.get("BACKUP_PARTITION", "")
    number = re.search(r"([0-9]{1,3})\Z", named)
    found = table.partition(int(number[1])) if number else None
    if found is None or found.size < _SMALLEST_ROOT:
        raise NotVerifiedError(f"the backup partition cannot be told: the inventory says {named!r}")
    return found


def is_on_disk(device: str, disk: str, node: str) -> bool | None:
    """Whether a device is a partition of a disk.

    Args:
        device: of a PBD, for example `/dev/disk/by-id/scsi-3600-part3` or `/dev/sda3`.
        disk: PRIMARY_DISK as the inventory has it.
        node: the same resolved, for example `/dev/sda`.

    Returns:
        None when the two names cannot be compared: an alias that only dom0 could resolve.
    """
    for name in {disk, node}:
        if name and re.fullmatch(r"(?:(?:-part|p)?[0-9]{1,3})?", device.removeprefix(name)):
            return True
    plain = re.compile(r"/dev/[a-z0-9-]+(?:/c[0-9]+d[0-9]+(?:p[0-9]+)?)?")
    return False if plain.fullmatch(device) and plain.fullmatch(node) else None


def any_on_disk(devices: str, disk: str, node: str) -> bool | None:
    """The same of all devices of a PBD, with commas between them."""
    answers = {is_on_disk(device.strip(), disk, node) for device in devices.split(",")}
    return True if True in answers else None if None in answers else False


def _in(partition: Partition, limits: tuple[int, int]) -> bool:
    return limits[0] <= partition.size <= limits[1]
