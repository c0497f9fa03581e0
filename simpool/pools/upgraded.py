"""The default pool after a rolling upgrade to its target, and after what is to be done then.

It brings the audit of before the upgrade as its baseline.
"""

from datetime import UTC, datetime, timedelta

from simpool.data import SimPool
from simpool.earlier_audit import baseline_of
from simpool.pools import default
from simpool.rolling_upgrade import upgrade

RELEASE = "8.0"
BRAND = "Citrix Hypervisor"
TOOLS = {"major": "8", "minor": "0", "micro": "0", "build": "1"}


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    moment = now or datetime.now(UTC)
    before = default.build(moment - timedelta(days=4))
    pool = default.build(moment)
    upgrade(pool, RELEASE, BRAND)
    _update_tools(pool)
    pool.settings = {"target": default.TARGET, "phase": "after"}
    pool.inputs = {"baseline": baseline_of(before)}
    pool.name = "upgraded"
    return pool


def _update_tools(pool: SimPool) -> None:
    for guest in pool.records["VM_guest_metrics"].values():
        guest["PV_drivers_version"] = dict(TOOLS)
