"""How much memory hosts have free and VMs need, and whether the VMs of one host fit on others.

Source: xapi, ocaml/xapi/memory_check.ml and ocaml/xapi-idl/memory/memory.ml.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, Host, PoolFacts, Ref
from fixtures.releases import Release, dom0_memory_mib
from rules.once_per_pool import once_per_pool

MIB: Final = 1024**2
_MOST_STEPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Packing:
    """Whether VMs find a place on hosts.

    Attributes:
        fits: true if a placement was found, false if there is none, None if the search for one was
            given up.
        unplaced: indexes of the VMs left over by the best placement found, the largest first.
        lacking: bytes that are missing at least to place them; 0 if all have a place.
    """

    fits: bool | None
    unplaced: tuple[int, ...]
    lacking: int


def footprint(vm: VM) -> int:
    """The bytes that a VM takes when it is squeezed to its dynamic minimum, as xapi plans.

    Raises:
        NotVerifiedError: a limit is not known, or xapi has not computed the VM's overhead.
    """
    shim = vm.has("domain_type") and vm.domain_type == "pv_in_pvh"
    target = vm.memory_static_max if shim else vm.memory_dynamic_min
    if vm.memory_overhead <= 0 and not vm.is_control_domain:
        raise NotVerifiedError(f"VM {vm.title}: its memory overhead has not been computed by xapi")
    if target <= 0 and not vm.is_control_domain:
        raise NotVerifiedError(f"VM {vm.title}: its least memory is not known")
    return target + vm.memory_overhead


def control_domain(host: Host) -> VM:
    """The dom0 of a host.

    Raises:
        NotVerifiedError: it is not among the VMs that were read.
    """
    # A driver domain is a control domain as well; from 7.1 on the host names its own.
    stated = host.control_domain if host.has("control_domain") else None
    for vm in host.resident_vms:
        if vm.is_control_domain and stated in (None, vm.ref):
            return vm
    raise NotVerifiedError(f"host {host.title}: its control domain is not among what was read")


@once_per_pool
def free_memory(facts: PoolFacts, host: Ref) -> int:
    """The bytes a host has free when every VM on it is squeezed to its dynamic minimum.

    Raises:
        NotVerifiedError: the host's memory, its control domain or the need of a VM is not known.
    """
    record = facts.get(Host, host)
    total = record.measured.memory_total
    if total <= 0:
        raise NotVerifiedError(f"host {record.title}: its total memory is not known")
    control_domain(record)
    there = {vm.ref: vm for vm in record.resident_vms}
    there |= {vm.ref: vm for vm in facts.referring(VM, "scheduled_to_be_resident_on", host)}
    return max(0, total - record.memory_overhead - sum(footprint(vm) for vm in there.values()))


def guests_on(facts: PoolFacts, host: Ref) -> tuple[VM, ...]:
    """The VMs that must leave a host: everything resident on it but its control domain."""
    resident = facts.get(Host, host).resident_vms
    guests = [vm for vm in resident if not vm.is_control_domain]
    return tuple(sorted(guests, key=lambda vm: (vm.title, vm.ref)))


def dom0_growth(host: Host, target: Release) -> int:
    """By how many bytes the dom0 of a host grows with the target.

    The installer keeps the larger of what dom0 has and the target's default (python-libs,
    xcp/dom0.py).
    """
    default = dom0_memory_mib(host.measured.memory_total, target.platform_version.value) * MIB
    return max(0, default - control_domain(host).memory_dynamic_min)


def pack(needs: Sequence[int], rooms: Sequence[int]) -> Packing:
    """Place VMs on hosts by memory.

    Args:
        needs: bytes of each VM.
        rooms: bytes free on each host.

    Best fit, largest first; if that leaves something over, a bounded search for any placement.
    """
    order = sorted(range(len(needs)), key=lambda index: (-needs[index], index))
    left = list(rooms)
    unplaced: list[int] = []
    for index in order:
        fitting = [room for room in range(len(left)) if left[room] >= needs[index]]
        if fitting:
            left[min(fitting, key=lambda room: left[room])] -= needs[index]
        else:
            unplaced.append(index)
    if not unplaced:
        return Packing(fits=True, unplaced=(), lacking=0)
    fits: bool | None = False
    if sum(needs) <= sum(rooms) and max(needs) <= max(rooms, default=0):
        fits = _search([needs[index] for index in order], list(rooms))
    if fits:
        return Packing(fits=True, unplaced=(), lacking=0)
    gap = min(needs[index] for index in unplaced) - max(left, default=0)
    return Packing(fits, tuple(unplaced), max(sum(needs) - sum(rooms), gap))


def _search(needs: list[int], rooms: list[int]) -> bool | None:
    """Whether any placement exists; None when that takes too many steps to tell."""
    # A stack of (VM, rooms so far) instead of recursion: a host may hold a thousand VMs.
    stack: list[tuple[int, tuple[int, ...]]] = [(0, tuple(sorted(rooms)))]
    seen: set[tuple[int, tuple[int, ...]]] = set()
    while stack:
        index, left = stack.pop()
        if index == len(needs):
            return True
        for position in reversed(range(len(left))):
            if left[position] < needs[index]:
                continue
            after = (*left[:position], left[position] - needs[index], *left[position + 1 :])
            state = (index + 1, tuple(sorted(after)))
            if state in seen:
                continue
            if len(seen) >= _MOST_STEPS:
                return None
            seen.add(state)
            stack.append(state)
    return False
