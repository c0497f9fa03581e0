"""The packages of a host against the coordinator's, where both dom0s were read."""

from dataclasses import dataclass
from typing import Any

from fixtures.dom0 import dom0_host
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import PACKAGES
from rules.disk_reading import printed
from rules.packages import Package, compare_packages, parse_packages


@dataclass(frozen=True, slots=True)
class PackageDifference:
    """How packages differ, by their labels; `unknown` says why nobody can tell."""

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unknown: str = ""


def dom0_of(host: Host) -> Any:
    """The dom0 of a host as a testinfra host over what was collected of it."""
    return dom0_host(host.facts.dom0(host), host.title)


def package_difference(host: Host, coordinator: Host) -> PackageDifference:
    """Compare two hosts; dom0s that were not read neither differ nor agree, and it says so."""
    if host.ref == coordinator.ref:
        return PackageDifference()
    try:
        wanted, found = _packages(coordinator), _packages(host)
    except NotVerifiedError as cause:
        return PackageDifference(unknown=str(cause))
    return PackageDifference(*compare_packages(wanted, found))


def _packages(host: Host) -> frozenset[Package]:
    dom0 = dom0_of(host)
    try:
        text = printed(dom0, PACKAGES)
        if "error:" in dom0.run(PACKAGES.command).stderr:
            raise NotVerifiedError("rpm complained about its own database")
        return parse_packages(text)
    except NotVerifiedError as cause:
        raise NotVerifiedError(f"packages of host {host.title}: {cause}") from None
