"""What is wrong with guests that nobody has restarted, or that are sealed to their firmware."""

from datetime import timedelta

from fixtures.times import xenapi_time
from simpool.builder import vm
from simpool.data import SimPool
from simpool.faults.attested import denied, unasked
from simpool.faults.fault import Fault


def _never_restart(pool: SimPool) -> None:
    metrics = pool.records["VM_metrics"][vm(pool, "mail-01")["metrics"]]
    metrics["start_time"] = xenapi_time(pool.now - timedelta(days=900, hours=1))


def _forget_starts(pool: SimPool) -> None:
    for record in pool.records["VM_metrics"].values():
        record["start_time"] = "19700101T00:00:00Z"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-BITLOCKER-01",
        change=denied("POOL-BITLOCKER-01"),
        on="ch82",
        finds="pool ch82: owners of sap-02 - expected: told, found: B. Okafor says no",
        loss=unasked("POOL-BITLOCKER-01"),
        cause="Nobody has answered it",
        outcome="warning",
        needs=("VM.HVM_boot_params",),
        tells=("story-84",),
        pool="ch82",
    ),
    Fault(
        check="VM-RESTART-01",
        change=_never_restart,
        on="mail-01",
        finds="VM mail-01: last start - expected: at most 180 days ago, found: 900 days ago",
        loss=_forget_starts,
        cause="when it was started is not known",
        outcome="warning",
        needs=("VM.power_state", "VM.metrics", "VM_metrics.start_time", "VM_metrics"),
        tells=("story-18",),
    ),
)
