"""How a host boots: firmware mode, boot partition, kernels, primary disk."""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import TABLE_PARTED, TABLE_SGDISK, Probe, exists
from fixtures.releases import Release
from rules.confidence import Objection
from rules.disk_reading import partition_table, printed
from rules.features import feature_objection
from rules.partition_table import parse_table

BootType = Literal["ESP", "BIOS boot", "none"]

KERNELS: Final = Probe('find /boot -maxdepth 1 -type f -printf "%s %f\\n"')
DEFAULT_LOADER_PATH: Final = "/boot/efi/EFI/boot/bootx64.efi"
DEFAULT_LOADER: Final = exists(DEFAULT_LOADER_PATH)

_MOST_LINES: Final = 2000
_CODE = re.compile(
    r"^\s*[0-9]{1,3}\s+[0-9]+\s+[0-9]+\s+[0-9.]+ [A-Za-z]+\s+(EF00|EF02)\b", re.MULTILINE
)
_FILE = re.compile(r"([0-9]{1,15}) ([^\s/]{1,255})")


def boot_type(dom0: Any) -> BootType:
    """What sort of boot partition the primary disk has.

    Raises:
        NotVerifiedError: no partition table was read, or it has boot partitions of both sorts.
    """
    partition_table(dom0)
    try:
        text = printed(dom0, TABLE_SGDISK)
        parse_table(text)
        found = {"ESP" if code == "EF00" else "BIOS boot" for code in _CODE.findall(text)}
    except NotVerifiedError:
        found = _parted_types(printed(dom0, TABLE_PARTED))
    if len(found) > 1:
        raise NotVerifiedError("the disk has boot partitions for UEFI and for legacy BIOS")
    return "ESP" if "ESP" in found else "BIOS boot" if found else "none"


def boot_objection(target: Release, boot: BootType, *, efi: bool) -> Objection | None:
    """Why a host that boots in this way cannot be upgraded.

    Source: host-installer, upgrade.py: an EFI system partition means UEFI, all else legacy BIOS.
    """
    mode = "UEFI" if efi else "legacy BIOS"
    if efi != (boot == "ESP"):
        return Objection(f"started in {mode} mode, boot partition: {boot}")
    return None if efi else feature_objection(target, "legacy-boot", "legacy BIOS")


def kernels_without_initrd(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All kernels in /boot, and those without an initrd of their version that holds something.

    Raises:
        NotVerifiedError: it is no list of files, or no kernel is on it.
    """
    lines = text.splitlines()
    found = [_FILE.fullmatch(line) for line in lines]
    if not lines or len(lines) > _MOST_LINES or not all(found):
        raise NotVerifiedError("the files in /boot cannot be read")
    sizes = {match[2]: int(match[1]) for match in found if match}
    versions = sorted(n.removeprefix("vmlinuz-") for n in sizes if n.startswith("vmlinuz-"))
    if not versions:
        raise NotVerifiedError("the files in /boot cannot be complete: there is no kernel")
    missing = [
        version
        for version in versions
        if sizes[f"vmlinuz-{version}"] == 0
        or not any(
            sizes.get(name) for name in (f"initrd-{version}.img", f"initramfs-{version}.img")
        )
    ]
    return tuple(versions), tuple(missing)


def is_mapped(node: str) -> bool:
    """Whether a disk is a device-mapper node, as a multipath disk is."""
    return re.fullmatch(r"/dev/(?:dm-[0-9]+|mapper/.+)", node) is not None


def _parted_types(text: str) -> set[str]:
    gpt = re.search(r"^/[^:]*:[0-9]+B:[^:]*:[0-9]+:[0-9]+:gpt:", text, re.MULTILINE) is not None
    return set(_flagged(text.splitlines())) if gpt else set()


def _flagged(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if re.match(r"[0-9]{1,3}:", line):
            flags = {flag.strip() for flag in line.strip().rstrip(";").split(":")[-1].split(",")}
            if "bios_grub" in flags:
                yield "BIOS boot"
            elif flags & {"boot", "esp"}:
                yield "ESP"
