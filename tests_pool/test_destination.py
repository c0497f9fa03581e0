"""Preconditions of moving VMs to another pool, for a clean installation of this one."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import SR, VM, PoolFacts
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.moving import attached_in, move_objections

_NONE_STATED = "no --destination was stated: VMs do not move to another pool"


@check("VM-MOVE-01", blocker)
def test_vm_can_move_to_the_destination(
    vm: VM, settings: Settings, destination: PoolFacts | None, evidence: Evidence
) -> None:
    """The VM finds memory, space, its networks and a processor in the destination, and may leave.

    Why: xapi refuses to move what does not fit, one VM after the other, when the first are gone
        already.
    Source: xapi, ocaml/xapi/xapi_vm_migrate.ml and xapi_vm_lifecycle.ml; From the Field, XenServer
        7.X Pool Upgrades, part 1.
    Remedy: make room, create what is missing under the same name, or shut the VM down (`xe
        vm-shutdown uuid={vm.uuid}`) and export it (`xe vm-export uuid={vm.uuid} filename=...`).
    Risk: VM outage; a VM is shut down while it is exported; making room costs none.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no VM has to move any more")
    if settings.method != "clean":
        not_applicable(f"the method is {settings.method}: VMs stay in the pool")
    if destination is None:
        not_applicable(_NONE_STATED)
    found = move_objections(vm, destination)
    evidence(destination=destination.pool.title, objections=[one.words for one in found])
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"VM {vm.title}: move to pool {destination.pool.title} - expected: possible, "
        f"found: {'; '.join(one.words for one in found)}"
    )


@check("SR-TWO-POOLS-01", blocker, waivable=False)
def test_sr_is_not_attached_in_two_pools(
    sr: SR, destination: PoolFacts | None, evidence: Evidence
) -> None:
    """The SR is not attached in the destination as well.

    Why: two pools that write to one SR destroy it; neither knows of the other's locks. Data would be
        lost, so this blocks.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, SR.introduce.
    Remedy: detach it in one of the pools, in this one by `xe pbd-unplug uuid=...` for each host,
        then `xe sr-forget uuid={sr.uuid}`. An exchange SR on NFS is made in one pool, detached
        there, and only then introduced in the other.
    Risk: VM outage; VMs that use the SR in that pool are shut down first; its images stay.
    """
    if destination is None:
        not_applicable(_NONE_STATED)
    here = [pbd for pbd in sr.pbds if pbd.currently_attached]
    for pbd in here:
        evidence.remedy("xe", "pbd-unplug", f"uuid={pbd.uuid}")
    also = attached_in(sr, destination)
    # The images of the ISO library and the drives of hosts are only read.
    writable = sr.type not in {"iso", "udev"}
    evidence(attached_here=len(here), attached_there=also, writable=writable)

    assert not (here and also and writable), (
        f"SR {sr.title}: attached - expected: in one pool, found: also in pool "
        f"{destination.pool.title}, on {', '.join(also)}"
    )
