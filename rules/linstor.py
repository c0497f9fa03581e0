"""Do all hosts have the same LINSTOR packages."""

from collections.abc import Callable, Iterable
from typing import Any

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import PACKAGES
from rules.disk_reading import printed
from rules.listing import listed
from rules.packages import parse_packages

_NAMES = ("linstor", "drbd", "kmod-drbd")


def linstor_differences(hosts: Iterable[Host], dom0_of: Callable[[Host], Any]) -> tuple[str, ...]:
    """Who has which LINSTOR packages, if not all hosts have the same.

    Raises:
        NotVerifiedError: the packages of a host are not known.
    """
    found: dict[str, list[str]] = {}
    for host in hosts:
        dom0 = dom0_of(host)
        packages = parse_packages(printed(dom0, PACKAGES))
        if "error:" in dom0.run(PACKAGES.command).stderr:
            raise NotVerifiedError("rpm complained about its own database")
        labels = sorted(p.label for p in packages if p.name.startswith(_NAMES))
        found.setdefault(listed(labels, most=50) or "none", []).append(host.title)
    if len(found) <= 1 and "none" not in found:
        return ()
    return tuple(f"{labels} on {listed(names)}" for labels, names in sorted(found.items()))
