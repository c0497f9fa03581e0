"""VM preconditions of order: where the pool says that it runs, and its Windows drivers."""

from fixtures.contract import blocker, check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM
from fixtures.settings import Settings
from rules.housekeeping import homeless
from rules.housekeeping_drivers import is_windows, judge_drivers
from rules.power_state import known_power_state
from rules.vm_settings import ACTIVE


@check("VM-HOST-01", blocker, waivable=False)
def test_active_vm_is_on_a_host(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """A VM that runs or is paused is on a host of the pool.

    Why: xapi empties a host of the VMs that it says are there: one that is nowhere is not moved, and
        dies with the host that really runs it. Xen Orchestra refuses the rolling update.
    Source: xen-orchestra, packages/xo-server (rolling pool update); xapi, ocaml/xapi/xapi_host.ml.
    Remedy: find out with `xl list` in dom0 of each host where it runs; restart the toolstack there
        (`xe-toolstack-restart`), and only if it runs nowhere: `xe vm-reset-powerstate
        uuid={vm.uuid} --force`.
    Risk: data loss; a VM that still runs and is reset may run twice, which destroys its disks.
    """
    state = known_power_state(vm)
    if state not in ACTIVE:
        not_applicable(f"{state.lower()}: it is on no host")
    found = homeless(vm)
    evidence(power_state=state, resident_on=vm.resident_on)
    if settings.method != "rolling" or settings.phase == "after":
        evidence.weigh(warning, "no host is emptied of its VMs")

    assert not found, (
        f"VM {vm.title}: host of the {state.lower()} VM - expected: one, found: {found}"
    )


@check("VM-DRIVERS-01", warning)
def test_windows_drivers_have_no_known_hole(vm: VM, evidence: Evidence) -> None:
    """The Xen drivers of the Windows guest are mended of XSA-468.

    Why: with older drivers every user of the guest can become its administrator. It does not concern
        the upgrade, but tools are renewed with it, so this is for the record.
    Source: docs.xcp-ng.org, Windows Guest Tools security; xenbits.xen.org, XSA-468.
    Remedy: install current tools inside the guest; their versions stand in its device manager.
    Risk: VM outage; the guest restarts for its drivers.
    """
    state = known_power_state(vm)
    if state not in ACTIVE:
        not_applicable(f"{state.lower()}: only a running VM reports its drivers")
    guest = vm.guest
    if guest is None:
        not_applicable("no tools have ever reported; VM-TOOLS-01 says so")
    if not is_windows(guest):
        not_applicable("not a Windows guest")
    if guest.has("PV_drivers_detected") and not guest.PV_drivers_detected:
        not_applicable("it runs without drivers; VM-TOOLS-01 says so")
    found = judge_drivers(guest)
    evidence(drivers=found.reported)
    evidence.weigh(info, "it does not concern the upgrade")

    assert not found.problem, (
        f"VM {vm.title}: Windows drivers - expected: mended of XSA-468, found: {found.problem}"
    )
