"""Disks that live on one host alone, and what the plan of the upgrade would do to them."""

import re
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VDI, VM
from fixtures.settings import Settings

# A partition: /dev/sda3, /dev/nvme0n1p3, /dev/disk/by-id/scsi-3600508b1001c-part3.
_PARTITION: Final = re.compile(
    r"(-part\d+|/(sd|hd|xvd|vd)[a-z]+\d+|/(nvme\d+n\d+|cciss/c\dd\d|mmcblk\d)p\d+)$"
)
_WHOLE: Final = re.compile(
    r"(/by-(id|path)/[^/]+|/(sd|hd|xvd|vd)[a-z]+|/nvme\d+n\d+|/cciss/c\dd\d)$"
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


def wiped_disks(disks: tuple[LocalDisk, ...], settings: Settings) -> tuple[LocalDisk, ...]:
    """Those that the plan would erase.

    A clean installation formats the disks it is given, and its database knows no SR.
    A layout switch erases the SR that shares the primary disk with dom0 (host-installer,
    backend.py): an SR on a partition, because the disk of an SR of its own has none.

    Raises:
        NotVerifiedError: none is known to be erased, and of one it is not known.
    """
    if settings.method == "clean":
        return disks
    if settings.layout != "switch":
        return ()
    answers = {local: _beside_dom0(local.sr) for local in disks}
    wiped = tuple(local for local, answer in answers.items() if answer)
    unknown = next((local for local, answer in answers.items() if answer is None), None)
    if not wiped and unknown is not None:
        raise NotVerifiedError(
            f"whether SR {unknown.sr.title} shares a disk with dom0, which the layout switch would "
            "erase, is not known"
        )
    return wiped


def _beside_dom0(sr: SR) -> bool | None:
    """Whether an SR lies on a partition; None if its devices do not tell."""
    devices = [
        device for pbd in sr.pbds for device in pbd.device_config.get("device", "").split(",")
    ]
    if any(_PARTITION.search(device.strip()) for device in devices):
        return True
    if devices and all(_WHOLE.search(device.strip()) for device in devices):
        return False
    return None


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
