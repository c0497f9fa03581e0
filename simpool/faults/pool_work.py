"""What a pool is doing, and what it alarmed about."""

from datetime import timedelta

from fixtures.times import xenapi_time
from simpool.builder import add_record, pool_record
from simpool.data import SimError, SimPool
from simpool.faults.fault import Fault


def _log_redo(pool: SimPool) -> None:
    pool_record(pool)["redo_log_enabled"] = True


def _lose_redo(pool: SimPool) -> None:
    del pool_record(pool)["redo_log_enabled"]


def _export_something(pool: SimPool) -> None:
    values = {"name_label": "Export of mail-01", "status": "pending", "created": pool.now}
    add_record(pool, "task", "export", values)


def _lose_tasks(pool: SimPool) -> None:
    del pool.records["task"]


def _lose_a_path(pool: SimPool) -> None:
    message = {
        "name": "MULTIPATH_PERIODIC_ALERT",
        "priority": "3",
        "timestamp": xenapi_time(pool.now - timedelta(days=1)),
    }
    pool.answers["message.get_since"] = {"recent": {"OpaqueRef:alert": message}}


def _forbid_messages(pool: SimPool) -> None:
    pool.answers["message.get_since"] = {"recent": SimError(("RBAC_PERMISSION_DENIED", "x", "y"))}


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-BUSY-01",
        change=_log_redo,
        on="default",
        finds="pool default: work - expected: none under way, found: the redo log is on",
        loss=_lose_redo,
        cause="redo_log_enabled is missing",
        outcome="warning",
        needs=("pool.redo_log_enabled", "pool.current_operations", "pool.other_config"),
        tells=("xapi-redo-log",),
    ),
    Fault(
        check="POOL-TASKS-01",
        change=_export_something,
        on="default",
        finds="pool default: tasks - expected: none pending, found: Export of mail-01",
        loss=_lose_tasks,
        cause="task records are not known",
        outcome="warning",
        needs=("task", "task.status"),
        tells=("xapi-pending-tasks", "story-79"),
    ),
    Fault(
        check="POOL-ALERTS-01",
        change=_lose_a_path,
        on="default",
        finds=(
            "pool default: alerts - expected: none in the last 7 days, "
            "found: MULTIPATH_PERIODIC_ALERT (1)"
        ),
        loss=_forbid_messages,
        cause="message.get_since",
        outcome="warning",
        needs=("pool.master",),
        tells=("xapi-alerts",),
    ),
)
