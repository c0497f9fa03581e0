"""Do the Xen drivers of a Windows guest have the holes of XSA-468.

Source: docs.xcp-ng.org, Windows Guest Tools security; xcp-ng/win-pv-drivers (detection on the host).
Every driver that was published before May 2025 has them, of all vendors. Only a newer xapi reports
the version of each driver; that of the tools' package says nothing from 9 on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VMGuestMetrics
from fixtures.version_order import compare_versions

_XENSERVER: Final = {"xenbus": "9.1.11.115", "xeniface": "9.1.12.94"}
_XCP_NG: Final = dict.fromkeys(("xenbus", "xeniface", "xencons"), "9.0.9065")
_XEN: Final = {"xenbus": "9.1.0.2", "xeniface": "9.1.0.1", "xencons": "9.1.0.3"}
MENDED: Final[Mapping[str, Mapping[str, str]]] = {
    "XenServer": _XENSERVER,
    "Citrix": _XENSERVER,
    "XCP_ng": _XCP_NG,
    "XCP-ng": _XCP_NG,
    "Xen_Project": _XEN,
}
"""Vendor -> driver -> the first version without the holes."""

_ALWAYS: Final = ("xenbus", "xeniface")
_DRIVERS: Final = (*_ALWAYS, "xencons")
_FIRST_MENDED_MAJOR: Final = 9
_REPORT: Final = re.compile(r"([A-Za-z_-]{1,40}) ([0-9]{1,6}(?:\.[0-9]{1,6}){1,3})(?: .*)?")


@dataclass(frozen=True, slots=True)
class DriverVerdict:
    """What was found of a guest's drivers.

    Attributes:
        reported: what they say of themselves.
        problem: what is wrong, or cannot be told; empty if they have no hole that is known.
    """

    reported: tuple[str, ...]
    problem: str


def is_windows(guest: VMGuestMetrics) -> bool:
    """Whether the tools report a Windows system."""
    system = f"{guest.os_version.get('distro', '')} {guest.os_version.get('name', '')}".lower()
    return "windows" in system or "microsoft" in system


def judge_drivers(guest: VMGuestMetrics) -> DriverVerdict:
    """Judge the drivers of a Windows guest.

    Raises:
        NotVerifiedError: no version is reported, or one that cannot be read.
    """
    said = {name: text for name, text in guest.PV_drivers_version.items() if name in _DRIVERS}
    if not said:
        return _by_package(guest.PV_drivers_version)
    read = {name: _read(name, text) for name, text in sorted(said.items())}
    reported = tuple(f"{name} {version} of {vendor}" for name, (vendor, version) in read.items())
    holes = [
        f"{name} {version} (mended: {MENDED[vendor][name]})"
        for name, (vendor, version) in read.items()
        if name in MENDED[vendor] and compare_versions(version, MENDED[vendor][name]) < 0
    ]
    missing = [name for name in _ALWAYS if name not in read]
    if missing and not holes:
        raise NotVerifiedError(f"the version of {' and '.join(missing)} is not reported")
    return DriverVerdict(reported, ", ".join(holes))


def _read(name: str, text: str) -> tuple[str, str]:
    found = _REPORT.fullmatch(text.strip())
    if found is None or found[1] not in MENDED:
        raise NotVerifiedError(f"whether {name} {text.strip()[:60]!r} has holes is not known")
    return found[1], found[2]


def _by_package(version: Mapping[str, str]) -> DriverVerdict:
    parts = [version.get(key, "") for key in ("major", "minor", "micro")]
    if not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise NotVerifiedError("the guest reports no version of its drivers or its tools")
    package = ".".join(parts)
    if int(parts[0]) < _FIRST_MENDED_MAJOR:
        return DriverVerdict(
            (package,), f"those of tools {package}, older than any that are mended"
        )
    words = f"not told: tools {package} do not report their drivers here"
    return DriverVerdict((package,), words)
