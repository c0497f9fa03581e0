"""The tables of storage repositories, of their images, and of how hosts reach them.

Columns: xenadmin, XenAdmin/Actions/GUIActions/ExportResourceReportAction.cs.
"""

from datetime import datetime
from typing import Final

from fixtures.model import PBD, SR, VBD, VDI, VM, Host, PoolFacts
from rules.multipath import is_multipathed
from rules.resource_cells import (
    Column,
    Table,
    by_name,
    follow,
    joined,
    named,
    percent_words,
    share,
    size,
    size_words,
    stated,
    table,
)

_STORAGE_CSV: Final = "Name|UUID|Type|Size|Location|Description"
_PLACES: Final = ("location", "device", "SCSIid", "targetIQN")


def storage(facts: PoolFacts) -> Table:
    """The table `Storage`."""
    columns: tuple[Column[SR], ...] = (
        Column("Name", lambda sr: sr.name_label),
        Column("Type", lambda sr: sr.type),
        Column("UUID", lambda sr: sr.uuid),
        Column("Size", _size_words),
        Column("Location", lambda sr: joined(_places(sr))),
        Column("Description", lambda sr: sr.name_description),
        Column("Total, bytes", lambda sr: size(sr.physical_size), "bytes"),
        Column("Used, bytes", lambda sr: size(sr.physical_utilisation), "bytes"),
        Column("Allocated, bytes", lambda sr: size(sr.virtual_allocation), "bytes"),
        Column("Shared", lambda sr: sr.shared, "truth"),
        Column("Content", lambda sr: sr.content_type),
        Column("Default SR", lambda sr: sr.ref == facts.pool.default_SR, "truth"),
    )
    return table("Storage", columns, lambda: facts.srs, _STORAGE_CSV)


def images(facts: PoolFacts) -> Table:
    """The table `VDI`."""
    columns: tuple[Column[VDI], ...] = (
        Column("Name", lambda vdi: vdi.name_label),
        Column("Type", lambda vdi: vdi.type),
        Column("UUID", lambda vdi: vdi.uuid),
        Column("Size", lambda vdi: size(vdi.virtual_size), "bytes"),
        Column("Location", lambda vdi: named(vdi, SR, vdi.SR)),
        Column("Description", lambda vdi: vdi.name_description),
        Column("Used, bytes", lambda vdi: size(vdi.physical_utilisation), "bytes"),
        Column("VMs", _users),
        Column("Snapshot", lambda vdi: vdi.is_a_snapshot, "truth"),
        Column("Snapshot taken", _taken, "time"),
        Column("Read only", lambda vdi: vdi.read_only, "truth"),
        Column("Missing", lambda vdi: vdi.missing, "truth"),
    )
    return table("VDI", columns, lambda: by_name(facts.table(VDI).values()), _STORAGE_CSV)


def connections(facts: PoolFacts) -> Table:
    """How each host reaches each SR."""
    columns: tuple[Column[PBD], ...] = (
        Column("Server", lambda pbd: named(pbd, Host, pbd.host)),
        Column("Storage", lambda pbd: named(pbd, SR, pbd.SR)),
        Column("Attached", lambda pbd: pbd.currently_attached, "truth"),
        Column("Multipathed", is_multipathed, "truth"),
        Column("Configuration", lambda pbd: joined(_config(pbd))),
        Column("UUID", lambda pbd: pbd.uuid),
    )
    return table("Storage per server", columns, lambda: _by_host(facts))


def _by_host(facts: PoolFacts) -> tuple[PBD, ...]:
    place = {host.ref: number for number, host in enumerate(facts.hosts)}
    names = {sr.ref: sr.title for sr in facts.srs}
    return tuple(
        sorted(
            facts.table(PBD).values(),
            key=lambda pbd: (place.get(pbd.host, len(place)), names.get(pbd.SR, ""), pbd.ref),
        )
    )


def _config(pbd: PBD) -> list[str]:
    """Secrets in it were blanked when it was read."""
    return [f"{key}:{value}" for key, value in sorted(pbd.device_config.items())]


def _size_words(sr: SR) -> str:
    used, total = size(sr.physical_utilisation), size(sr.physical_size)
    part = share(used, total) if used is not None and total else 0.0
    return (
        f"{percent_words(part)} ({size_words(used)} used) used of {size_words(total)} total "
        f"({size_words(size(sr.virtual_allocation))} allocated)"
    )


def _places(sr: SR) -> list[str]:
    """`key:value` of what says where it lies, as the first host that says so has it."""
    found: dict[str, str] = {}
    for pbd in sr.pbds:
        config = pbd.device_config
        for key in _PLACES:
            if config.get(key):
                found.setdefault(key, f"{key}:{config[key]}")
        if config.get("server"):
            where = f"server:{config['server']}"
            path = config.get("serverpath")
            found.setdefault("server", f"{where}{f';serverpath:{path}' if path else ''}")
    return [found[key] for key in (*_PLACES, "server") if key in found]


def _users(vdi: VDI) -> str | None:
    """The VMs with a drive for the image; snapshots and templates are marked."""
    found = []
    for vbd in vdi.facts.referring(VBD, "VDI", vdi.ref):
        vm = follow(vbd, VM, vbd.VM)
        if vm is not None:
            found.append(vm.name_label + ("" if vm.is_real else f" ({_other(vm)})"))
    return "; ".join(sorted(found)) or None


def _other(vm: VM) -> str:
    if vm.is_a_snapshot:
        return "snapshot"
    return "control domain" if vm.is_control_domain else "template"


def _taken(vdi: VDI) -> datetime | None:
    return stated(vdi.snapshot_time) if vdi.is_a_snapshot else None
