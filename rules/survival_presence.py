"""Whole objects that were there before the upgrade and are not any more, and those that are new."""

from collections.abc import Iterable
from typing import Final, TypeVar

from fixtures.model import SR, VM, Host, Network, PoolFacts, Record
from fixtures.settings import Settings
from rules.survival import by_uuid, lost_hosts

R = TypeVar("R", bound=Record)

DATALESS: Final = frozenset({"iso", "udev"})
"""Types of SRs on which no disk of a VM lies: libraries of discs and drives of a host."""


def lost_vms(then: PoolFacts, facts: PoolFacts) -> tuple[VM, ...]:
    """The VMs of then that are none any more."""
    there = {vm.uuid for vm in facts.vms}
    return tuple(vm for vm in then.vms if vm.uuid not in there)


def lost_templates(then: PoolFacts, facts: PoolFacts) -> tuple[VM, ...]:
    """The templates that somebody made and that are gone; an upgrade renews the vendor's own."""
    there = by_uuid(facts, VM)
    own = [vm for vm in then.table(VM).values() if vm.is_a_template and not vm.is_a_snapshot]
    return _by_name(vm for vm in own if not _is_vendors(vm) and vm.uuid not in there)


def _is_vendors(template: VM) -> bool:
    if template.has("is_default_template"):
        return template.is_default_template
    return template.other_config.get("default_template") == "true"


def lost_srs(then: PoolFacts, facts: PoolFacts) -> tuple[SR, ...]:
    """The SRs of then that are gone."""
    there = by_uuid(facts, SR)
    return tuple(sr for sr in then.srs if sr.uuid not in there)


def lighter_loss(lost: Iterable[SR], settings: Settings) -> str:
    """Why the loss of these SRs is only worth a warning; empty if it is more."""
    srs = list(lost)
    if all(sr.type in DATALESS for sr in srs):
        return "no disk of a VM lies on an SR of such a type"
    if settings.method == "clean" and not any(sr.shared for sr in srs):
        return "a clean installation erases local SRs; what lay on them was to be moved before"
    return ""


def lost_networks(then: PoolFacts, facts: PoolFacts) -> tuple[Network, ...]:
    """The networks of then that are gone."""
    there = by_uuid(facts, Network)
    networks = then.table(Network).values()
    return _by_name(one for one in networks if one.uuid not in there)


def newcomers(then: PoolFacts, facts: PoolFacts, settings: Settings) -> tuple[str, ...]:
    """Hosts, VMs and SRs that were not there before the upgrade, in words."""
    vms, srs = {vm.uuid for vm in then.vms}, by_uuid(then, SR)
    hosts: tuple[Host, ...] = lost_hosts(facts, then, settings)
    return (
        *(f"host {host.title}" for host in hosts),
        *(f"VM {vm.title}" for vm in facts.vms if vm.uuid not in vms),
        *(f"SR {sr.title}" for sr in facts.srs if sr.uuid not in srs),
    )


def titles(records: Iterable[Record]) -> list[str]:
    """Their names."""
    return [record.title for record in records]


def _by_name(records: Iterable[R]) -> tuple[R, ...]:
    return tuple(sorted(records, key=lambda record: (record.title, record.ref)))
