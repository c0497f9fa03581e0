"""Are the tools in a running guest present and current.

Source: xenadmin, XenModel/XenAPI-Extensions/VM.cs (GetVirtualizationStatus); xapi,
ocaml/xapi/xapi_guest_agent.ml. Up to 6.5 the pool itself says whether they fit the host; from 7.0
on that flag only repeats that they were detected, and tools of XenServer 6 or older count as old.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, VMGuestMetrics

_STARTING: Final = timedelta(minutes=2)
_DETECTED_SINCE: Final = "7.0"
_OLD_MAJORS: Final = range(4, 7)
_STATIC_IP: Final = "feature-static-ip-setting"


@dataclass(frozen=True, slots=True)
class ToolsStatus:
    """What was found of the tools.

    Attributes:
        version: `major.minor.micro` as they say, empty if they do not.
        problem: what is wrong, empty if nothing is.
    """

    version: str
    problem: str


def tools_status(vm: VM) -> ToolsStatus:
    """Judge the tools of a running VM.

    Raises:
        NotVerifiedError: the VM has only just started, or its facts do not tell.
    """
    guest = vm.guest
    if guest is None:
        return _absent(vm, ToolsStatus("", "none have ever reported"))
    version = _version(guest)
    detects = vm.facts.at_least(_DETECTED_SINCE)
    if detects is None:
        raise NotVerifiedError("how this release reports tools is not known")
    if detects and _is_windows(guest):
        return _of_windows(vm, guest, version)
    if not _has_version(guest):
        return _absent(vm, ToolsStatus(version, "none report a version"))
    if not guest.PV_drivers_up_to_date:
        return ToolsStatus(version, f"{version}, which is out of date")
    if not detects:
        return ToolsStatus(version, "")
    return _by_age(guest, version)


def _of_windows(vm: VM, guest: VMGuestMetrics, version: str) -> ToolsStatus:
    agent = guest.other.get(_STATIC_IP, "0") != "0"
    if not guest.PV_drivers_detected:
        rest = ", only the management agent" if agent else ""
        return _absent(vm, ToolsStatus(version, f"no I/O drivers{rest}"))
    if not agent:
        return ToolsStatus(version, "I/O drivers, but no management agent")
    if not _has_version(guest):
        raise NotVerifiedError(f"VM {vm.title}: the version of its tools is not known")
    return _by_age(guest, version)


def _by_age(guest: VMGuestMetrics, version: str) -> ToolsStatus:
    major = int(guest.PV_drivers_version["major"])
    if major in _OLD_MAJORS:
        return ToolsStatus(version, f"{version}, which is of XenServer 6 or older")
    if major < _OLD_MAJORS.start:
        raise NotVerifiedError(f"whether tools of version {version} are current is not known")
    return ToolsStatus(version, "")


def _absent(vm: VM, status: ToolsStatus) -> ToolsStatus:
    """No tools are a finding only after a guest had time to report them."""
    if vm.facts.now - vm.measured.start_time < _STARTING:
        raise NotVerifiedError(f"VM {vm.title} started less than two minutes before it was read")
    return status


def _is_windows(guest: VMGuestMetrics) -> bool:
    system = guest.os_version
    words = f"{system.get('distro', '')} {system.get('name', '')}".lower()
    return "windows" in words or "microsoft" in words


def _has_version(guest: VMGuestMetrics) -> bool:
    version = guest.PV_drivers_version
    return all(_is_number(version.get(key, "")) for key in ("major", "minor"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9


def _version(guest: VMGuestMetrics) -> str:
    parts = (guest.PV_drivers_version.get(key, "") for key in ("major", "minor", "micro"))
    return ".".join(part for part in parts if part)
