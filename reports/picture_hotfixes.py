"""Which hotfixes the hosts have and lack, as plain data for the report."""

from collections import Counter
from dataclasses import dataclass

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from rules.hotfixes import applied, generation
from rules.package_reading import package_difference


@dataclass(frozen=True, slots=True)
class Hotfixes:
    """Hotfixes of all hosts that could be compared.

    Attributes:
        hosts: names, the coordinator first.
        common: how many hotfixes all of them have.
        different: name of each hotfix that not all have -> for each host whether it has it.
        packages: of each host that was compared by packages: name, how many it lacks, how many it
            has beyond the coordinator, or why that is not known.
        unknown: host -> why its hotfixes are not known.
    """

    hosts: tuple[str, ...]
    common: int
    different: tuple[tuple[str, tuple[bool, ...]], ...]
    packages: tuple[tuple[str, int, int, str], ...]
    unknown: tuple[tuple[str, str], ...]


def hotfixes(audit: Audit) -> Hotfixes:
    """Compare the hosts of a pool.

    Raises:
        NotVerifiedError: the release of the coordinator is not known, so neither is how it is patched.
    """
    coordinator = audit.facts.pool.coordinator
    kind = generation(audit.release_of(coordinator))
    known: list[tuple[str, dict[str, str]]] = []
    unknown: list[tuple[str, str]] = []
    packages: list[tuple[str, int, int, str]] = []
    for host in audit.facts.hosts:
        try:
            known.append(
                (host.title, {key: one.name or key for key, one in applied(host, kind).items()})
            )
        except NotVerifiedError as cause:
            unknown.append((host.title, str(cause)))
        if host.ref != coordinator.ref:
            found = package_difference(host, coordinator, audit.dom0_of)
            packages.append((host.title, len(found.missing), len(found.extra), found.unknown))
    counts = Counter(key for _, names in known for key in names)
    labels = {key: name for _, names in known for key, name in names.items()}
    different = [
        (labels[key], tuple(key in names for _, names in known))
        for key, number in counts.items()
        if number < len(known)
    ]
    return Hotfixes(
        hosts=tuple(name for name, _ in known),
        common=sum(1 for number in counts.values() if number == len(known)),
        different=tuple(sorted(different)),
        packages=tuple(packages),
        unknown=tuple(unknown),
    )
