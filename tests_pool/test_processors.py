"""Pool preconditions: processors of one vendor, with the features that the pool promises."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.processors import judge_processors, pool_level, vendor_of


@check("HOST-CPU-01", blocker)
def test_processors_fit_the_pool(
    host: Host, pool: Pool, settings: Settings, evidence: Evidence
) -> None:
    """The host's processors are of the coordinator's vendor and offer the pool's features.

    Why: a running or suspended VM cannot go on with processors of another vendor, nor a VM move to
        a host that lacks what it was started with; an upgrade of the whole pool needs both.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (AssertCanEvacuateUpgradeCheck); xapi,
        ocaml/xapi/cpuid_helpers.ml.
    Remedy: shut VMs down before their host is upgraded instead of moving them (`xe vm-list
        resident-on={host.uuid} is-control-domain=false` names them). If features are missing since
        an update, restart the host's toolstack (`xe-toolstack-restart` in its dom0) and then the
        VMs, so that they start with the pool's present level.
    Risk: VM outage; VMs are shut down or restarted.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no VM has to move any more")
    if len(pool.hosts) == 1:
        not_applicable("a pool of one host: no VM moves to other processors")
    if settings.method != "rolling":
        not_applicable(f"every VM is shut down with its host (--method {settings.method})")
    found = judge_processors(host, pool)
    evidence(vendor=vendor_of(host), modelname=host.cpu_info.get("modelname"))
    evidence(level=None if found else pool_level(pool))
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: processors - expected: the coordinator's vendor and the pool's "
        f"features, found: {'; '.join(problem.words for problem in found)}"
    )
