"""The tables of VMs, of their disks and interfaces, and of their snapshots.

Columns: xenadmin, XenAdmin/Actions/GUIActions/ExportResourceReportAction.cs. XenCenter lists only
bootable disks, and addresses only where a guest reports them; here are all disks and all MACs.
"""

from datetime import datetime
from typing import Final

from fixtures.model import (
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    Host,
    Network,
    PoolFacts,
    VMGuestMetrics,
    VMMetrics,
)
from rules.guest_tools import tools_status
from rules.resource_cells import (
    Column,
    Left,
    Table,
    by_name,
    follow,
    joined,
    named,
    since,
    size,
    size_words,
    stated,
    table,
)

_VM_CSV: Final = (
    "Name|Power state|UUID|Running on|Address|MAC|NIC|Used Memory|Operating System|Disk|Template"
    "|CPU Usage|Uptime|Description"
)
_ON: Final = frozenset({"Running", "Paused"})


def vms(facts: PoolFacts) -> Table:
    """The table `VMs`: no templates, snapshots or control domains."""
    columns: tuple[Column[VM], ...] = (
        Column("Name", lambda vm: vm.name_label),
        Column("Power state", lambda vm: vm.power_state),
        Column("Running on", lambda vm: named(vm, Host, vm.resident_on)),
        Column("Address", lambda vm: "; ".join(_addresses(vm)) or None),
        Column("MAC", lambda vm: "; ".join(vif.MAC for vif in _interfaces(vm)) or None),
        Column("NIC", lambda vm: len(vm.vifs), "number"),
        Column("Operating System", _system),
        Column("Disk", lambda vm: joined(_disks(vm))),
        Column("Used Memory", _memory_words, momentary=True),
        Column("CPU Usage", _cpu_words, momentary=True),
        Column("UUID", lambda vm: vm.uuid),
        Column("Uptime", lambda vm: since(vm, _started(vm)), "duration", momentary=True),
        Column("Template", lambda vm: vm.other_config.get("base_template_name")),
        Column("Description", lambda vm: vm.name_description),
        Column("Memory, bytes", lambda vm: vm.memory_static_max, "bytes"),
        Column("vCPUs", lambda vm: vm.VCPUs_max, "number"),
        Column("Started", _started, "time", momentary=True),
        Column("Home server", _home),
        Column("Tools", _tools, momentary=True),
        Column("Snapshots", lambda vm: len(vm.snapshots), "number"),
        Column("Virtual GPUs", lambda vm: len(vm.vgpus), "number"),
        Column("HA priority", lambda vm: vm.ha_restart_priority),
        Column("Starts by itself", lambda vm: vm.other_config.get("auto_poweron"), "text"),
    )
    return table("VMs", columns, lambda: facts.vms, _VM_CSV)


def drives(facts: PoolFacts) -> Table:
    """Every drive of every VM."""
    columns: tuple[Column[VBD], ...] = (
        Column("VM", lambda vbd: named(vbd, VM, vbd.VM)),
        Column("Device", lambda vbd: vbd.userdevice),
        Column("Type", lambda vbd: vbd.type),
        Column("Image", lambda vbd: named(vbd, VDI, vbd.VDI)),
        Column("Storage", _storage),
        Column("Size", _size, "bytes"),
        Column("Bootable", lambda vbd: vbd.bootable, "truth"),
        Column("Mode", lambda vbd: vbd.mode),
        Column("Attached", lambda vbd: vbd.currently_attached, "truth"),
        Column("UUID", lambda vbd: vbd.uuid),
    )
    return table("VM drives", columns, lambda: [v for vm in facts.vms for v in _drives(vm)])


def interfaces(facts: PoolFacts) -> Table:
    """Every interface of every VM."""
    columns: tuple[Column[VIF], ...] = (
        Column("VM", lambda vif: named(vif, VM, vif.VM)),
        Column("Device", lambda vif: vif.device),
        Column("Network", lambda vif: named(vif, Network, vif.network)),
        Column("MAC", lambda vif: vif.MAC),
        Column("MTU", lambda vif: vif.MTU, "number"),
        Column("Attached", lambda vif: vif.currently_attached, "truth"),
        Column("UUID", lambda vif: vif.uuid),
    )
    return table("VM interfaces", columns, lambda: [v for vm in facts.vms for v in _interfaces(vm)])


def snapshots(facts: PoolFacts) -> Table:
    """Every snapshot of every VM."""
    columns: tuple[Column[VM], ...] = (
        Column("VM", _original),
        Column("Snapshot", lambda vm: vm.name_label),
        Column("Taken", lambda vm: stated(vm.snapshot_time), "time"),
        Column("UUID", lambda vm: vm.uuid),
        Column("Description", lambda vm: vm.name_description),
    )
    return table(
        "Snapshots",
        columns,
        lambda: by_name(vm for vm in facts.table(VM).values() if vm.is_a_snapshot),
    )


def _drives(vm: VM) -> list[VBD]:
    return sorted(vm.vbds, key=lambda vbd: (len(vbd.userdevice), vbd.userdevice, vbd.ref))


def _interfaces(vm: VM) -> list[VIF]:
    return sorted(vm.vifs, key=lambda vif: (len(vif.device), vif.device, vif.ref))


def _original(vm: VM) -> str | None:
    """The VM it was taken of; None if that is deleted."""
    found = vm.facts.find(VM, vm.snapshot_of)
    return None if found is None else found.name_label


def _home(vm: VM) -> str | None:
    """A home server that is no longer in the pool is none."""
    found = vm.facts.find(Host, vm.affinity)
    return None if found is None else found.name_label


def _storage(vbd: VBD) -> str | None:
    image = follow(vbd, VDI, vbd.VDI)
    return None if image is None else named(image, SR, image.SR)


def _size(vbd: VBD) -> int | None:
    image = follow(vbd, VDI, vbd.VDI)
    return None if image is None else size(image.virtual_size)


def _addresses(vm: VM) -> list[str]:
    """What the tools report for its interfaces, IPv6 as well; each once."""
    guest = follow(vm, VMGuestMetrics, vm.guest_metrics)
    if guest is None:
        return []
    return list(
        dict.fromkeys(
            address
            for vif in _interfaces(vm)
            for key, address in sorted(guest.networks.items())
            if key.startswith(f"{vif.device}/ip") and address
        )
    )


def _system(vm: VM) -> str | None:
    guest = follow(vm, VMGuestMetrics, vm.guest_metrics)
    name = "" if guest is None else guest.os_version.get("name", "")
    return name.partition("|")[0] or None


def _disks(vm: VM) -> list[str]:
    found = []
    for vbd in _drives(vm):
        image = None if vbd.type == "CD" or vbd.empty else follow(vbd, VDI, vbd.VDI)
        if image is not None:
            found.append(f"{image.name_label}:{size_words(size(image.virtual_size))}")
    return found


def _measured(vm: VM) -> VMMetrics | None:
    return follow(vm, VMMetrics, vm.metrics)


def _memory_words(vm: VM) -> str | None:
    """What the domain has; how much of it the guest uses is performance data."""
    if vm.power_state not in _ON:
        return None
    found = _measured(vm)
    return None if found is None else f"{Left.NOT_READ.value} of {size_words(found.memory_actual)}"


def _cpu_words(vm: VM) -> str | None:
    if vm.power_state not in _ON:
        return None
    found = _measured(vm)
    return None if found is None else f"{Left.NOT_READ.value} of {found.VCPUs_number} CPUs"


def _started(vm: VM) -> datetime | None:
    if vm.power_state not in _ON:
        return None
    found = _measured(vm)
    return None if found is None else stated(found.start_time)


def _tools(vm: VM) -> str | None:
    if vm.power_state != "Running":
        return None
    status = tools_status(vm)
    return status.problem or status.version or "present"
