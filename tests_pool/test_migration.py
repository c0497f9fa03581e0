"""Pool preconditions: the network that VMs move over, and the release that they move from."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.features import feature_objection
from rules.migration_network import KEY, migration_network, network_problems, sends_vms
from rules.old_migration import FEATURE, is_before_safe_migration


@check("POOL-MIGRATION-01", warning)
def test_migration_network_is_usable(pool: Pool, settings: Settings, evidence: Evidence) -> None:
    """The migration network exists, with an interface that has an address on every host.

    Why: Xen Orchestra empties hosts over this network only; where it was deleted, lost its address
        or became part of a bond, the rolling upgrade stops at its first host.
    Source: Xen Orchestra, rolling pool update (key xo:migrationNetwork of the pool).
    Remedy: set another network in the pool's advanced settings, or remove the key: `xe
        pool-param-remove uuid={pool.uuid} param-name=other-config param-key=xo:migrationNetwork`.
    Risk: change; nothing that runs notices it.
    """
    if settings.method != "rolling" or not sends_vms(pool):
        not_applicable("no VM moves: it is shut down with its host")
    if not (stated := pool.other_config.get(KEY, "")):
        not_applicable("no migration network is set: VMs move over the management network")
    network = migration_network(pool, stated)
    evidence(network=network or stated)
    found = network_problems(pool, network) if network else (f"no network has uuid {stated}",)

    assert not found, (
        f"pool {pool.title}: migration network - expected: attached with an address on every host, "
        f"found: {'; '.join(found)}"
    )


@check("POOL-MIGRATE-OLD-01", blocker, waivable=False)
def test_vms_move_safely_from_this_release(
    pool: Pool, facts: PoolFacts, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The target takes live migrations from the release that the pool runs.

    Why: VMs that move live from hosts older than 7.1 have rebooted, or run on both hosts at once,
        which destroys their disks.
    Source: docs.xcp-ng.org, release notes; the data of the target release.
    Remedy: shut VMs down before their host is upgraded (`xe vm-shutdown uuid=...`), or move them
        warm.
    Risk: VM outage; VMs are shut down while their host is upgraded.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: the VMs have moved")
    if settings.method != "rolling" or not sends_vms(pool):
        not_applicable("no VM moves: it is shut down with its host")
    if not is_before_safe_migration(facts):
        not_applicable("the pool runs 7.1 or later")
    running = [vm for vm in facts.vms if vm.power_state in {"Running", "Paused"}]
    version = pool.coordinator.software_version.get("product_version", "not stated")
    evidence(product_version=version, vms=running)
    for vm in running:
        evidence.remedy("xe", "vm-shutdown", f"uuid={vm.uuid}")
    objection = feature_objection(target, FEATURE, f"{len(running)} active VMs on {version}")
    if objection and objection.lighter:
        evidence.weigh(warning, objection.lighter)

    assert not (objection and running), (
        f"pool {pool.title}: live migration - expected: taken by {target.name}, "
        f"found: {objection and objection.words}"
    )
