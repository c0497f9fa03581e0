"""What nobody uses any more, or nobody should: leftover images, snapshots, plugged disks, addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VBD, VDI, VIF, VM, Host, HostCrashdump, PoolFacts, PoolUpdate, Ref
from rules.once_per_pool import once_per_pool
from rules.pool_backups import METADATA_KEY

_GUESTS_IMAGES: Final = ("system", "user", "ephemeral")
_AHEAD: Final = timedelta(hours=1)
"""By how much the clock of a pool may be ahead of ours."""


def leftover_images(sr: SR) -> tuple[VDI, ...]:
    """The images of an SR that no VM, snapshot or template has, and that the pool itself does not use.

    Source: xen-orchestra, packages/xo-web (health view). Images that the driver keeps for others
    (`managed` is false) and those of other types (HA, suspended VMs, changed blocks) belong there.
    """
    of_pool = _images_of_pool(sr.facts)
    return tuple(
        sorted(
            (image for image in sr.vdis if image.ref not in of_pool and _is_leftover(image)),
            key=lambda image: (image.title, image.ref),
        )
    )


def _is_leftover(image: VDI) -> bool:
    return (
        image.managed
        and image.type in _GUESTS_IMAGES
        and image.virtual_size > 0
        and image.other_config.get(METADATA_KEY) != "true"
        and not image.facts.referring(VBD, "VDI", image.ref)
    )


@once_per_pool
def _images_of_pool(facts: PoolFacts) -> frozenset[Ref]:
    """The images that updates, HA and disaster recovery use without a drive."""
    found = {update.vdi for update in facts.table(PoolUpdate).values()}
    found |= {Ref(ref) for ref in facts.pool.ha_statefiles}
    if facts.pool.has("redo_log_vdi"):
        found.add(facts.pool.redo_log_vdi)
    if facts.pool.has("metadata_VDIs"):
        found.update(facts.pool.metadata_VDIs)
    return frozenset(found)


def disks_in_dom0(host: Host) -> tuple[VBD, ...]:
    """The drives of a host's control domain that hold an image.

    Raises:
        NotVerifiedError: the host has no control domain that we know.
    """
    domains = _control_domains(host.facts).get(host.ref)
    if not domains:
        raise NotVerifiedError(f"the control domain of host {host.title} is not known")
    return tuple(vbd for domain in domains for vbd in domain.vbds if not vbd.empty)


@once_per_pool
def _control_domains(facts: PoolFacts) -> dict[Ref, list[VM]]:
    found: dict[Ref, list[VM]] = {}
    for vm in facts.table(VM).values():
        if vm.is_control_domain:
            found.setdefault(vm.resident_on, []).append(vm)
    return found


def drive_words(vbd: VBD) -> str:
    """The image in a drive of a control domain, and whether it is plugged."""
    return vbd.vdi.title + ("" if vbd.currently_attached else " (unplugged)")


def orphan_snapshots(facts: PoolFacts) -> tuple[VM, ...]:
    """The snapshots whose VM is gone."""
    table = facts.table(VM)
    found = (vm for vm in table.values() if vm.is_a_snapshot and vm.snapshot_of not in table)
    return tuple(sorted(found, key=lambda vm: (vm.title, vm.ref)))


def old_snapshots(vm: VM, days: int) -> tuple[VM, ...]:
    """The snapshots of a VM that are older than so many days, the oldest first.

    Raises:
        NotVerifiedError: one of them was taken in the future.
    """
    limit = vm.facts.now - timedelta(days=days)
    for snapshot in vm.snapshots:
        _refuse_future(snapshot.snapshot_time, vm.facts, f"snapshot {snapshot.title}")
    found = (snapshot for snapshot in vm.snapshots if snapshot.snapshot_time < limit)
    return tuple(sorted(found, key=lambda snapshot: (snapshot.snapshot_time, snapshot.ref)))


def crash_dumps(host: Host) -> tuple[HostCrashdump, ...]:
    """The crash dumps of a host, the newest first.

    Raises:
        NotVerifiedError: one of them was made in the future.
    """
    found = host.facts.referring(HostCrashdump, "host", host.ref)
    for dump in found:
        _refuse_future(dump.timestamp, host.facts, f"a crash dump of host {host.title}")
    return tuple(sorted(found, key=lambda dump: (dump.timestamp, dump.ref), reverse=True))


def _refuse_future(when: datetime, facts: PoolFacts, what: str) -> None:
    if when > facts.now + _AHEAD:
        raise NotVerifiedError(f"{what} is dated in the future")


def shared_addresses(vm: VM) -> tuple[tuple[VIF, VIF], ...]:
    """Interfaces of a VM with others, of any VM, that have the same MAC address.

    Raises:
        NotVerifiedError: an interface states no address.
    """
    known = _addresses(vm.facts)
    return tuple(
        (vif, other)
        for vif in vm.vifs
        for other in known.get(_address(vif), ())
        if other.ref != vif.ref
    )


@once_per_pool
def _addresses(facts: PoolFacts) -> dict[str, tuple[VIF, ...]]:
    found: dict[str, list[VIF]] = {}
    for vif in sorted(facts.table(VIF).values(), key=lambda vif: vif.ref):
        vm = facts.find(VM, vif.VM)
        if vm is not None and vm.is_real:
            found.setdefault(_address(vif), []).append(vif)
    return {address: tuple(vifs) for address, vifs in found.items()}


def _address(vif: VIF) -> str:
    if not vif.MAC.strip():
        raise NotVerifiedError(f"VIF {vif.title}: it states no MAC address")
    return vif.MAC.strip().lower()


def address_words(pairs: Sequence[tuple[VIF, VIF]]) -> list[str]:
    """Each shared address, and who else has it."""
    names = [f"{_address(vif)} also of {vif.facts.get(VM, other.VM).title}" for vif, other in pairs]
    return sorted(dict.fromkeys(names))


def homeless(vm: VM) -> str:
    """Why an active VM is on no host that the pool has; empty if it is on one."""
    if not vm.resident_on:
        return "none"
    return "" if vm.facts.find(Host, vm.resident_on) else "one that is not in the pool"
