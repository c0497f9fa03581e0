"""Memory of the hosts, and where the VMs of one host would go, as plain data for the report."""

from collections.abc import Sequence
from dataclasses import dataclass

from fixtures.audit import Audit
from fixtures.model import Host
from rules.memory import control_domain, dom0_growth, footprint, free_memory, guests_on
from rules.reach import enabled_hosts, other_hosts


@dataclass(frozen=True, slots=True)
class HostMemory:
    """Bytes of one host, every VM squeezed to its dynamic minimum, as xapi plans.

    Attributes:
        total: all of it.
        system: the hypervisor and dom0.
        guests: what its VMs need; more than there is, where memory is overcommitted.
        free: what is left.
        vms: how many VMs run there.
    """

    total: int
    system: int
    guests: int
    free: int
    vms: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one remaining host takes over: its name, VMs, their bytes, bytes free before."""

    host: str
    vms: int
    taken: int
    room: int


@dataclass(frozen=True, slots=True)
class WithoutHost:
    """One host away: a simple placement of its VMs, the largest first, each where it fits best.

    Attributes:
        vms: how many VMs must leave.
        needed: their bytes.
        free: bytes free on the other enabled hosts, dom0 of the target taken into account.
        shares: of each of these hosts, in the order of the pool.
        left_over: names of VMs for which this placement found no room, the largest first.
    """

    vms: int
    needed: int
    free: int
    shares: tuple[Share, ...]
    left_over: tuple[str, ...]


def host_memory(host: Host) -> HostMemory:
    """Where the memory of a host goes.

    Raises:
        NotVerifiedError: a part of it is not known.
    """
    guests = guests_on(host.facts, host.ref)
    total, free = host.measured.memory_total, free_memory(host.facts, host.ref)
    system = host.memory_overhead + footprint(control_domain(host))
    return HostMemory(total, system, sum(map(footprint, guests)), free, len(guests))


def without_host(audit: Audit, host: Host) -> WithoutHost:
    """Take a host away and place its VMs on the other enabled ones.

    Raises:
        NotVerifiedError: the need of a VM or the room of a host is not known.
    """
    facts, target = audit.facts, audit.chosen_target
    guests = guests_on(facts, host.ref)
    needs = [footprint(vm) for vm in guests]
    others = [o for o in other_hosts(facts, host.ref) if o.ref in enabled_hosts(facts)]
    rooms = [
        max(0, free_memory(facts, other.ref) - (dom0_growth(other, target) if target else 0))
        for other in others
    ]
    places = place(needs, rooms)
    shares = tuple(
        Share(
            other.title,
            places.count(index),
            sum(need for need, there in zip(needs, places, strict=True) if there == index),
            rooms[index],
        )
        for index, other in enumerate(others)
    )
    over = [index for index, there in enumerate(places) if there is None]
    over.sort(key=lambda index: -needs[index])
    names = tuple(guests[index].title for index in over)
    return WithoutHost(len(guests), sum(needs), sum(rooms), shares, names)


def place(needs: Sequence[int], rooms: Sequence[int]) -> list[int | None]:
    """Where each need goes: best fit, the largest first; None where there is no room left."""
    left = list(rooms)
    places: list[int | None] = [None] * len(needs)
    for index in sorted(range(len(needs)), key=lambda index: (-needs[index], index)):
        fitting = [room for room in range(len(left)) if left[room] >= needs[index]]
        if fitting:
            best = min(fitting, key=lambda room: left[room])
            left[best] -= needs[index]
            places[index] = best
    return places
