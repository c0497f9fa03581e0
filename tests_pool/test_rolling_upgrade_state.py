"""Pool preconditions: no earlier upgrade is half done."""

from fixtures.contract import blocker, check
from fixtures.evidence import Evidence
from fixtures.model import Pool
from rules.versions import REFUSED_DURING_UPGRADE, RPU_KEY, rolling_upgrade


@check("POOL-RPU-01", blocker)
def test_no_rolling_upgrade_is_in_progress(pool: Pool, evidence: Evidence) -> None:
    """No rolling upgrade is in progress.

    Why: until all hosts agree, xapi refuses much of what a change relies on (see the evidence), VMs
        cannot return to older hosts, and a database dump taken now cannot be restored.
    Source: xapi, ocaml/xapi/db_gc.ml and xapi_vm_lifecycle.ml.
    Remedy: bring the hosts that lag behind to the coordinator's release first (`xe host-list
        params=uuid,name-label,software-version`). If all are of one version, xapi removes its key
        at the coordinator's next check; restart the coordinator's toolstack if it stays:
        `xe-toolstack-restart` in its dom0.
    Risk: host outage; hosts that lag behind are upgraded.
    """
    found = rolling_upgrade(pool)
    evidence(
        rolling_upgrade_in_progress=pool.other_config.get(RPU_KEY),
        versions=found.versions,
        impossible_now=REFUSED_DURING_UPGRADE if found.flagged else (),
    )

    assert not found.state, (
        f"pool {pool.title}: rolling upgrade - expected: none in progress, found: {found.state}; "
        f"impossible until it ends: {', '.join(REFUSED_DURING_UPGRADE)}"
    )
