"""After the upgrade: every host, VM, SR and network of before is still there."""

from fixtures.baseline import Baseline
from fixtures.contract import blocker, check, info, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.settings import Settings
from rules.listing import listed
from rules.survival import before, lost_hosts
from rules.survival_presence import (
    lighter_loss,
    lost_networks,
    lost_srs,
    lost_templates,
    lost_vms,
    newcomers,
    titles,
)


@check("AFTER-HOSTS-01", blocker)
def test_every_host_is_still_a_member(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every host of before is a member of the pool.

    Why: a host that was forgotten, or came back as a pool of its own, takes its local storage and
        the memory for its VMs along.
    Source: xapi, ocaml/xapi/xapi_pool.ml (join, eject and recovery of members).
    Remedy: look at the host's console; let it join again (`xe pool-join master-address=...
        master-username=... master-password=...` in its dom0) only if nothing of it is needed:
        joining forgets what it holds. State `--method=clean` if hosts were installed afresh.
    Risk: data loss; a host that joins again forgets what it holds.
    """
    lost = lost_hosts(before(baseline, settings, facts), facts, settings)
    evidence(lost=lost, hosts=len(facts.hosts))

    assert not lost, (
        f"pool {pool.title}: hosts - expected: all of before the upgrade, "
        f"found: lost {listed(titles(lost))}"
    )


@check("AFTER-VMS-01", blocker)
def test_every_vm_is_still_there(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every VM of before is there.

    Why: a VM whose record is gone is gone for everybody, though its disks may still exist.
    Source: xapi, ocaml/xapi/pool_db_backup.ml and xapi_pool.ml (what ejection and restores forget).
    Remedy: search its disks in their SRs (`xe vdi-list params=uuid,name-label,sr-uuid`), and bring
        the VM back from the pool's metadata backup (xe-restore-metadata) or its export; waive one
        that was deleted on purpose.
    Risk: data loss; metadata of the wrong day bring back the wrong disks.
    """
    lost = lost_vms(before(baseline, settings, facts), facts)
    evidence(lost=lost, vms=len(facts.vms))

    assert not lost, (
        f"pool {pool.title}: VMs - expected: all of before the upgrade, "
        f"found: lost {listed(titles(lost))}"
    )


@check("AFTER-SRS-01", blocker)
def test_every_sr_is_still_there(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every SR of before is there.

    Why: with an SR all its disks are gone for the pool; a local one may have been erased when its
        disk was partitioned anew.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; host-installer, backend.py.
    Remedy: do not create one in its place. Introduce it again (`xe sr-introduce uuid=... type=...
        name-label=...`, `xe pbd-create host-uuid=... sr-uuid=... device-config:...`) if its data
        are intact; else restore from backups.
    Risk: data loss; an SR created in its place, instead of introduced, erases it.
    """
    lost = lost_srs(before(baseline, settings, facts), facts)
    evidence(lost=lost, srs=len(facts.srs))
    if lost and (why := lighter_loss(lost, settings)):
        evidence.weigh(warning, why)

    assert not lost, (
        f"pool {pool.title}: SRs - expected: all of before the upgrade, "
        f"found: lost {listed(titles(lost))}"
    )


@check("AFTER-NETWORKS-01", warning)
def test_every_network_is_still_there(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every network of before is there.

    Why: what was connected by it no longer is, and stays so at its next start.
    Source: xapi, ocaml/xapi/xapi_network.ml and xapi_pif.ml.
    Remedy: create it again (`xe network-create name-label=...`, `xe vlan-create network-uuid=...
        pif-uuid=... vlan=...`) and plug its interfaces in.
    Risk: change; VMs whose interfaces are plugged anew lose it for a moment.
    """
    lost = lost_networks(before(baseline, settings, facts), facts)
    evidence(lost=lost)

    assert not lost, (
        f"pool {pool.title}: networks - expected: all of before the upgrade, "
        f"found: lost {listed(titles(lost))}"
    )


@check("AFTER-TEMPLATES-01", warning)
def test_every_own_template_is_still_there(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade every template that somebody made is there.

    Why: an upgrade renews the vendor's templates; own ones, with their disks, must not go with them.
    Source: xapi, ocaml/xapi/create_misc.ml and create_templates (what is made anew).
    Remedy: bring it back from its export, or waive one that was deleted on purpose.
    Risk: change; nothing that runs notices it.
    """
    lost = lost_templates(before(baseline, settings, facts), facts)
    evidence(lost=lost)

    assert not lost, (
        f"pool {pool.title}: own templates - expected: all of before the upgrade, "
        f"found: lost {listed(titles(lost))}"
    )


@check("AFTER-NEW-01", warning)
def test_what_is_new_is_known(
    pool: Pool, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """Hosts, VMs and SRs that are younger than the audit before the upgrade are noted.

    Why: nothing is compared for them; it is fine if they are meant, so this is for the record.
    Source: the two audits.
    Remedy: none, if they are meant. What should be old and is new lost its uuid: look for its
        former self among what was lost.
    Risk: none; it is for the record.
    """
    found = newcomers(before(baseline, settings, facts), facts, settings)
    evidence(new=found)
    evidence.weigh(info, "what was added on purpose is nothing to mend")

    assert not found, (
        f"pool {pool.title}: objects - expected: those of before the upgrade, "
        f"found: new {listed(found)}"
    )
