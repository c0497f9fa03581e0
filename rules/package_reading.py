"""The packages of a host against the coordinator's, where both dom0s were read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import PACKAGES
from fixtures.rpm_list import Package
from rules.disk_reading import printed
from rules.packages import compare_packages, parse_packages


@dataclass(frozen=True, slots=True)
class PackageDifference:
    """How packages differ, by their labels; `unknown` says why nobody can tell."""

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unknown: str = ""


def package_difference(
    host: Host, coordinator: Host, dom0_of: Callable[[Host], Any]
) -> PackageDifference:
    """Compare two hosts; dom0s that were not read neither differ nor agree, and it says so."""
    if host.ref == coordinator.ref:
        return PackageDifference()
    try:
        wanted, found = _packages(coordinator, dom0_of), _packages(host, dom0_of)
    except NotVerifiedError as cause:
        return PackageDifference(unknown=str(cause))
    return PackageDifference(*compare_packages(wanted, found))


def _packages(host: Host, dom0_of: Callable[[Host], Any]) -> frozenset[Package]:
    dom0 = dom0_of(host)
    try:
        text = printed(dom0, PACKAGES)
        if "error:" in dom0.run(PACKAGES.command).stderr:
            raise NotVerifiedError("rpm complained about its own database")
        return parse_packages(text)
    except NotVerifiedError as cause:
        raise NotVerifiedError(f"packages of host {host.title}: {cause}") from None
