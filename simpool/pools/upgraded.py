"""The default pool after a rolling upgrade to its target, with what was then still to be done.

It brings the facts of before the upgrade as its baseline.
"""

from datetime import UTC, datetime, timedelta

from simpool.builder import vm
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.pools import default
from simpool.rolling_upgrade import baseline_of, upgrade

RELEASE = "8.0"
BRAND = "Citrix Hypervisor"


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    moment = now or datetime.now(UTC)
    before = default.build(moment - timedelta(days=4))
    baseline = baseline_of(facts_of(before))
    pool = default.build(moment)
    upgrade(pool, RELEASE, BRAND)
    _update_tools(pool)
    pool.settings = {"target": default.TARGET, "phase": "after"}
    pool.inputs = {"baseline": baseline}
    pool.name = "upgraded"
    return pool


def _update_tools(pool: SimPool) -> None:
    current = vm(pool, "dc-01")["guest_metrics"]
    version = pool.records["VM_guest_metrics"][current]["PV_drivers_version"]
    for name in (default.OLD_TOOLS, default.WAIVED):
        guest = pool.records["VM_guest_metrics"][vm(pool, name)["guest_metrics"]]
        guest["PV_drivers_version"] = dict(version)
