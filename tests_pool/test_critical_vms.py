"""Pool preconditions: VMs that the upgrade itself depends on."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.settings import Settings
from rules.critical_vms import judge_critical, named_vms


@check("POOL-CRITICAL-01", warning)
def test_critical_vms_run_apart(
    pool: Pool, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """The VMs that the upgrade depends on are named, run, and are not all on one host.

    Why: with the host that carries name service, directory, licence server or the management
        appliance goes what hosts and people need to finish the upgrade.
    Source: Xen Orchestra, rolling pool upgrade (it refuses to restart its own host); From the
        Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: name them in poolproof.toml (`critical_vms`), start them (`xe vm-start uuid=...`), and
        move one of them: `xe vm-migrate uuid=... host-uuid=... live=true`.
    Risk: change; a VM that moves live halts for a moment.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: it depends on nothing any more")
    names = named_vms(settings)
    if not names:
        not_applicable("it is stated that the upgrade depends on no VM of this pool")
    found = judge_critical(facts, names)
    evidence(critical_vms=names, places=found.places)

    assert not found.problems, (
        f"pool {pool.title}: critical VMs - expected: running, on more than one host, "
        f"found: {'; '.join(found.problems)}"
    )
