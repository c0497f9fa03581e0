"""After the upgrade: each VM has its disks, interfaces, state, host and settings of before."""

from fixtures.baseline import Baseline
from fixtures.contract import blocker, check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM, PoolFacts
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.survival import AS_BEFORE, before, former
from rules.survival_vms import (
    changed_home,
    changed_interfaces,
    changed_settings,
    changed_state,
    lost_disks,
    tools_versions,
)


@check("AFTER-VM-DISKS-01", blocker)
def test_vm_has_its_disks(
    vm: VM, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the VM has all disks of before, with the same images.

    Why: a disk that is gone is lost data, or a VM that does not start.
    Source: xapi, ocaml/xapi/xapi_sr.ml (scan and forget); sm, drivers/.
    Remedy: scan the SR named (`xe sr-scan uuid=...`), look for the image there (`xe vdi-list
        sr-uuid=...`), and attach it again with `xe vbd-create vm-uuid={vm.uuid} vdi-uuid=...
        device=...`; else restore from the backup.
    Risk: data loss; a disk that is attached to the wrong VM is damaged when it starts.
    """
    old = former(vm, before(baseline, settings, facts))
    found = lost_disks(vm, old)
    evidence(disks_before=old.disks, disks=vm.disks)
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"VM {vm.title}: disks - expected: {AS_BEFORE}, "
        f"found: {'; '.join(one.words for one in found)}"
    )


@check("AFTER-VM-NETWORKS-01", warning)
def test_vm_has_its_interfaces(
    vm: VM, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the VM has all interfaces of before, with address and network.

    Why: a guest with another MAC address or network is not reached, and may ask for a licence again.
    Source: xapi, ocaml/idl/datamodel.ml (VIF).
    Remedy: create the interface again, with its former MAC address:
        `xe vif-create vm-uuid={vm.uuid} device=... mac=... network-uuid=...`.
    Risk: change; the guest sees another interface.
    """
    old = former(vm, before(baseline, settings, facts))
    found = changed_interfaces(vm, old)
    evidence(interfaces=len(vm.vifs), before=len(old.vifs), changed=found)

    assert not found, (
        f"VM {vm.title}: interfaces - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-VM-STATE-01", warning)
def test_vm_is_in_its_state_and_place(
    vm: VM, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade the VM is in the power state, and has and is at the home, of before.

    Why: what was shut down or moved for the change is easily forgotten: a service stays away, or two
        VMs that must be apart share a host. One that was halted may be there for no good reason.
    Source: xenadmin, XenAdmin/Wizards/RollingUpgradeWizard (it moves VMs back, and may fail to).
    Remedy: start, move or shut down the VM as before: `xe vm-start uuid={vm.uuid}`,
        `xe vm-migrate uuid={vm.uuid} host-uuid=... live=true`, `xe vm-shutdown uuid={vm.uuid}`; its
        home is its parameter `affinity`.
    Risk: VM outage; only if the VM has to be shut down.
    """
    old = former(vm, before(baseline, settings, facts))
    state, home = changed_state(vm, old), changed_home(vm, old, settings)
    evidence(power_state=vm.power_state, before=old.power_state)
    found = (*state, *(one.words for one in home))
    if not state and (why := lighter(home)):
        evidence.weigh(info, why)

    assert not found, (
        f"VM {vm.title}: state and host - expected: {AS_BEFORE}, found: {'; '.join(found)}"
    )


@check("AFTER-VM-SETTINGS-01", warning)
def test_vm_has_its_settings(
    vm: VM, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade HA, start order, autostart, schedule and limits of the VM are as before.

    Why: autostart and protection by HA are switched off for the upgrade and not always switched on
        again; it shows when the VM is missing after the next failure.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (AssertCanEvacuateCheck); xapi,
        ocaml/idl/datamodel_vm.ml.
    Remedy: set what is named as it was: `xe vm-param-set uuid={vm.uuid} ...`; waive what was changed
        on purpose.
    Risk: change; nothing that runs notices it.
    """
    old = former(vm, before(baseline, settings, facts))
    found = changed_settings(vm, old)
    evidence(changed=found)

    assert not found, f"VM {vm.title}: settings - expected: {AS_BEFORE}, found: {'; '.join(found)}"


@check("AFTER-VM-TOOLS-01", warning)
def test_vm_has_newer_tools(
    vm: VM, baseline: Baseline | None, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """After the upgrade somebody has seen to the XenTools of the running VM.

    Why: whether tools of before the upgrade are to be updated is seen VM by VM; whether newer ones
        exist for this guest the pool does not tell, so this is for the record.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: look whether the target brings newer tools for this guest, and install them inside it.
    Risk: VM outage; guests, Windows above all, restart for their drivers.
    """
    old = former(vm, before(baseline, settings, facts))
    if vm.power_state != "Running":
        not_applicable("it does not run: only a running VM reports its tools")
    then, now = tools_versions(vm, old)
    evidence(PV_drivers_version=now, before=then)
    if not now:
        not_applicable("no tools report their version")
    evidence.weigh(info, "the tools of before may be the newest for this guest")

    assert now != then, (
        f"VM {vm.title}: XenTools - expected: seen to after the upgrade, found: {now}, {AS_BEFORE}"
    )
