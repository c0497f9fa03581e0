"""After the upgrade: what was switched off for it is on again, and the pool has its settings."""

from fixtures.baseline import Baseline
from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.settings import Settings
from rules.listing import listed
from rules.survival import AS_BEFORE, before, is_same_host
from rules.survival_pool import (
    autostart_changes,
    availability_changes,
    balancing_changes,
    lost_authorities,
    schedule_changes,
    setting_changes,
)


@check("AFTER-HA-01", warning)
def test_ha_is_back(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade high availability is as it was before it was switched off.

    Why: an upgrade needs it off, and nothing switches it on again: when a host fails its VMs stay
        down. Also a pool that had it off when it was audited may have had it on.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/HAOffCheck.cs (it reverts only what it did itself).
    Remedy: `xe pool-ha-enable heartbeat-sr-uuids=...`, then `xe pool-param-set uuid={pool.uuid}
        ha-host-failures-to-tolerate=...`; waive it if it is meant to stay off.
    Risk: change; hosts begin to watch each other.
    """
    then = before(baseline, settings, facts)
    found = availability_changes(pool, then.pool)
    evidence(ha_enabled=pool.ha_enabled, before=then.pool.ha_enabled)

    assert not found, (
        f"pool {pool.title}: high availability - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-WLB-01", warning)
def test_workload_balancing_is_back(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade Workload Balancing is as it was before it was switched off.

    Why: an upgrade needs it off; nobody misses it until a host is overloaded.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/WlbOffCheck.cs.
    Remedy: see that its server fits the new release, then
        `xe pool-param-set uuid={pool.uuid} wlb-enabled=true`.
    Risk: change; VMs may be moved live.
    """
    then = before(baseline, settings, facts)
    found = balancing_changes(pool, then.pool)
    evidence(wlb_enabled=pool.wlb_enabled, before=then.pool.wlb_enabled)

    assert not found, (
        f"pool {pool.title}: Workload Balancing - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-AUTOSTART-01", warning)
def test_autostart_is_back(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the pool starts VMs by itself, or not, as before.

    Why: it is switched off for an upgrade; after the next power failure the VMs then stay down.
    Source: xapi, ocaml/xapi/xapi_host_helpers.ml (auto_poweron).
    Remedy: `xe pool-param-set uuid={pool.uuid} other-config:auto_poweron=true`.
    Risk: change; VMs start with the next start of their host.
    """
    then = before(baseline, settings, facts)
    found = autostart_changes(pool, then.pool)
    evidence(changed=found)

    assert not found, (
        f"pool {pool.title}: autostart - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-SCHEDULES-01", warning)
def test_schedules_are_back(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every schedule of snapshots and backups is there, and on.

    Why: a schedule that was switched off for the change, or that the new release no longer has, is
        missed on the day on which somebody needs its snapshot.
    Source: xapi, ocaml/idl/datamodel.ml (VMSS; VMPP up to 6.1).
    Remedy: switch it on (`xe vmss-param-set uuid=... enabled=true`) or plan it anew.
    Risk: change; nothing that runs notices it.
    """
    found = schedule_changes(facts, before(baseline, settings, facts))
    evidence(changed=found)

    assert not found, (
        f"pool {pool.title}: schedules - expected: {AS_BEFORE}, found: {listed(found)}"
    )


@check("AFTER-COORDINATOR-01", warning)
def test_coordinator_is_the_same(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the pool has the coordinator of before.

    Why: an upgrade begins with the coordinator and leaves it in its place; that another one took
        over shows that something failed, and what is set to its address may not find the pool.
    Source: xapi, ocaml/xapi/xapi_pool.ml (designate_new_master, emergency_transition_to_master).
    Remedy: find out why it changed; `xe pool-designate-new-master host-uuid=...` brings it back.
    Risk: change; connections to the pool end and are made anew, VMs go on.
    """
    then = before(baseline, settings, facts)
    was, now = then.pool.coordinator, pool.coordinator
    evidence(coordinator=now, before=was)
    if settings.method == "clean":
        not_applicable("a clean installation hands the part of the coordinator on")

    assert is_same_host(was, now, settings), (
        f"pool {pool.title}: coordinator - expected: {was.title}, {AS_BEFORE}, found: {now.title}"
    )


@check("AFTER-SETTINGS-01", warning)
def test_pool_has_its_settings(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade default SRs, migration network, switches, notes and CAs are as before.

    Why: tools rely on them; without its migration network a pool moves VMs over its management
        network, without a default SR it takes no updates, and what a lost CA vouched for is not
        trusted.
    Source: xapi, ocaml/idl/datamodel_pool.ml.
    Remedy: set what is named as it was: `xe pool-param-set uuid={pool.uuid} ...`; waive what was
        changed on purpose.
    Risk: change; nothing that runs notices it.
    """
    then = before(baseline, settings, facts)
    found = (*setting_changes(pool, then.pool), *lost_authorities(facts, then))
    evidence(changed=found)

    assert not found, (
        f"pool {pool.title}: settings - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )
