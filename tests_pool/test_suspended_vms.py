"""VM preconditions: none is left suspended."""

from fixtures.contract import blocker, check, not_applicable
from fixtures.evidence import Evidence
from fixtures.model import VM
from fixtures.settings import Settings
from rules.local_disks import suspend_image
from rules.power_state import known_power_state


@check("VM-SUSPENDED-01", blocker)
def test_vm_is_not_suspended(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """The VM does not stay suspended across the upgrade.

    Why: a suspended VM keeps the processor features and the device model of the release it was
        suspended on, and may never resume on another one; its image may lie on a local SR.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; Citrix, XenServer Installation
        Guide (rolling pool upgrades).
    Remedy: resume it and shut it down before the upgrade: `xe vm-resume uuid={vm.uuid}`, then
        `xe vm-shutdown uuid={vm.uuid}`.
    Risk: VM outage; the VM is shut down.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: what was suspended before it is compared")
    state = known_power_state(vm)
    suspended = state == "Suspended"
    image = suspend_image(vm) if suspended else ""
    evidence(power_state=state, suspend_image=image or None)

    assert not suspended, (
        f"VM {vm.title}: power state - expected: running or shut down, found: suspended, {image}"
    )
