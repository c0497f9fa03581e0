"""VMs that came out of the upgrade otherwise than they went in."""

from collections.abc import Callable
from typing import Any

from simpool.builder import NULL, ref_of, vm
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.survival_baseline import record_then, then
from simpool.faults.survival_presence import UPGRADED

_BEFORE = "expected: as before the upgrade, found:"


def _devices(pool: SimPool, kind: str, name: str, number: str) -> tuple[str, dict[str, Any]]:
    """The drive (by `userdevice`) or interface (by `device`) of a VM."""
    of, key = ref_of(pool, "VM", name), "userdevice" if kind == "VBD" else "device"
    return next(
        (ref, record)
        for ref, record in pool.records[kind].items()
        if (record["VM"], record[key]) == (of, number)
    )


def _lose_a_disk(pool: SimPool) -> None:
    ref, drive = _devices(pool, "VBD", "mail-01", "0")
    del pool.records["VBD"][ref], pool.records["VDI"][drive["VDI"]]


def _unplug_a_disk(pool: SimPool) -> None:
    ref, _ = _devices(pool, "VBD", "mail-01", "0")
    del pool.records["VBD"][ref]


def _replace_a_disk(pool: SimPool) -> None:
    _, drive = _devices(pool, "VBD", "mail-01", "0")
    _, other = _devices(pool, "VBD", "db-01", "1")
    del pool.records["VDI"][drive["VDI"]]
    drive["VDI"] = other["VDI"]


def _lose_an_image(pool: SimPool) -> None:
    _, drive = _devices(pool, "VBD", "mail-01", "0")
    pool.records["VDI"][drive["VDI"]]["missing"] = True


def _change_an_interface(pool: SimPool) -> None:
    _, vif = _devices(pool, "VIF", "mail-01", "0")
    vif.update(MAC="02:00:5e:00:53:01", network=ref_of(pool, "network", "DMZ"))


def _lose_an_interface(pool: SimPool) -> None:
    del pool.records["VIF"][_devices(pool, "VIF", "mail-01", "0")[0]]


def _forget_to_start(pool: SimPool) -> None:
    vm(pool, "mail-01").update(power_state="Halted", resident_on=NULL)


def _leave_away_from_home(pool: SimPool) -> None:
    vm(pool, "mail-01")["resident_on"] = ref_of(pool, "host", "xen-01")


def _leave_anywhere(pool: SimPool) -> None:
    record_then(pool, "VM", "mail-01")["affinity"] = NULL
    vm(pool, "mail-01").update(affinity=NULL, resident_on=ref_of(pool, "host", "xen-01"))


def _lose_home(pool: SimPool) -> None:
    vm(pool, "mail-01")["affinity"] = NULL


def _leave_suspended(pool: SimPool) -> None:
    record_then(pool, "VM", "mail-01")["power_state"] = "Suspended"
    vm(pool, "mail-01").update(power_state="Suspended", resident_on=NULL)


def _leave_unprotected(pool: SimPool) -> None:
    record_then(pool, "VM", "mail-01").update(ha_restart_priority="restart", order="2")
    record_then(pool, "VM", "mail-01")["other_config"]["auto_poweron"] = "true"


def _leave_blocked(pool: SimPool) -> None:
    vm(pool, "mail-01")["blocked_operations"] = {"start": "during the upgrade"}


def _keep_old_tools(pool: SimPool) -> None:
    guest = vm(pool, "mail-01")["guest_metrics"]
    version = then(pool, "VM_guest_metrics")[guest]["PV_drivers_version"]
    pool.records["VM_guest_metrics"][guest]["PV_drivers_version"] = dict(version)


def lose_field(kind: str, field: str) -> Callable[[SimPool], None]:
    """A loss: a field, in all records of a class."""

    def lose(pool: SimPool) -> None:
        for record in pool.records[kind].values():
            record.pop(field, None)

    return lose


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="AFTER-VM-DISKS-01",
        pool=UPGRADED,
        change=_lose_a_disk,
        on="mail-01",
        finds=f"VM mail-01: disks - {_BEFORE} disk 0 (mail-01 0, 200 GiB, SR iSCSI array) is gone",
        loss=lose_field("VBD", "empty"),
        cause="empty is missing",
        needs=(
            "VBD", "VBD.VM", "VBD.VDI", "VBD.type", "VBD.empty", "VBD.userdevice",
            "VDI", "VDI.uuid", "VDI.missing", "VDI.virtual_size",
        ),
    ),
    Fault(
        check="AFTER-VM-DISKS-01",
        pool=UPGRADED,
        change=_lose_an_image,
        on="mail-01",
        finds=(
            f"VM mail-01: disks - {_BEFORE} the image of disk 0 (mail-01 0, 200 GiB, "
            "SR iSCSI array) is missing in its SR"
        ),
    ),
    Fault(
        check="AFTER-VM-DISKS-01",
        pool=UPGRADED,
        change=_unplug_a_disk,
        on="mail-01",
        finds=(
            f"VM mail-01: disks - {_BEFORE} disk 0 (mail-01 0, 200 GiB, SR iSCSI array) "
            "is not in its place"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-DISKS-01",
        pool=UPGRADED,
        change=_replace_a_disk,
        on="mail-01",
        finds=(
            f"VM mail-01: disks - {_BEFORE} disk 0 (mail-01 0, 200 GiB, SR iSCSI array) was "
            "replaced by db-01 1, SR iSCSI array"
        ),
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-NETWORKS-01",
        pool=UPGRADED,
        change=_change_an_interface,
        on="mail-01",
        finds=(
            f"VM mail-01: interfaces - {_BEFORE} interface 0: MAC 02:00:5e:00:53:01 instead of "
            "fa:16:3e:91:89:e8; interface 0: network DMZ instead of Servers"
        ),
        outcome="warning",
        loss=lose_field("VIF", "MAC"),
        cause="MAC is missing",
        needs=(
            "VIF", "VIF.VM", "VIF.device", "VIF.MAC", "VIF.network", "VIF.locking_mode",
            "network",
        ),
    ),
    Fault(
        check="AFTER-VM-NETWORKS-01",
        pool=UPGRADED,
        change=_lose_an_interface,
        on="mail-01",
        finds=f"VM mail-01: interfaces - {_BEFORE} interface 0 (fa:16:3e:91:89:e8, Servers) is gone",
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-STATE-01",
        pool=UPGRADED,
        change=_forget_to_start,
        on="mail-01",
        finds=f"VM mail-01: state and host - {_BEFORE} power state Halted instead of Running",
        outcome="warning",
        loss=lose_field("VM", "resident_on"),
        cause="resident_on is missing",
        needs=("VM.power_state", "VM.affinity"),
    ),
    Fault(
        check="AFTER-VM-STATE-01",
        pool=UPGRADED,
        change=_leave_away_from_home,
        on="mail-01",
        finds=f"VM mail-01: state and host - {_BEFORE} runs on xen-01 instead of xen-03",
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-STATE-01",
        pool=UPGRADED,
        change=_leave_anywhere,
        on="mail-01",
        finds=f"VM mail-01: state and host - {_BEFORE} runs on xen-01 instead of xen-03",
        outcome="info",
    ),
    Fault(
        check="AFTER-VM-STATE-01",
        pool=UPGRADED,
        change=_lose_home,
        on="mail-01",
        finds=f"VM mail-01: state and host - {_BEFORE} home server none instead of xen-03",
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-STATE-01",
        pool=UPGRADED,
        change=_leave_suspended,
        on="mail-01",
        finds=f"VM mail-01: state and host - {_BEFORE} still suspended, by the former release",
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-SETTINGS-01",
        pool=UPGRADED,
        change=_leave_unprotected,
        on="mail-01",
        finds=(
            f"VM mail-01: settings - {_BEFORE} HA restart priority none instead of restart; "
            "start order 0 instead of 2; autostart off instead of on"
        ),
        outcome="warning",
        loss=lose_field("VM", "ha_restart_priority"),
        cause="ha_restart_priority is missing",
        needs=(
            "VM.ha_restart_priority", "VM.order", "VM.start_delay", "VM.shutdown_delay",
            "VM.appliance", "VM.other_config", "VM.snapshot_schedule", "VM.memory_static_max",
            "VM.memory_dynamic_max", "VM.memory_dynamic_min", "VM.VCPUs_max",
            "VM.VCPUs_at_startup", "VM.actions_after_shutdown", "VM.actions_after_reboot",
            "VM.actions_after_crash", "VM.blocked_operations",
        ),
    ),
    Fault(
        check="AFTER-VM-SETTINGS-01",
        pool=UPGRADED,
        change=_leave_blocked,
        on="mail-01",
        finds=f"VM mail-01: settings - {_BEFORE} blocked operations start instead of none",
        outcome="warning",
    ),
    Fault(
        check="AFTER-VM-TOOLS-01",
        pool=UPGRADED,
        change=_keep_old_tools,
        on="mail-01",
        finds=(
            "VM mail-01: XenTools - expected: seen to after the upgrade, "
            "found: 7.2.0.137, as before the upgrade"
        ),
        outcome="info",
        loss=lose_field("VM_guest_metrics", "PV_drivers_version"),
        cause="PV_drivers_version is missing",
        needs=("VM.power_state", "VM.guest_metrics", "VM_guest_metrics.PV_drivers_version"),
    ),
)  # fmt: skip
