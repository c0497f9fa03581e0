"""Settings of dom0 that the installer reads from the old system and carries over into the new one.

Source: host-installer, product.py, ExistingInstallation.readSettings.
"""

import re
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe, exists, file, link
from rules.confidence import Objection
from rules.disk_reading import printed
from rules.installer import is_there

# What is read -> where the releases keep it; one of the files is enough.
SETTINGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("networks", ("/var/lib/xcp/networkd.db", "/var/xapi/network.dbcache")),
    ("name servers", ("/etc/resolv.conf",)),
    ("time servers", ("/etc/chrony.conf", "/etc/ntp.conf")),
)
LOCALTIME: Final = link("/etc/localtime")
OLD_CLOCK: Final = file("/etc/sysconfig/clock")
"""Names the time zone where /etc/localtime is a copy and not a link."""

_PRESENT: Final = {path: exists(path) for _, paths in SETTINGS for path in paths}
CARRIED_PROBES: tuple[Probe, ...] = (*_PRESENT.values(), LOCALTIME, OLD_CLOCK)
_ASKS: Final = "the installer then asks for it, or takes a default"
_ZONE: Final = re.compile(r"/usr/share/zoneinfo/([\w+-]+(?:/[\w+-]+)*)\s*")
_OLD_ZONE: Final = re.compile(r"""^ZONE=["']?([\w+/-]+)["']?\s*$""", re.MULTILINE)


def unreadable_settings(dom0: Any) -> tuple[Objection, ...]:
    """The settings that the installer would not find, or find to be something else.

    Raises:
        NotVerifiedError: whether a file is there was not told.
    """
    found = []
    for what, paths in SETTINGS:
        wrong = [_wrong(dom0, path) for path in paths]
        if all(wrong):
            found.append(Objection(f"{what}: {', '.join(wrong)}"))
    if not time_zone(dom0):
        found.append(Objection("time zone: /etc/localtime leads to none", _ASKS))
    return tuple(found)


def _wrong(dom0: Any, path: str) -> str:
    """What is wrong with a file; empty if it can be read."""
    if not is_there(dom0, path, _PRESENT[path]):
        return f"no {path}"
    kind = printed(dom0, _PRESENT[path]).partition("|")[0]
    # Without name servers an empty file is as good as any.
    if kind == "regular file" or (kind == "regular empty file" and path.startswith("/etc/")):
        return ""
    return f"{path} is a {kind}"


def time_zone(dom0: Any) -> str:
    """The time zone, by its link or by the file of older releases; empty if none is named.

    Raises:
        NotVerifiedError: neither could be read.
    """
    target = printed(dom0, LOCALTIME)
    if not target.startswith("/") or len(target.splitlines()) != 1:
        raise NotVerifiedError("dom0: where /etc/localtime leads cannot be read")
    if named := _ZONE.fullmatch(target):
        return named[1]
    dom0.run(OLD_CLOCK.command)
    if not dom0.file("/etc/sysconfig/clock").exists:
        return ""
    old = _OLD_ZONE.search(printed(dom0, OLD_CLOCK))
    return old[1] if old else ""
