"""What can be wrong with a cluster of the hosts."""

from simpool.builder import add_record
from simpool.data import SimPool
from simpool.faults.fault import Fault

_WHOLE = "cluster - expected: none, or quorate with every host in it, found:"


def make_cluster(pool: SimPool, **fields: object) -> None:
    """Make a healthy cluster of all hosts, but for some fields of it, with storage on it."""
    next(sr for sr in pool.records["SR"].values() if sr["shared"])["clustered"] = True
    values = {
        "cluster_stack": "corosync",
        "pool_auto_join": True,
        "is_quorate": True,
        "quorum": 2,
        "live_hosts": len(pool.records["host"]),
        "expected_hosts": len(pool.records["host"]),
        "cluster_stack_version": 3,
        **fields,
    }
    cluster = add_record(pool, "Cluster", "cluster", values)
    for host, record in pool.records["host"].items():
        member = {"cluster": cluster, "host": host, "enabled": True, "joined": True, "live": True}
        add_record(pool, "Cluster_host", record["name_label"], member)


def _last_member(pool: SimPool, **fields: object) -> None:
    make_cluster(pool)
    list(pool.records["Cluster_host"].values())[-1].update(fields)


def _disable_a_member(pool: SimPool) -> None:
    _last_member(pool, enabled=False)


def _disable_a_member_without_storage(pool: SimPool) -> None:
    _disable_a_member(pool)
    for record in pool.records["SR"].values():
        record["clustered"] = False


def _lose_members(pool: SimPool) -> None:
    del pool.records["Cluster_host"]


def _lose_quorum(pool: SimPool) -> None:
    make_cluster(pool, is_quorate=False, live_hosts=1)


def _kill_a_member(pool: SimPool) -> None:
    _last_member(pool, live=False)


def _leave_one_to_forget(pool: SimPool) -> None:
    make_cluster(pool, pending_forget=["192.0.2.77"])


def _leave_one_out(pool: SimPool) -> None:
    make_cluster(pool)
    pool.records["Cluster_host"].popitem()


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-CLUSTER-02",
        change=_disable_a_member,
        on="ch82",
        finds=f"pool ch82: {_WHOLE} clustering is off on ch-03",
        loss=_lose_members,
        cause="Cluster_host records are not known",
        needs=("Cluster", "Cluster_host"),
        tells=("xapi-cluster-health",),
        pool="ch82",
    ),
    Fault(
        check="POOL-CLUSTER-02",
        change=_lose_quorum,
        on="xs8",
        finds=f"pool xs8: {_WHOLE} 1 live hosts, 2 make a quorum",
        tells=("xapi-cluster-health",),
        pool="xs8",
    ),
    Fault(
        check="POOL-CLUSTER-02",
        change=_kill_a_member,
        on="xs8",
        finds=f"pool xs8: {_WHOLE} xs-02 is not live in it",
        tells=("xapi-cluster-health",),
        pool="xs8",
    ),
    Fault(
        check="POOL-CLUSTER-02",
        change=_leave_one_out,
        on="ch82",
        finds=f"pool ch82: {_WHOLE} ch-03 is no member",
        pool="ch82",
    ),
    Fault(
        check="POOL-CLUSTER-02",
        change=_disable_a_member_without_storage,
        on="ch82",
        finds=f"pool ch82: {_WHOLE} clustering is off on ch-03",
        outcome="warning",
        pool="ch82",
    ),
    Fault(
        check="POOL-CLUSTER-02",
        change=_leave_one_to_forget,
        on="ch82",
        finds=f"pool ch82: {_WHOLE} lost members to be forgotten: 192.0.2.77",
        outcome="warning",
        pool="ch82",
    ),
)
