"""What can be wrong with the pool as a whole: HA, Workload Balancing, an upgrade half done."""

from simpool.builder import host, pool_record
from simpool.data import SimPool
from simpool.faults.fault import Fault


def _enable_ha(pool: SimPool) -> None:
    pool_record(pool)["ha_enabled"] = True


def _lose_ha(pool: SimPool) -> None:
    del pool_record(pool)["ha_enabled"]


def _enable_wlb(pool: SimPool) -> None:
    pool_record(pool).update(wlb_enabled=True, wlb_url="wlb.example:8012")


def _lose_wlb(pool: SimPool) -> None:
    del pool_record(pool)["wlb_enabled"]


def _begin_upgrade(pool: SimPool) -> None:
    pool_record(pool)["other_config"]["rolling_upgrade_in_progress"] = "true"


def _lose_versions(pool: SimPool) -> None:
    host(pool, "xen-03")["software_version"].clear()


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-HA-01",
        tells=(
            "xencenter-P07",
            "xo-gate-12",
        ),
        needs=("pool.ha_enabled",),
        change=_enable_ha,
        on="default",
        finds="pool default: high availability - expected: off, found: on",
        loss=_lose_ha,
        cause="ha_enabled is missing",
    ),
    Fault(
        check="POOL-WLB-01",
        tells=(
            "xencenter-P08",
            "xo-gate-06",
            "xapi-wlb",
        ),
        needs=("pool.wlb_enabled",),
        change=_enable_wlb,
        on="default",
        finds=(
            "pool default: Workload Balancing - expected: off, found: on (server wlb.example:8012)"
        ),
        loss=_lose_wlb,
        cause="wlb_enabled is missing",
    ),
    Fault(
        check="POOL-RPU-01",
        tells=(
            "story-10",
            "story-80",
            "xencenter-code-NOT_SUPPORTED_DURING_UPGRADE",
            "xapi-rolling-upgrade",
            "xapi-refused-operations",
            "xapi-no-way-back",
        ),
        needs=("host.software_version", "pool.other_config"),
        change=_begin_upgrade,
        on="default",
        finds=(
            "pool default: rolling upgrade - expected: none in progress, found: all hosts of one "
            "version, but xapi's key is still set; impossible until it ends: VM snapshot, "
            "checkpoint and revert (snapshot-based backups fail), export of metadata, "
            "configuration changes of halted VMs, migration back to a host that is not upgraded "
            "yet, SR creation, clustering and rotation of the pool secret"
        ),
        loss=_lose_versions,
        cause="states no version",
    ),
)
