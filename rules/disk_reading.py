"""What a dom0 says of its primary disk: inventory, partition table, layout, size."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import (
    DISK_SIZE,
    INODES,
    INVENTORY,
    MOUNTS,
    PRIMARY_DISK,
    SPACE,
    TABLE_PARTED,
    TABLE_SGDISK,
    Probe,
)
from rules.disk_layout import (
    Layout,
    inventory_witness,
    mounts_witness,
    parse_inventory,
    recognise,
    root_size_witness,
    table_witness,
)
from rules.file_systems import Usage, mounted_on, parse_df
from rules.partition_table import PartitionTable, parse_table

T = TypeVar("T")

LAYOUT_PROBES: tuple[Probe, ...] = (INVENTORY, MOUNTS, SPACE, TABLE_SGDISK, TABLE_PARTED)
"""What the recognition of a layout rests on."""


def printed(dom0: Any, probe: Probe) -> str:
    """Standard output of a probe.

    Raises:
        NotVerifiedError: it was not collected, failed, or was cut short.
    """
    answer = dom0.run(probe.command)
    if answer.rc != 0:
        why = (answer.stderr.strip().splitlines() or [f"exit status {answer.rc}"])[0]
        raise NotVerifiedError(f"dom0: {probe.command.split(';')[-1].strip()}: {why[:200]}")
    return str(answer.stdout)


def inventory(dom0: Any) -> Mapping[str, str]:
    """The values of the host's inventory."""
    return parse_inventory(printed(dom0, INVENTORY))


def partition_table(dom0: Any) -> PartitionTable:
    """The partition table, by sgdisk, or by parted where sgdisk has no answer.

    Raises:
        NotVerifiedError: neither answered with one.
    """
    try:
        return parse_table(printed(dom0, TABLE_SGDISK))
    except NotVerifiedError as first:
        try:
            return parse_table(printed(dom0, TABLE_PARTED))
        except NotVerifiedError as second:
            causes = dict.fromkeys((str(first), str(second)))
            raise NotVerifiedError("; ".join(causes)) from None


def usage(dom0: Any) -> tuple[Usage, ...]:
    """Space in KiB of `/`, `/var/log` and the boot file systems.

    df complains about those that a host does not have; what it says of the others stands.
    """
    return parse_df(str(dom0.run(SPACE.command).stdout))


def inodes(dom0: Any) -> tuple[Usage, ...]:
    """The same in inodes, `/` alone: other kinds of file system do not count them."""
    lines = str(dom0.run(INODES.command).stdout).splitlines()
    return parse_df("\n".join([*lines[:1], *(row for row in lines[1:] if row.endswith(" /"))]))


def layout(dom0: Any) -> Layout:
    """The partition layout, told by at least two signs that agree.

    Raises:
        NotVerifiedError: there are not two, or they disagree.
    """
    unknown: list[str] = []
    table = _or_none(lambda: partition_table(dom0), unknown)
    size = _or_none(lambda: mounted_on(usage(dom0), "/").total, unknown)
    witnesses = (
        _or_none(lambda: inventory_witness(inventory(dom0)), unknown),
        _or_none(lambda: _mounts(dom0), unknown),
        root_size_witness(size) if size is not None else None,
        table_witness(table) if table is not None else None,
    )
    return recognise(witnesses, table, unknown)


def log_is_mounted(dom0: Any) -> bool:
    """Whether `/var/log` is a mount of its own.

    Raises:
        NotVerifiedError: the list of mounts is not known; one without `/` is none.
    """
    # testinfra takes a line of another shape for a programming error.
    if any(len(line.split()) < 4 for line in printed(dom0, MOUNTS).splitlines()):
        raise NotVerifiedError("the list of mounts cannot be read: a line is not a mount")
    if not dom0.mount_point("/").exists:
        raise NotVerifiedError("the list of mounts cannot be read: / is not on it")
    return bool(dom0.mount_point("/var/log").exists)


def primary_disk(dom0: Any) -> tuple[str, str]:
    """PRIMARY_DISK as the inventory has it, and the device node that it leads to.

    Raises:
        NotVerifiedError: one of them is not known.
    """
    disk = inventory(dom0).get("PRIMARY_DISK", "")
    node = printed(dom0, PRIMARY_DISK).strip()
    if not disk.startswith("/dev/") or not re.fullmatch(r"/dev/[\w./-]+", node):
        raise NotVerifiedError("the primary disk cannot be told from the inventory")
    return disk, node


def disk_bytes(dom0: Any) -> int:
    """Size of the primary disk.

    Raises:
        NotVerifiedError: the kernel does not tell it, or tells nonsense.
    """
    lines = printed(dom0, DISK_SIZE).split()
    if not lines or not re.fullmatch(r"[1-9][0-9]{0,15}", lines[0]):
        raise NotVerifiedError("the size of the primary disk cannot be read")
    # The kernel counts sectors of 512 bytes whatever the disk's own are.
    return int(lines[0]) * 512


def _mounts(dom0: Any) -> Any:
    return mounts_witness(root=True, log=log_is_mounted(dom0))


def _or_none(read: Callable[[], T], unknown: list[str]) -> T | None:
    """What a sign says; a sign that is not known only counts for nothing, and its cause is kept."""
    try:
        return read()
    except NotVerifiedError as cause:
        unknown.append(str(cause))
        return None
