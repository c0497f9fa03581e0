"""Faults of VMs, each on a VM of its own."""

from typing import Final

from fixtures.raw import Ref, WireRecord
from simpool.builder import add_cd, add_disk, add_vm, ref_of, vm, wire
from simpool.data import SimError, SimPool
from simpool.faults.fault import Fault

EVACUATION: Final = "host.get_vms_which_prevent_evacuation"
AGILITY: Final = "VM.assert_agile"
SAN: Final = "iSCSI array"
NETWORK: Final = "Servers"
NOTE: Final = "its licence dongle is in xen-02"


def refuse_evacuation(pool: SimPool, host: str, vm_ref: Ref, code: str, *params: str) -> None:
    """Let xapi name a VM among those that cannot leave a host; the others can."""
    hosts = pool.records["host"]
    answers = pool.answers.setdefault(EVACUATION, {ref: {} for ref in hosts})
    answers[ref_of(pool, "host", host)][vm_ref] = [code, vm_ref, *params]


def refuse_agility(pool: SimPool, vm_ref: Ref, *error: str) -> None:
    """Let xapi say that a VM is not agile."""
    pool.answers.setdefault(AGILITY, {})[vm_ref] = SimError(error)


def _of_vm(pool: SimPool, xenapi_class: str, name: str) -> WireRecord:
    """The first drive or interface of a VM."""
    owner = ref_of(pool, "VM", name)
    return next(r for r in pool.records[xenapi_class].values() if r["VM"] == owner)


def _leave_cd_in_drive(pool: SimPool) -> None:
    ref = add_vm(pool, "fax-gateway", host="xen-01", disks=[(SAN, 12)], networks=[NETWORK])
    drive_sr = "DVD drives of xen-01"
    image = add_disk(pool, "DRIVERS_2011", drive_sr, 0.6, read_only=True)
    add_cd(pool, "fax-gateway", image)
    sr = ref_of(pool, "SR", drive_sr)
    refuse_evacuation(pool, "xen-01", ref, "VM_REQUIRES_SR", sr)
    refuse_agility(pool, ref, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)


def _lose_interface(pool: SimPool) -> None:
    pool.answers.pop(AGILITY, None)
    del _of_vm(pool, "VIF", "mail-01")["network"]


def _block_migration(pool: SimPool) -> None:
    ref = add_vm(
        pool, "night-batch", host="xen-02", disks=[(SAN, 30)], networks=[NETWORK],
        blocked_operations={"pool_migrate": NOTE},
    )  # fmt: skip
    refuse_evacuation(pool, "xen-02", ref, "OPERATION_BLOCKED", NOTE)


def _lose_blocked_operations(pool: SimPool) -> None:
    pool.answers.pop(EVACUATION, None)
    del vm(pool, "web-01")["blocked_operations"]


def _run_on_local_disk(pool: SimPool) -> None:
    local = "Local storage of xen-03"
    ref = add_vm(pool, "print-server", host="xen-03", disks=[(local, 40)], networks=[NETWORK])
    sr = ref_of(pool, "SR", local)
    refuse_evacuation(pool, "xen-03", ref, "VM_REQUIRES_SR", sr)
    refuse_agility(pool, ref, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)


def _lose_shared(pool: SimPool) -> None:
    del pool.records["SR"][ref_of(pool, "SR", "Local storage of xen-02")]["shared"]


def _suspend(pool: SimPool) -> None:
    add_vm(
        pool, "sales-demo", power_state="Suspended", disks=[(SAN, 20)], networks=[NETWORK],
        suspend_sr=SAN,
    )  # fmt: skip


def _lose_power_state(pool: SimPool) -> None:
    del vm(pool, "web-02")["power_state"]


def _forget_backup(pool: SimPool) -> None:
    add_vm(pool, "payroll", host="xen-01", disks=[(SAN, 50)], networks=[NETWORK])


def _lose_other_config(pool: SimPool) -> None:
    del vm(pool, "web-02")["other_config"]


def _without_tools(pool: SimPool) -> None:
    ref = add_vm(pool, "scanner", host="xen-02", disks=[(SAN, 8)], networks=[NETWORK], tools=False)
    refuse_evacuation(pool, "xen-02", ref, "VM_LACKS_FEATURE")


def _lose_tools_version(pool: SimPool) -> None:
    guest = pool.records["VM_guest_metrics"][vm(pool, "web-02")["guest_metrics"]]
    del guest["PV_drivers_version"]


def _overfill(pool: SimPool) -> None:
    ref = add_vm(
        pool, "warehouse", host="xen-03", disks=[(SAN, 500)], networks=[NETWORK], memory_gib=120,
        vcpus=16,
    )  # fmt: skip
    refuse_evacuation(pool, "xen-03", ref, "HOST_NOT_ENOUGH_FREE_MEMORY")


def _lose_memory(pool: SimPool) -> None:
    next(iter(pool.records["host_metrics"].values())).update(memory_total=wire(0))


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="VM-AGILE-01",
        tells=(
            "xencenter-V04",
            "xapi-cd",
            "field-03",
        ),
        needs=(
            "VM.power_state",
            "VBD.VM",
            "VBD.VDI",
            "VBD.empty",
            "VBD.type",
            "VDI.SR",
            "SR.shared",
            "PBD.SR",
            "PBD.host",
            "PBD.currently_attached",
            "host.enabled",
            "VIF.VM",
            "VIF.network",
            "PIF.host",
            "PIF.network",
            "PIF.bond_slave_of",
            "VBD",
            "VDI",
            "SR",
            "PBD",
            "VIF",
            "network",
            "PIF",
            "VGPU",
            "VUSB",
        ),
        also=("VM-CD-01", "VM-EVACUATE-01"),
        change=_leave_cd_in_drive,
        on="fax-gateway",
        finds="VM fax-gateway: agility - expected: can be started on every enabled host, "
        "found: the CD in its drive is on SR DVD drives of xen-01, which is not shared",
        loss=_lose_interface,
        cause="field network is missing from what was read",
    ),
    Fault(
        check="VM-EVACUATE-01",
        tells=(
            "xencenter-code-OPERATION_BLOCKED",
            "xencenter-V06",
            "xo-gate-15",
        ),
        needs=("VM.power_state", "VM.resident_on"),
        change=_block_migration,
        on="night-batch",
        finds="VM night-batch: evacuation - expected: can move to every other host, found: "
        f"somebody has blocked its migration (blocked_operations, pool_migrate: {NOTE})",
        loss=_lose_blocked_operations,
        cause="field blocked_operations is missing from what was read",
    ),
    Fault(
        check="VM-LOCAL-01",
        tells=(
            "story-01",
            "story-09",
            "xapi-local-vms",
            "field-03",
        ),
        needs=(
            "VM.power_state",
            "VBD.VM",
            "VBD.VDI",
            "VBD.empty",
            "VBD.type",
            "VDI.SR",
            "SR.shared",
            "VBD",
            "VDI",
            "SR",
        ),
        also=("VM-AGILE-01", "VM-EVACUATE-01"),
        change=_run_on_local_disk,
        on="print-server",
        finds="VM print-server: local disks - expected: shut down for the rolling upgrade, found: "
        "running, with print-server 0 on SR Local storage of xen-03",
        loss=_lose_shared,
        cause="field shared is missing from what was read",
    ),
    Fault(
        check="VM-SUSPENDED-01",
        tells=("story-14",),
        needs=("VM.power_state",),
        change=_suspend,
        on="sales-demo",
        finds="VM sales-demo: power state - expected: running or shut down, found: suspended, "
        "image Suspend image of sales-demo on SR iSCSI array",
        loss=_lose_power_state,
        cause="field power_state is missing from what was read",
    ),
    Fault(
        check="VM-BACKUP-01",
        tells=("field-02",),
        needs=("VM.uuid", "VM.snapshot_of", "VM.other_config", "VM.tags"),
        change=_forget_backup,
        on="payroll",
        finds="VM payroll: backup - expected: one of the last 7 days, found: "
        "none that the pool or --xva-dir shows",
        loss=_lose_other_config,
        cause="field other_config is missing from what was read",
        outcome="warning",
    ),
    Fault(
        check="VM-TOOLS-01",
        tells=(
            "story-13",
            "xencenter-code-VM_MISSING_PV_DRIVERS",
            "xo-warning-tools",
            "xapi-xentools",
        ),
        needs=(
            "VM.power_state",
            "VM.guest_metrics",
            "VM_guest_metrics.PV_drivers_version",
            "VM_guest_metrics.os_version",
            "VM_guest_metrics",
        ),
        also=("VM-EVACUATE-01",),
        change=_without_tools,
        on="scanner",
        finds="VM scanner: XenTools - expected: present and current, "
        "found: none have ever reported",
        loss=_lose_tools_version,
        cause="field PV_drivers_version is missing from what was read",
        outcome="warning",
    ),
    Fault(
        check="POOL-SPARE-01",
        tells=("xencenter-code-HOST_NOT_ENOUGH_FREE_MEMORY",),
        needs=(
            "VM.resident_on",
            "VM.is_control_domain",
            "VM.memory_dynamic_min",
            "VM.memory_overhead",
            "VM.scheduled_to_be_resident_on",
            "host.enabled",
            "host.metrics",
            "host.memory_overhead",
            "host_metrics.memory_total",
            "VM",
            "host_metrics",
        ),
        also=("VM-EVACUATE-01",),
        change=_overfill,
        on="default",
        finds="pool default: spare memory - expected: all running VMs fit with any one host away, "
        "found: without xen-03 10272 MiB are missing for warehouse",
        loss=_lose_memory,
        cause="its total memory is not known",
        outcome="warning",
    ),
)
