"""VM preconditions: what shows that a VM was backed up."""

from collections.abc import Mapping

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM, PoolFacts
from fixtures.raw import Json
from fixtures.settings import Settings
from rules.ages import age_limit
from rules.backups_of_vms import LIMITS, backup_evidence, exclusion, is_replica


@check("VM-BACKUP-01", warning)
def test_vm_has_a_recent_backup(
    vm: VM, facts: PoolFacts, settings: Settings, inputs: Mapping[str, Json], evidence: Evidence
) -> None:
    """Something shows that the VM was backed up lately.

    Why: an upgrade that goes wrong can take a host with its storage along, and the way back leads
        over a backup; a snapshot on the same SR is none.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/idl/datamodel.ml;
        xen-orchestra, @xen-orchestra/backups.
    Remedy: back the VM up, or export it and pass the folder with --xva-dir:
        `xe vm-export uuid={vm.uuid} filename=...`; raise --max-backup-age only if the age is meant.
    Risk: VM outage; an export needs the VM shut down, a backup by snapshot does not.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: the backup served to go back")
    if is_replica(vm):
        not_applicable("it is a replica that Xen Orchestra keeps of another VM")
    if tag := exclusion(vm):
        not_applicable(f"somebody excluded it from backups (tag {tag})")
    found = backup_evidence(vm)
    best = found.young(facts.now, settings.max_backup_age)
    evidence(rank=best.rank if best else "none", best=best, all=found.backups)
    evidence(short_of=found.short_of, limits=LIMITS, xva_dir_given=inputs["xva"] is not None)

    assert best is not None, (
        f"VM {vm.title}: backup - expected: one of the last {age_limit(settings.max_backup_age)}, "
        f"found: {found.found(facts.now)}"
    )
