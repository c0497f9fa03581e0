"""Disks that live on one host alone, and what the plan of the upgrade would do to them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PBD, SR, VDI, VM, Host
from fixtures.settings import Settings
from rules.disk_layout import any_on_disk
from rules.disk_reading import primary_disk

# A partition: /dev/sda3, /dev/nvme0n1p3, /dev/disk/by-id/scsi-3600508b1001c-part3.
_PARTITION: Final = re.compile(
    r"(-part\d+|/(sd|hd|xvd|vd)[a-z]+\d+|/(nvme\d+n\d+|cciss/c\dd\d|mmcblk\d)p\d+)$"
)


@dataclass(frozen=True, slots=True)
class LocalDisk:
    """A disk on an SR that is not shared."""

    disk: VDI
    sr: SR

    @property
    def words(self) -> str:
        """Disk and SR by name."""
        return f"{self.disk.title} on SR {self.sr.title}"


def local_disks(vm: VM) -> tuple[LocalDisk, ...]:
    """The disks of a VM that are on SRs that are not shared; CDs do not count.

    Raises:
        NotVerifiedError: a drive, its image or its SR is not known.
    """
    found = [LocalDisk(disk, disk.sr) for disk in vm.disks]
    return tuple(local for local in found if not local.sr.shared)


def wiped_disks(
    disks: tuple[LocalDisk, ...], settings: Settings, dom0_of: Callable[[Host], Any]
) -> tuple[LocalDisk, ...]:
    """Those that the plan would erase.

    A clean installation formats the disks it is given, and its database knows no SR.
    A layout switch erases the SR that shares the primary disk with dom0 (host-installer,
    backend.py).

    Raises:
        NotVerifiedError: none is known to be erased, and of one it is not known.
    """
    if settings.method == "clean":
        return disks
    if settings.layout != "switch":
        return ()
    answers = {local: _beside_dom0(local.sr, dom0_of) for local in disks}
    wiped = tuple(local for local, answer in answers.items() if answer)
    unknown = next((local for local, answer in answers.items() if answer is None), None)
    if not wiped and unknown is not None:
        raise NotVerifiedError(
            f"whether SR {unknown.sr.title} shares a disk with dom0, which the layout switch would "
            "erase, is not known"
        )
    return wiped


def _beside_dom0(sr: SR, dom0_of: Callable[[Host], Any]) -> bool | None:
    """Whether an SR lies on the primary disk of a dom0; None if that cannot be told."""
    answers = {_is_on_primary_disk(pbd, dom0_of) for pbd in sr.pbds}
    return True if True in answers else False if answers == {False} else None


def _is_on_primary_disk(pbd: PBD, dom0_of: Callable[[Host], Any]) -> bool | None:
    """By what dom0 says of its disk; without that, a partition is taken to be on it.

    The disk of an SR of its own has no partitions. A name alone never says that an SR is elsewhere.
    """
    devices = pbd.device_config.get("device", "")
    try:
        disk, node = primary_disk(dom0_of(pbd.facts.get(Host, pbd.host)))
        on = any_on_disk(devices, disk, node) if devices else None
    except NotVerifiedError:
        on = None
    if on is None and any(_PARTITION.search(device.strip()) for device in devices.split(",")):
        return True
    return on


def suspend_image(vm: VM) -> str:
    """The suspend image of a VM and its SR, in words; what is not known of it is said."""
    if not vm.suspend_VDI:
        return "without a suspend image"
    try:
        image = vm.facts.get(VDI, vm.suspend_VDI)
        sr = image.sr
    except NotVerifiedError:
        return "on an image that is not among what was read"
    return f"image {image.title} on SR {sr.title}"
