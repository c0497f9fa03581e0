"""Can a VM move to another pool: memory, room, networks, processors, versions, licence, devices.

Source: xapi, ocaml/xapi/xapi_vm_migrate.ml and xapi_vm_lifecycle.ml.
"""

from collections.abc import Callable, Iterable
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VM, Host, Network, PoolFacts
from fixtures.version_order import compare_versions, parse_version
from rules import migration_blocks
from rules.confidence import Objection
from rules.cpu_features import incompatibility
from rules.memory import footprint, free_memory, pack
from rules.once_per_pool import once_per_pool

_NO_DISKS: Final = frozenset({"iso", "udev"})
_GIB: Final = 1024**3
_ONE_SNAPSHOT_BEFORE: Final = "6.5"
_THIN: Final = frozenset(
    {"ext", "file", "nfs", "smb", "xfs", "zfs", "cephfs", "glusterfs", "moosefs"}
)
"""Types whose images take only what was written."""
_MAY_FIT: Final = "what is written of its disks has room where images grow"


def move_objections(vm: VM, there: PoolFacts) -> tuple[Objection, ...]:
    """Why a VM cannot move to another pool, all reasons.

    Args:
        vm: which.
        there: the pool to move to.

    Raises:
        NotVerifiedError: nothing surely speaks against it, and something is not known.
    """
    found: list[Objection] = []
    unknown: list[str] = []
    for reason in (_identity, _networks, _hosts, _licence, _refusals):
        try:
            found += [Objection(words) for words in reason(vm, there)]
        except NotVerifiedError as problem:
            unknown.append(str(problem))
    try:
        found += _room(vm, there)
    except NotVerifiedError as problem:
        unknown.append(str(problem))
    if unknown and all(objection.lighter for objection in found):
        raise NotVerifiedError("; ".join([*unknown, *(objection.words for objection in found)]))
    return tuple(found)


def _identity(vm: VM, there: PoolFacts) -> list[str]:
    same = _vms_there(there).get(vm.uuid)
    return [f"a VM of the same uuid is there already: {same}"] if same is not None else []


@once_per_pool
def _vms_there(there: PoolFacts) -> dict[str, str]:
    """Uuid -> name of the VMs of a pool; the first one where several share a uuid."""
    return {vm.uuid: vm.title for vm in reversed(there.vms)}


def _room(vm: VM, there: PoolFacts) -> list[Objection]:
    """No room for its disks and what its snapshots hold; each may go to an SR of its own."""
    disks = vm.disks
    held = [disk.physical_utilisation for shot in vm.snapshots for disk in shot.disks]
    free = _free_there(there)
    needs = [*(disk.virtual_size for disk in disks), *held]
    if not disks or _fit(needs, [room for _, room in free]):
        return []
    need, most = sum(needs), max((room for _, room in free), default=0)
    words = f"no SR has room for its disks: {need / _GIB:.0f} GiB, the most is {most / _GIB:.0f}"
    thin = [room for kind, room in free if kind in _THIN]
    may_fit = _fit([*(disk.physical_utilisation for disk in disks), *held], thin)
    return [Objection(words, _MAY_FIT if may_fit else "")]


@once_per_pool
def _free_there(there: PoolFacts) -> tuple[tuple[str, int], ...]:
    """Type and free bytes of the SRs of a pool that can take disks."""
    return tuple(
        (sr.type, sr.physical_size - sr.physical_utilisation)
        for sr in there.srs
        if sr.type not in _NO_DISKS and any(pbd.currently_attached for pbd in sr.pbds)
    )


def _fit(needs: list[int], rooms: list[int]) -> bool:
    fits = pack(needs, rooms).fits
    if fits is None:
        raise NotVerifiedError("whether its disks find room is not known")
    return fits


def _refusals(vm: VM, _there: PoolFacts) -> list[str]:
    """What xapi does not send to another pool, whatever that is like."""
    found = []
    if "migrate_send" in vm.blocked_operations:
        found.append("somebody has blocked it (blocked_operations, migrate_send)")
    snapshots = vm.snapshots
    if vm.facts.at_least(_ONE_SNAPSHOT_BEFORE) is False and snapshots:
        if len(snapshots) > 1:
            found.append(f"it has {len(snapshots)} snapshots, and this release moves one at most")
        elif snapshots[0].power_state == "Suspended":
            found.append("its snapshot is a checkpoint, which this release does not move")
    if vm.power_state in ("Running", "Paused"):
        found += _stays(vm, certain=bool(found))
    return found


def _stays(vm: VM, *, certain: bool) -> list[str]:
    """Why a VM cannot leave its host while it runs.

    Args:
        vm: which.
        certain: something else keeps it here already.

    Raises:
        NotVerifiedError: nothing surely keeps it, and something is not known.
    """
    found: list[str] = []
    unknown: NotVerifiedError | None = None
    for step in _LIVE:
        try:
            reason = step(vm)
        except NotVerifiedError as problem:
            unknown = problem
            continue
        found += [reason.words] if reason else []
    if unknown and not found and not certain:
        raise unknown
    return found


def _networks(vm: VM, there: PoolFacts) -> list[str]:
    names = _networks_there(there)
    wanted = {vif.on_network.name_label for vif in vm.vifs}
    return [f"no network is called {name}" for name in sorted(wanted - names)]


@once_per_pool
def _networks_there(there: PoolFacts) -> frozenset[str]:
    return frozenset(network.name_label for network in there.table(Network).values())


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
    if parse_version(here) is None or parse_version(there) is None:
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


_LIVE: Final = tuple(
    step for step in migration_blocks.STEPS if step is not migration_blocks.blocked_reason
)
"""What xapi refuses to move live, to another pool as within one."""


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
