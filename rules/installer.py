"""What the installer looks for on a host's disk before it offers to upgrade what it finds there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fixtures import probes
from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

_MOST_LINES: Final = 2000
_NAME = re.compile(r"[\w.+-]{1,255}")
_SCRIPT = re.compile(r"[0-9].*")
_LABEL = re.compile(r"(?:root|BOOT|swap|logs)-\S{1,60}")
# A quote in a label of a guest's disk is printed with a backslash.
_BLKID = re.compile(r'/dev/\S+:((?: [A-Z_]+="(?:[^"\\]|\\.)*+")+)\s*')
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MARKERS: Final = (
    ("/var/lib/misc/ran-network-init", probes.RAN_NETWORK_INIT),
    ("/var/lib/misc/ran-storage-init", probes.RAN_STORAGE_INIT),
)

FIRSTBOOT_PROBES: tuple[Probe, ...] = (
    probes.FIRSTBOOT,
    probes.FIRSTBOOT_SCRIPTS,
    probes.FIRSTBOOT_STATE,
    *(probe for _, probe in _MARKERS),
)
"""What tells whether first boot has finished."""


def is_there(dom0: Any, path: str, probe: Probe) -> bool:
    """Whether a path exists, by a probe of its attributes.

    Raises:
        NotVerifiedError: that was not told, or was cut short.
    """
    dom0.run(probe.command)
    return bool(dom0.file(path).exists)


def unfinished(dom0: Any) -> tuple[str, ...]:
    """What first boot has not done: script names, or the markers of newer releases.

    Source: host-installer, product.py.

    Raises:
        NotVerifiedError: a list cannot be read, or the lists contradict each other.
    """
    there = _names(printed(dom0, probes.FIRSTBOOT), "/etc/firstboot.d")
    if "state" in there:
        listed = printed(dom0, probes.FIRSTBOOT_SCRIPTS)
        # An update by packages from a release with scripts leaves their stamps behind, alone.
        alone = not listed.strip() and not any(map(_SCRIPT.match, there))
        scripts = frozenset() if alone else _names(listed, "the first-boot scripts")
        if not scripts <= there:
            raise NotVerifiedError("the lists of first-boot scripts contradict each other")
        done = printed(dom0, probes.FIRSTBOOT_STATE)
        stamps = _names(done, "/etc/firstboot.d/state") if done.strip() else frozenset()
        return tuple(sorted(name for name in scripts if _SCRIPT.match(name) and name not in stamps))
    return tuple(path for path, probe in _MARKERS if not is_there(dom0, path, probe))


def inventory_gaps(values: Mapping[str, str], host_uuid: str) -> tuple[str, ...]:
    """What the installer misses in the inventory.

    Args:
        values: of the inventory.
        host_uuid: as the XenAPI has it.

    Source: host-installer, product.py.
    """
    gaps = [
        f"{key} is missing"
        for key in ("PLATFORM_VERSION", "MANAGEMENT_INTERFACE", "PRIMARY_DISK")
        if not values.get(key, "").strip()
    ]
    if not (values.get("PRODUCT_NAME", "").strip() or values.get("PLATFORM_NAME", "").strip()):
        gaps.append("PRODUCT_NAME and PLATFORM_NAME are missing")
    if values.get("INSTALLATION_UUID", "") != host_uuid:
        gaps.append(f"INSTALLATION_UUID is {values.get('INSTALLATION_UUID', '')!r}")
    if not _UUID.fullmatch(values.get("CONTROL_DOMAIN_UUID", "")):
        gaps.append("CONTROL_DOMAIN_UUID is missing")
    return tuple(gaps)


def has_disk(partitions: str, node: str) -> bool:
    """Whether the kernel knows a disk.

    Args:
        partitions: content of /proc/partitions.
        node: the disk's node, for example `/dev/sda`.

    Raises:
        NotVerifiedError: it is no such list, or the node is an alias that only dom0 could resolve.
    """
    lines = [line.split() for line in partitions.splitlines() if line.strip()]
    if lines[:1] != [["major", "minor", "#blocks", "name"]] or len(lines) > _MOST_LINES:
        raise NotVerifiedError("/proc/partitions cannot be read")
    rows = lines[1:]
    if not rows or any(len(row) != 4 or not "".join(row[:3]).isdigit() for row in rows):
        raise NotVerifiedError("/proc/partitions cannot be read: a line is not a partition")
    if node.startswith(("/dev/mapper/", "/dev/md_", "/dev/md/")):
        raise NotVerifiedError(f"whether {node} exists cannot be told: it is an alias")
    return node.removeprefix("/dev/") in {row[3].replace("!", "/") for row in rows}


def labels_wanted(fstab: str) -> tuple[str, ...]:
    """The labels of the installer's own file systems in /etc/fstab.

    Raises:
        NotVerifiedError: it is not an fstab: no line is about `/`.
    """
    rows = [line.split() for line in fstab.splitlines() if line.strip()]
    rows = [row for row in rows if not row[0].startswith("#")]
    if any(len(row) < 3 for row in rows) or not any(row[1] == "/" for row in rows):
        raise NotVerifiedError("/etc/fstab cannot be read")
    named = [row[0].removeprefix("LABEL=") for row in rows if row[0].startswith("LABEL=")]
    return tuple(label for label in named if _LABEL.fullmatch(label))


def labels_found(blkid: str) -> frozenset[str]:
    """The labels of all file systems, as blkid printed them.

    Raises:
        NotVerifiedError: a line is not one of blkid's, or there is none.
    """
    lines = [line for line in blkid.splitlines() if line.strip()]
    found = [_BLKID.fullmatch(line) for line in lines]
    if not lines or len(lines) > _MOST_LINES or not all(found):
        raise NotVerifiedError("what blkid printed cannot be read")
    tags = "".join(match[1] for match in found if match)
    return frozenset(re.findall(r' LABEL="((?:[^"\\]|\\.)*+)"', tags))


def label_gaps(wanted: Iterable[str], found: frozenset[str]) -> tuple[str, ...]:
    """The labels that no file system has, and the root's if /etc/fstab names none."""
    named = tuple(wanted)
    gaps = [f"no file system is labelled {label}" for label in named if label not in found]
    if not any(label.startswith("root-") for label in named):
        gaps.append("/etc/fstab names no label root-*")
    return tuple(gaps)


def _names(text: str, what: str) -> frozenset[str]:
    lines = text.splitlines()
    if not lines or len(lines) > _MOST_LINES or not all(map(_NAME.fullmatch, lines)):
        raise NotVerifiedError(f"{what} cannot be read: a line is not a name")
    return frozenset(lines)
