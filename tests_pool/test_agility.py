"""VM preconditions: may a VM be started on every enabled host."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, Pool
from fixtures.settings import Settings
from rules.agility import judge_agility
from rules.evacuation import said_to_move


@check("VM-AGILE-01", blocker)
def test_vm_is_agile(vm: VM, pool: Pool, settings: Settings, evidence: Evidence) -> None:
    """The VM is agile: its storage and networks are there on every enabled host.

    Why: in a rolling upgrade every host is emptied in turn; a VM that is tied to one host stops it,
        or goes down with it. What xapi moves live all the same (such as some virtual GPUs) warns.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi/agility.ml.
    Remedy: eject the CD (`xe vm-cd-eject uuid={vm.uuid}`), move the disk to a shared SR (`xe
        vdi-pool-migrate uuid=... sr-uuid=...`), attach SR or network on every host, or shut the VM
        down for the upgrade: `xe vm-shutdown uuid={vm.uuid}`.
    Risk: VM outage; ejecting the disc or moving the disk live costs none.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no host is emptied any more")
    if settings.method != "rolling":
        not_applicable(f"every VM is shut down with its host (--method {settings.method})")
    if len(pool.hosts) == 1:
        not_applicable("a pool of one host: a planned shutdown of its VMs is the remedy")
    if vm.power_state == "Halted":
        not_applicable("halted: it is not moved")
    found = judge_agility(vm)
    if found.unknown and not found.asked:
        raise NotVerifiedError(f"{found.unknown}; {found.not_asked}")
    evidence(computed=found.computed, unknown=found.unknown or None)
    evidence(asked=found.answer if found.asked else found.not_asked)
    if found.disagree and found.answer is None:
        evidence.weigh(warning, "xapi, which will decide, says that it is agile")
    elif found.only_of_devices and said_to_move(vm):
        evidence.weigh(warning, "xapi, which will empty its host, says that it can move")

    assert not found.words, (
        f"VM {vm.title}: agility - expected: can be started on every enabled host, "
        f"found: {found.words}"
    )
