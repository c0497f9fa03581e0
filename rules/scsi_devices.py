"""The SCSI devices of a dom0, as /proc/scsi/scsi lists them."""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe
from rules.disk_reading import printed

SCSI: Final = Probe("cat /proc/scsi/scsi", cap=1_048_576)

_TAPES = frozenset({"Sequential-Access", "Medium Changer"})
_HEAD = re.compile(r"Attached devices: *(?:none)?")
_PLACE = re.compile(r"Host: \w+ Channel: \d+ Id: \d+ Lun: \d+")
_VENDOR = re.compile(r" *Vendor: (.*?) *Model: (.*?) *Rev: .*")
_TYPE = re.compile(r" *Type: +(\S.*?) +ANSI +SCSI revision: *\S*(?: CCS)? *")


def tapes(dom0: Any) -> tuple[str, ...]:
    """Tape drives and medium changers, as `vendor model (type)`.

    Raises:
        NotVerifiedError: it is not the kernel's list.
    """
    lines = printed(dom0, SCSI).splitlines()
    if not lines or not _HEAD.fullmatch(lines[0].strip()):
        raise NotVerifiedError("the SCSI devices cannot be read: it is not the kernel's list")
    if (len(lines) - 1) % 3:
        raise NotVerifiedError("the SCSI devices cannot be read: the list is cut short")
    found = []
    for at in range(1, len(lines), 3):
        place, vendor, kind = lines[at : at + 3]
        named, typed = _VENDOR.fullmatch(vendor), _TYPE.fullmatch(kind)
        if not _PLACE.fullmatch(place.strip()) or named is None or typed is None:
            raise NotVerifiedError("the SCSI devices cannot be read: a line is not a device")
        if typed[1] in _TAPES:
            found.append(f"{named[1]} {named[2]} ({typed[1]})")
    return tuple(found)
