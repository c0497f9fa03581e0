"""VM preconditions: settings of the VM itself that disturb an upgrade."""

from fixtures.contract import blocker, check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM, Pool
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.confidence import lighter
from rules.listing import listed
from rules.power_state import known_power_state
from rules.vm_settings import (
    ACTIVE,
    autostart,
    discs,
    dynamic_part,
    expects_device_id,
    operations,
    paravirtual_objection,
    paravirtual_type,
    pending_guidance,
    topology_problem,
    wizard_is_used,
    wizard_minds_autostart,
)


@check("VM-CD-01", blocker)
def test_cd_drives_are_empty(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """No disc is in any CD drive of the VM, running or not.

    Why: XenCenter does not start a rolling upgrade while a VM that has to move holds the tools ISO
        or a disc that only some hosts see, and xapi does not move it; an image that the new
        release no longer has keeps a VM that is shut down from starting.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (AssertCanEvacuateCheck); xapi,
        ocaml/xapi/xapi_host.ml.
    Remedy: eject each disc: `xe vbd-eject uuid=...`.
    Risk: change; a guest that reads the disc notices it.
    """
    state = known_power_state(vm)
    found = discs(vm, state, settings)
    evidence(power_state=state, discs=[disc.words for disc in found])
    for vbd in vm.vbds:
        if vbd.type == "CD" and not vbd.empty:
            evidence.remedy("xe", "vbd-eject", f"uuid={vbd.uuid}")
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"VM {vm.title}: CD drive - expected: empty, found: "
        f"{listed([disc.words for disc in found])}"
    )


@check("VM-AUTOSTART-01", warning)
def test_vm_does_not_start_by_itself(
    vm: VM, pool: Pool, settings: Settings, evidence: Evidence
) -> None:
    """The VM does not start by itself when a host comes back.

    Why: a host that was just restarted starts such a VM while the upgrade still goes on, and it is
        in the way of what follows; XenCenter wants the key of every VM on a host off, whatever
        the pool's own says.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (AssertCanEvacuateCheck); xapi,
        ocaml/xapi/xapi_host_helpers.ml.
    Remedy: take the key away for the upgrade:
        `xe vm-param-set uuid={vm.uuid} other-config:auto_poweron=false`.
    Risk: change; until it is on again the VM stays down when its host comes back.
    """
    if settings.phase == "after":
        not_applicable("after the upgrade VMs may start with their host")
    wanted, allowed = autostart(vm.other_config, "VM"), autostart(pool.other_config, "pool")
    evidence(vm_auto_poweron=wanted, pool_auto_poweron=allowed)
    if wanted and not allowed and not wizard_minds_autostart(vm, settings):
        evidence.weigh(info, "the pool's own key is off, and no wizard asks for the VM's")
    if wanted:
        change = "other-config:auto_poweron=false"
        evidence.remedy("xe", "vm-param-set", f"uuid={vm.uuid}", change)
    whose = "pool and VM" if allowed else "the VM"

    assert not wanted, f"VM {vm.title}: autostart - expected: off, found: on for {whose}"


@check("VM-PV-01", blocker)
def test_vm_is_not_paravirtualised(
    vm: VM, chosen_target: Release | None, possible_targets: str, evidence: Evidence
) -> None:
    """The VM is not paravirtualised, or the target still runs such guests.

    Why: with newer releases such a guest does not start any more, nor can it move to a host that
        is already upgraded.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (PVGuestsCheck); docs.xcp-ng.org, release notes
        of XCP-ng 8.3.
    Remedy: give the guest a kernel and a boot loader of its own, shut it down (`xe vm-shutdown
        uuid={vm.uuid}`), take a snapshot (`xe vm-snapshot uuid={vm.uuid}
        new-name-label=before-hvm`), and convert it: `xe vm-param-set uuid={vm.uuid}
        HVM-boot-policy='BIOS order' PV-bootloader=''`; or retire it.
    Risk: VM outage; a guest that is not prepared for it does not start: have a snapshot as the way
        back.
    """
    kind = paravirtual_type(vm)
    found = paravirtual_objection(kind, chosen_target, possible_targets)
    evidence(paravirtual_type=kind or None, target=chosen_target and chosen_target.id)
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert found is None, f"VM {vm.title}: type - expected: HVM, found: {found.words}"


@check("VM-VCPU-01", blocker)
def test_processor_topology_is_valid(
    vm: VM, chosen_target: Release | None, settings: Settings, evidence: Evidence
) -> None:
    """The VM's virtual processors fill whole sockets, sixteen at most.

    Why: XenCenter does not start a rolling upgrade while the topology of any VM is invalid.
    Source: xenadmin, XenAdmin/Diagnostics/Checks (AssertCanEvacuateCheck);
        XenModel/XenAPI-Extensions/VM.cs (ValidVCPUConfiguration).
    Remedy: shut it down (`xe vm-shutdown uuid={vm.uuid}`) and set both so that they fit: `xe
        vm-param-set uuid={vm.uuid} VCPUs-max=... platform:cores-per-socket=...`.
    Risk: VM outage; it is set while the VM is shut down.
    """
    problem = topology_problem(vm)
    evidence(VCPUs_max=vm.VCPUs_max, cores_per_socket=vm.platform.get("cores-per-socket"))
    if not wizard_is_used(settings, chosen_target):
        evidence.weigh(warning, "XenCenter does not do a rolling upgrade here")

    assert not problem, (
        f"VM {vm.title}: vCPUs - expected: whole sockets, 16 at most, found: {problem}"
    )


@check("VM-MEMORY-01", warning)
def test_dynamic_minimum_is_not_too_low(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """The VM keeps enough memory when its host is evacuated.

    Why: to make room, an evacuation may squeeze a guest down to its dynamic minimum; a guest that
        cannot live with so little is killed by its own kernel.
    Source: docs.xcp-ng.org, updates; xapi, ocaml/squeezed.
    Remedy: raise the dynamic minimum (`xe vm-memory-dynamic-range-set uuid={vm.uuid} min=...
        max=...`), or change `dynamic_percent` in poolproof.toml.
    Risk: change; the VM keeps more memory when memory is short.
    """
    if settings.method != "rolling" or settings.phase == "after":
        not_applicable("no host is evacuated")
    state = known_power_state(vm)
    if state not in ACTIVE:
        not_applicable(f"{state.lower()}: it uses no memory")
    part = dynamic_part(vm)
    evidence(dynamic_minimum_percent=part, dynamic_percent=settings.dynamic_percent)

    assert part >= settings.dynamic_percent, (
        f"VM {vm.title}: dynamic minimum - expected: at least {settings.dynamic_percent} % of its "
        f"dynamic maximum, found: {part} %"
    )


@check("VM-BUSY-01", warning)
def test_no_operation_is_running(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """No operation is running on the VM, its drives or its disks.

    Why: while it is moved, backed up or copied a VM cannot leave its host, and a restart breaks
        off what was going on.
    Source: xapi, ocaml/xapi/xapi_vm_lifecycle.ml; xen-orchestra, packages/xo-server (rolling pool
        update, guard of running backups).
    Remedy: wait for its end (`xe task-list params=uuid,name-label,progress`), or stop the job that
        began it; then audit again.
    Risk: change; what a stopped job did is lost.
    """
    if settings.phase == "after":
        not_applicable("the upgrade is done")
    found = operations(vm)
    evidence(operations=found)

    assert not found, f"VM {vm.title}: operations - expected: none, found: {listed(found)}"


@check("VM-DEVICE-01", warning)
def test_windows_guest_has_a_device_id(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """The running Windows guest says which Xen platform device it has.

    Why: without it the device may be another one on a newer host, and the guest hangs or loses its
        drivers once it has moved there.
    Source: xapi, ocaml/xapi/xapi_globs.ml (platform keys); docs.xcp-ng.org, troubleshooting of
        Windows guests.
    Remedy: shut it down for the upgrade rather than moving it (`xe vm-shutdown uuid={vm.uuid}`);
        set the key to the value of the template of its system, while it is shut down: `xe
        vm-param-set uuid={vm.uuid} platform:device_id=...`.
    Risk: VM outage; it is set while the VM is shut down.
    """
    if settings.phase == "after":
        not_applicable("no VM moves to a newer host any more")
    state = known_power_state(vm)
    if state not in ACTIVE:
        not_applicable(f"{state.lower()}: it does not move while it runs")
    if paravirtual_type(vm):
        not_applicable("paravirtualised: it has no such device")
    if not expects_device_id(vm):
        not_applicable("not a Windows guest")
    device = vm.platform.get("device_id", "")
    evidence(device_id=device or None)

    assert device, f"VM {vm.title}: platform device id - expected: stated, found: none"


@check("VM-GUIDANCE-01", warning)
def test_no_guidance_is_pending(vm: VM, evidence: Evidence) -> None:
    """No update still asks for something to be done with the running VM.

    Why: until it is restarted such a guest runs on a device model of before the update; Xen
        Orchestra begins no rolling update of XenServer while anything is pending.
    Source: xapi, ocaml/idl/datamodel_vm.ml (pending_guidances); xen-orchestra,
        packages/xo-server (rolling pool update).
    Remedy: restart the VM, or its device model, as it says: `xe vm-reboot uuid={vm.uuid}`.
    Risk: VM outage; the VM is restarted.
    """
    if not vm.has("pending_guidances"):
        not_applicable("this release keeps no guidance for VMs")
    state = known_power_state(vm)
    if state not in ACTIVE:
        not_applicable(f"{state.lower()}: its next start does all that may be pending")
    found = pending_guidance(vm)
    evidence(pending=found)

    assert not found, f"VM {vm.title}: guidance - expected: none pending, found: {listed(found)}"
