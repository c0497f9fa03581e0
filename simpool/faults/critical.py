"""What can be wrong with the VMs that the upgrade itself depends on."""

from simpool.builder import ref_of, vm
from simpool.data import SimPool
from simpool.faults.fault import Fault

_WANTED = "pool default: critical VMs - expected: running, on more than one host, found: "


def _name_twins(pool: SimPool) -> None:
    pool.settings["critical_vms"] = ["dc-01", "db-01"]


def _name_nobody_known(pool: SimPool) -> None:
    pool.settings["critical_vms"] = ["dc-01", "dc-02", "dc-03"]


def _name_halted(pool: SimPool) -> None:
    pool.settings["critical_vms"] = ["dc-01", "dc-02", "build-agent-02"]


def _move_together(pool: SimPool) -> None:
    vm(pool, "dc-02")["resident_on"] = ref_of(pool, "host", "xen-01")


def _name_none(pool: SimPool) -> None:
    del pool.settings["critical_vms"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-CRITICAL-01",
        needs=("VM", "VM.power_state", "VM.resident_on", "VM.name_label"),
        change=_name_twins,
        on="default",
        finds=f"{_WANTED}all are on xen-01: dc-01, db-01",
        loss=_name_none,
        cause="which VMs the upgrade depends on",
        outcome="warning",
        tells=("story-19",),
    ),
    *(
        Fault(
            check="POOL-CRITICAL-01",
            change=change,
            on="default",
            finds=f"{_WANTED}{found}",
            outcome="warning",
        )
        for change, found in (
            (_name_nobody_known, "no VM is called dc-03"),
            (_name_halted, "build-agent-02 is halted"),
            (_move_together, "all are on xen-01: dc-01, dc-02"),
        )
    ),
)
