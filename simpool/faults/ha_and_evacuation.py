"""HA or Workload Balancing left on while xapi is asked who can leave its host."""

from simpool.builder import add_vm, pool_record, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.vms import EVACUATION

_NAME = "payroll"


def _refuse(pool: SimPool, *code: str) -> None:
    ref = add_vm(
        pool, _NAME, host="xen-02", disks=[("iSCSI array", 12)], networks=["Servers"],
    )  # fmt: skip
    answers = pool.answers.setdefault(EVACUATION, {one: {} for one in pool.records["host"]})
    answers[ref_of(pool, "host", "xen-02")][ref] = [*code, ref]


def _leave_ha_on(pool: SimPool) -> None:
    pool_record(pool)["ha_enabled"] = True
    _refuse(pool, "HOST_NOT_ENOUGH_FREE_MEMORY")


def _leave_wlb_on(pool: SimPool) -> None:
    pool_record(pool).update(wlb_enabled=True, wlb_url="wlb.example:8012")
    _refuse(pool, "VM_HAS_VGPU")


_LEAVES = f"VM {_NAME}: evacuation - expected: can move to every other host, found:"

# Both are told together: neither hides the other, and the evacuation never looks better for it.
FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-HA-01",
        change=_leave_ha_on,
        on="default",
        finds="pool default: high availability - expected: off, found: on",
        tells=("xencenter-H08",),
    ),
    Fault(
        check="VM-EVACUATE-01",
        change=_leave_ha_on,
        on=_NAME,
        finds=f"{_LEAVES} HA is on and does not protect this VM",
        tells=("xencenter-H08",),
    ),
    Fault(
        check="POOL-WLB-01",
        change=_leave_wlb_on,
        on="default",
        finds=(
            "pool default: Workload Balancing - expected: off, found: on (server wlb.example:8012)"
        ),
        tells=("xencenter-H08",),
    ),
    Fault(
        check="VM-EVACUATE-01",
        change=_leave_wlb_on,
        on=_NAME,
        finds=f"{_LEAVES} it has a virtual GPU that cannot move",
        tells=("xencenter-H08",),
    ),
)
