"""Does a host still hold its VMs once the target has made its dom0 larger.

Source: python-libs, xcp/dom0.py; host-installer, which keeps the larger of the old size and the
target's default; xapi, ocaml/xapi/memory_check.ml.
"""

from dataclasses import dataclass

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, Host, PoolFacts
from fixtures.releases import Release
from rules.memory import MIB, control_domain, dom0_growth, footprint, free_memory, guests_on


@dataclass(frozen=True, slots=True)
class Grown:
    """What the larger dom0 of one host leaves.

    Attributes:
        host: its name.
        dom0_mib: what its dom0 has now.
        growth_mib: by how much that grows.
        free_mib: what is free today with every VM squeezed to its dynamic minimum.
        short_mib: what is missing afterwards; 0 if nothing is.
    """

    host: str
    dom0_mib: int
    growth_mib: int
    free_mib: int
    short_mib: int


@dataclass(frozen=True, slots=True)
class Return:
    """Whether the VMs of one host find their memory there again, not squeezed.

    Attributes:
        host: its name.
        free_mib: what the host will have for them.
        needed_mib: what they need at their dynamic maximum.
    """

    host: str
    free_mib: int
    needed_mib: int

    @property
    def words(self) -> str:
        """The finding, for people."""
        return f"{self.host} lacks {self.needed_mib - self.free_mib} MiB of {self.needed_mib} MiB"

    @property
    def is_short(self) -> bool:
        """Whether not all of them find room."""
        return self.needed_mib > self.free_mib


def grown(host: Host, target: Release) -> Grown:
    """What is left on a host once its dom0 has grown.

    Raises:
        NotVerifiedError: its memory, its control domain or the need of a VM is not known.
    """
    growth = dom0_growth(host, target)
    free = free_memory(host.facts, host.ref)
    return Grown(
        host=host.title,
        dom0_mib=control_domain(host).memory_dynamic_min // MIB,
        growth_mib=growth // MIB,
        free_mib=free // MIB,
        short_mib=-(-max(0, growth - free) // MIB),
    )


def dom0_sizes(facts: PoolFacts) -> dict[str, int]:
    """MiB of dom0 on every host where it is known, by name."""
    sizes: dict[str, int] = {}
    for host in facts.hosts:
        try:
            sizes[host.title] = control_domain(host).memory_dynamic_min // MIB
        except NotVerifiedError:
            continue  # For the record only: what is judged is judged on its own host.
    return sizes


def returns(facts: PoolFacts, target: Release) -> tuple[Return, ...]:
    """Whether every host can take back the VMs that it has now.

    Raises:
        NotVerifiedError: what a host has or a VM needs is not known.
    """
    return tuple(_return(host, target) for host in facts.hosts)


def _return(host: Host, target: Release) -> Return:
    guests = guests_on(host.facts, host.ref)
    total = host.measured.memory_total
    dom0 = footprint(control_domain(host)) + dom0_growth(host, target)
    needed = sum(_unsqueezed(vm) for vm in guests)
    free = max(0, total - host.memory_overhead - dom0)
    return Return(host.title, free_mib=free // MIB, needed_mib=-(-needed // MIB))


def _unsqueezed(vm: VM) -> int:
    """The bytes that a VM takes at its dynamic maximum."""
    least = footprint(vm)
    return max(least, vm.memory_dynamic_max + vm.memory_overhead)
