"""Pool preconditions: hosts still hold their VMs once the target has made dom0 larger."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool, PoolFacts
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.growth import dom0_sizes, grown, returns
from rules.memory import guests_on


@check("HOST-DOM0MEM-01", warning)
def test_host_has_room_for_a_larger_dom0(
    host: Host, facts: PoolFacts, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """The host's VMs fit beside the dom0 that the target installs.

    Why: from Citrix Hypervisor 8.0 on dom0 gets 1 GiB and 5 % of the memory, up to 8 GiB; VMs that
        filled the host before do not start or return, even squeezed to their dynamic minimum.
    Source: python-libs, xcp/dom0.py; xenadmin, XenAdmin/Diagnostics/Checks
        (HostMemoryPostUpgradeCheck).
    Remedy: lower the dynamic minimum of its VMs (`xe vm-list resident-on={host.uuid}
        params=uuid,name-label,memory-dynamic-min,memory-dynamic-max`, `xe
        vm-memory-dynamic-range-set uuid=... min=... max=...`), or plan which VMs start on another
        host after the upgrade.
    Risk: change; guests with too little memory become slow or fail.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: dom0 has its size")
    found = grown(host, target)
    evidence(growth=found, dom0_mib_of_hosts=dom0_sizes(facts))

    assert not found.short_mib, (
        f"host {host.title}: memory for a larger dom0 - expected: {found.growth_mib} MiB free "
        f"beside its VMs, found: {found.free_mib} MiB"
    )


@check("POOL-HOME-01", warning)
def test_vms_can_return_home(
    pool: Pool, facts: PoolFacts, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """Every host can take back its own VMs, not squeezed, beside the dom0 of the target.

    Why: after each host a rolling upgrade moves VMs back; where they no longer find the memory that
        they had, it ends as failed although every host has been upgraded.
    Source: python-libs, xcp/dom0.py; xapi, ocaml/xapi/memory_check.ml; Xen Orchestra, rolling pool
        upgrade.
    Remedy: note where each VM is now (`xe vm-list is-control-domain=false
        params=uuid,name-label,resident-on`), shut down VMs that can wait (`xe vm-shutdown
        uuid=...`), or lower their dynamic maximum (`xe vm-memory-dynamic-range-set uuid=... min=...
        max=...`).
    Risk: VM outage; a lower dynamic maximum costs none.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: VMs are where they are")
    found = returns(facts, target)
    evidence(hosts=found, home={host.title: guests_on(facts, host.ref) for host in pool.hosts})
    short = [host.words for host in found if host.is_short]

    assert not short, (
        f"pool {pool.title}: return of VMs - expected: each host has the memory for its own VMs, "
        f"found: {'; '.join(short)}"
    )
