"""VM preconditions: can a host be emptied of a VM while the VM runs."""

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM, Pool
from fixtures.settings import Settings
from rules.evacuation import codes, judge_evacuation


@check("VM-EVACUATE-01", blocker)
def test_nothing_prevents_evacuation(
    vm: VM, pool: Pool, settings: Settings, evidence: Evidence
) -> None:
    """Nothing prevents the running VM from moving to another host.

    Why: a rolling upgrade empties each host before it is upgraded; one VM that cannot move stops
        the upgrade with its host disabled, or has to be shut down in haste.
    Source: xapi, ocaml/xapi/xapi_host.ml and xapi_vm_lifecycle.ml; xenadmin,
        XenAdmin/Diagnostics/Checks.
    Remedy: remove what prevents it (if it is HA, switch HA off as POOL-HA-01 says), or shut the VM
        down for the upgrade: `xe vm-shutdown uuid={vm.uuid}`.
    Risk: VM outage; removing what prevents it costs none.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: no host is emptied any more")
    if settings.method != "rolling":
        not_applicable(f"every VM is shut down with its host (--method {settings.method})")
    if len(pool.hosts) == 1:
        not_applicable("a pool of one host: a planned shutdown of its VMs is the remedy")
    if vm.power_state in {"Halted", "Suspended"}:
        not_applicable(f"{vm.power_state.lower()}: it is on no host")
    found = judge_evacuation(vm)
    evidence(computed=codes(found.computed), unknown=found.unknown)
    evidence(xapi=found.answer if found.answered else found.not_answered)
    if found.only_by_the_facts:
        evidence.weigh(warning, "xapi, which will decide, says that it can move")

    assert not found.words, (
        f"VM {vm.title}: evacuation - expected: can move to every other host, found: {found.words}"
    )
