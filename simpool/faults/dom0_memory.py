"""Hosts that are too full for a dom0 that grows."""

from simpool.builder import GIB, add_vm, vm, wire
from simpool.data import SimPool
from simpool.faults.fault import Fault

_SAN = [("iSCSI array", 60)]
_NEEDS = (
    "VM.resident_on",
    "VM.is_control_domain",
    "VM.memory_dynamic_min",
    "VM.memory_overhead",
    "host.metrics",
    "host.memory_overhead",
    "host_metrics.memory_total",
    "VM",
    "host_metrics",
)


def _fill(pool: SimPool) -> None:
    add_vm(pool, "reporting", host="xen-01", disks=_SAN, networks=["Servers"], memory_gib=85)


def _fill_unless_squeezed(pool: SimPool) -> None:
    add_vm(
        pool, "cad-pool", host="xen-02", disks=_SAN, networks=["Servers"], memory_gib=116,
        memory_dynamic_min=70 * GIB,
    )  # fmt: skip


def _lose_total(pool: SimPool) -> None:
    next(iter(pool.records["host_metrics"].values())).update(memory_total=wire(0))


def _lose_dynamic_max(pool: SimPool) -> None:
    del vm(pool, "web-01")["memory_dynamic_max"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-DOM0MEM-01",
        needs=(*_NEEDS, "VM.scheduled_to_be_resident_on"),
        change=_fill,
        on="xen-01",
        finds="host xen-01: memory for a larger dom0 - expected: 3488 MiB free beside its VMs, "
        "found: 1484 MiB",
        loss=_lose_total,
        cause="total memory is not known",
        outcome="warning",
        tells=("xencenter-H09",),
    ),
    Fault(
        check="POOL-HOME-01",
        needs=(*_NEEDS, "VM.memory_dynamic_max"),
        change=_fill_unless_squeezed,
        on="default",
        finds="pool default: return of VMs - expected: each host has the memory for its own VMs, "
        "found: xen-02 lacks 6130 MiB of 129020 MiB",
        loss=_lose_dynamic_max,
        cause="field memory_dynamic_max is missing from what was read",
        outcome="warning",
        tells=("story-05",),
    ),
)
