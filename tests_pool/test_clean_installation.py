"""Host preconditions of a clean installation, host by host: ejected, installed afresh, joined again."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, PoolFacts
from fixtures.settings import Settings
from rules.ejection import local_srs, lost_disks, rejoin_objections
from rules.listing import listed


@check("HOST-EJECT-01", blocker, waivable=False)
def test_host_can_be_ejected(
    host: Host, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """Nothing is lost when the host is ejected from its pool.

    Why: xapi erases the local SRs of an ejected host, and the installer formats its disks: data
        would be lost, so this blocks. A coordinator goes last, after another host took over.
    Source: xapi, ocaml/xapi/xapi_pool.ml (eject); From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: move what is named to a shared SR (`xe vdi-pool-migrate uuid=... sr-uuid=...`) or export
        it; let another host coordinate before this one goes (`xe pool-designate-new-master
        host-uuid=...`).
    Risk: data loss; what is neither moved nor exported is erased with the host's local SRs.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no host leaves the pool any more")
    if settings.method != "clean":
        not_applicable(f"the method is {settings.method}: no host leaves the pool")
    lost = lost_disks(host)
    for disk in [disk for sr in local_srs(host) for disk in sr.vdis]:
        evidence.remedy("xe", "vdi-pool-migrate", f"uuid={disk.uuid}", "sr-uuid=...")
    coordinates = host.ref == facts.coordinator_ref
    evidence(local_srs=[sr.title for sr in local_srs(host)], lost=lost, coordinates=coordinates)
    if coordinates:
        evidence(order="the coordinator goes last, when another host coordinates")

    assert not lost, (
        f"host {host.title}: ejection - expected: loses nothing, "
        f"found: images that would be erased ({len(lost)}): {listed(lost)}"
    )


@check("HOST-REJOIN-01", warning)
def test_host_can_join_again(
    host: Host, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """The reinstalled host can join the pool again.

    Why: a pool refuses a host that differs from it in what is named; it is known before the first
        host leaves, and there is a way, so this warns.
    Source: xenadmin, XenModel/PoolJoinRules.cs; xapi, ocaml/xapi/xapi_pool.ml (pre-join checks).
    Remedy: settle what is named before the host is ejected.
    Risk: change; each is settled before the host leaves.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no host leaves the pool any more")
    if settings.method != "clean":
        not_applicable(f"the method is {settings.method}: no host leaves the pool")
    if len(facts.hosts) == 1:
        not_applicable("a single host has no pool to return to")
    found = rejoin_objections(facts, host)
    evidence(hosts=len(facts.hosts), objections=found)

    assert not found, (
        f"host {host.title}: return to the pool - expected: nothing in the way, "
        f"found: {'; '.join(found)}"
    )
