"""Can the pool do without any one of its hosts, as far as memory goes.

Source: xapi, ocaml/xapi/memory_check.ml; the growth of dom0: python-libs, xcp/dom0.py.
"""

from dataclasses import dataclass

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, PoolFacts
from fixtures.releases import Release
from rules.listing import listed
from rules.memory import MIB, dom0_growth, footprint, free_memory, guests_on, pack
from rules.reach import enabled_hosts, other_hosts


@dataclass(frozen=True, slots=True)
class HostAway:
    """What becomes of the running VMs when one host is away.

    Attributes:
        host: its name.
        needed_mib: what its VMs need elsewhere.
        free_mib: what the other enabled hosts have free, after their dom0 has grown.
        homeless: names of VMs that find no place, the largest first.
        lacking_mib: what is missing at least; 0 if all find a place.
    """

    host: str
    needed_mib: int
    free_mib: int
    homeless: tuple[str, ...]
    lacking_mib: int

    @property
    def words(self) -> str:
        """The finding, for people."""
        names = listed(self.homeless, most=3)
        return f"without {self.host} {self.lacking_mib} MiB are missing for {names}"


@dataclass(frozen=True, slots=True)
class Spare:
    """The answer for every host, and what is not known."""

    hosts: tuple[HostAway, ...]
    unknown: tuple[str, ...]

    @property
    def short(self) -> tuple[HostAway, ...]:
        """The hosts that the pool cannot do without."""
        return tuple(away for away in self.hosts if away.homeless)


def spare_memory(facts: PoolFacts, target: Release | None) -> Spare:
    """Take away each host in turn and place its VMs on the other enabled ones.

    Args:
        facts: the pool.
        target: if known, the dom0 of each remaining host is taken to have grown already.

    Raises:
        NotVerifiedError: no host is known to be missed, and of one it is not known.
    """
    hosts: list[HostAway] = []
    unknown: list[str] = []
    for host in facts.hosts:
        try:
            hosts.append(_without(facts, host, target))
        except NotVerifiedError as problem:
            unknown.append(str(problem))
    found = Spare(tuple(hosts), tuple(dict.fromkeys(unknown)))
    if unknown and not found.short:
        raise NotVerifiedError("; ".join(found.unknown))
    return found


def _without(facts: PoolFacts, host: Host, target: Release | None) -> HostAway:
    guests = guests_on(facts, host.ref)
    needs = [footprint(vm) for vm in guests]
    rooms = [
        max(0, free_memory(facts, other.ref) - (dom0_growth(other, target) if target else 0))
        for other in other_hosts(facts, host.ref)
        if other.ref in enabled_hosts(facts)
    ]
    packing = pack(needs, rooms)
    if packing.fits is None:
        raise NotVerifiedError(f"whether the VMs of host {host.title} fit elsewhere is not known")
    return HostAway(
        host=host.title,
        needed_mib=-(-sum(needs) // MIB),
        free_mib=sum(rooms) // MIB,
        homeless=tuple(guests[index].title for index in packing.unplaced),
        lacking_mib=-(-packing.lacking // MIB),
    )
