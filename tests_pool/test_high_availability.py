"""Pool preconditions: what moves VMs by itself is off."""

from fixtures.contract import blocker, check, not_applicable
from fixtures.evidence import Evidence
from fixtures.model import Pool
from fixtures.settings import Settings


@check("POOL-HA-01", blocker)
def test_high_availability_is_off(pool: Pool, settings: Settings, evidence: Evidence) -> None:
    """High availability is off.

    Why: HA takes a host that reboots for a failed one and starts its VMs elsewhere, it reserves the
        memory that an evacuation needs, and the installer refuses a host on which it is armed.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/HAOffCheck.cs; host-installer, product.py.
    Remedy: switch it off for the change: `xe pool-ha-disable`; note the heartbeat SRs and the
        number of host failures to tolerate, so that it can be switched on again afterwards.
    Risk: change; until it is on again VMs of a host that fails stay down.
    """
    if settings.phase == "after":
        not_applicable("after the upgrade it may be on again")
    enabled = pool.ha_enabled
    evidence(
        ha_enabled=enabled,
        ha_host_failures_to_tolerate=pool.ha_host_failures_to_tolerate if enabled else None,
        ha_statefiles=pool.ha_statefiles if enabled else None,
    )

    assert not enabled, f"pool {pool.title}: high availability - expected: off, found: on"


@check("POOL-WLB-01", blocker)
def test_workload_balancing_is_off(pool: Pool, settings: Settings, evidence: Evidence) -> None:
    """Workload Balancing is off.

    Why: it would move VMs while hosts are evacuated, and its server must fit the new release.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/WlbOffCheck.cs.
    Remedy: pause it for the change: `xe pool-param-set uuid={pool.uuid} wlb-enabled=false`.
    Risk: change; until it is on again VMs are not balanced.
    """
    if settings.phase == "after":
        not_applicable("after the upgrade it may be on again")
    enabled = pool.wlb_enabled
    evidence(wlb_enabled=enabled, wlb_url=pool.wlb_url)

    assert not enabled, (
        f"pool {pool.title}: Workload Balancing - expected: off, "
        f"found: on (server {pool.wlb_url or 'not stated'})"
    )
