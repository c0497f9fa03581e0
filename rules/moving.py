"""Can a VM move to another pool: memory, room, networks, processors, versions, licence, identity."""

from collections.abc import Callable, Iterable
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VM, Host, Network, PoolFacts
from fixtures.version_order import compare_versions
from rules.cpu_features import incompatibility
from rules.memory import footprint, free_memory

_NO_DISKS: Final = frozenset({"iso", "udev"})
_GIB: Final = 1024**3


def move_objections(vm: VM, there: PoolFacts) -> tuple[str, ...]:
    """Why a VM cannot move to another pool, all reasons.

    Args:
        vm: which.
        there: the pool to move to.

    Raises:
        NotVerifiedError: nothing surely speaks against it, and something is not known.
    """
    found: list[str] = []
    unknown: list[str] = []
    for reason in (_identity, _room, _networks, _hosts, _licence):
        try:
            found += reason(vm, there)
        except NotVerifiedError as problem:
            unknown.append(str(problem))
    if unknown and not found:
        raise NotVerifiedError("; ".join(unknown))
    return tuple(found)


def _identity(vm: VM, there: PoolFacts) -> list[str]:
    same = [other.title for other in there.vms if other.uuid == vm.uuid]
    return [f"a VM of the same uuid is there already: {same[0]}"] if same else []


def _room(vm: VM, there: PoolFacts) -> list[str]:
    disks = vm.disks
    if not disks:
        return []
    need = sum(disk.virtual_size for disk in disks)
    free = [
        sr.physical_size - sr.physical_utilisation
        for sr in there.srs
        if sr.type not in _NO_DISKS and any(pbd.currently_attached for pbd in sr.pbds)
    ]
    most = max(free, default=0)
    if most >= need:
        return []
    return [f"no SR has room for its disks: {need / _GIB:.0f} GiB, the most is {most / _GIB:.0f}"]


def _networks(vm: VM, there: PoolFacts) -> list[str]:
    names = {network.name_label for network in there.table(Network).values()}
    wanted = {vif.on_network.name_label for vif in vm.vifs}
    return [f"no network is called {name}" for name in sorted(wanted - names)]


def _hosts(vm: VM, there: PoolFacts) -> list[str]:
    """No host would take it; processors count only for a VM that moves while it runs."""
    rules: tuple[Callable[[VM, Host], str], ...] = (_version, _memory)
    if vm.power_state == "Running":
        rules = (*rules, incompatibility)
    refusals = [_first(rule(vm, host) for rule in rules) for host in there.hosts if host.enabled]
    if not refusals:
        return ["no host is enabled there"]
    return [] if "" in refusals else [f"no host takes it: {refusals[0]}"]


def _first(refusals: Iterable[str]) -> str:
    return next((refusal for refusal in refusals if refusal), "")


def _version(vm: VM, host: Host) -> str:
    here = vm.facts.pool.coordinator.software_version.get("platform_version", "")
    there = host.software_version.get("platform_version", "")
    if not here or not there:
        raise NotVerifiedError(f"the platform version of {host.title} or of this pool is not known")
    if compare_versions(there, here) >= 0:
        return ""
    return f"host {host.title} is older (platform {there}) than this pool ({here})"


def _memory(vm: VM, host: Host) -> str:
    need, free = footprint(vm), free_memory(host.facts, host.ref)
    if need <= free:
        return ""
    return f"host {host.title} has {free / _GIB:.0f} GiB of memory free, it needs {need / _GIB:.0f}"


def _licence(vm: VM, there: PoolFacts) -> list[str]:
    if vm.power_state == "Halted":
        return []
    hosts = (*vm.facts.hosts, *there.hosts)
    return [
        f"the licence of host {host.title} has no storage motion: shut the VM down to move it"
        for host in hosts
        if host.license_params.get("restrict_storage_xen_motion") == "true"
    ][:1]


def attached_in(sr: SR, there: PoolFacts) -> tuple[str, ...]:
    """The hosts of another pool that have the same SR attached.

    Raises:
        NotVerifiedError: SRs or connections of that pool are not known.
    """
    same = [other for other in there.srs if other.uuid == sr.uuid]
    hosts = {
        there.get(Host, pbd.host).title
        for other in same
        for pbd in other.pbds
        if pbd.currently_attached
    }
    return tuple(sorted(hosts))
