"""VM preconditions, and the review after the upgrade: tools in the guests."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import VM
from fixtures.settings import Settings
from rules.guest_tools import tools_status
from rules.power_state import known_power_state


@check("VM-TOOLS-01", warning)
def test_guest_tools_are_current(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """XenTools are present in the running VM, and current.

    Why: a guest without them cannot be moved or shut down cleanly; after an upgrade they may need
        an update, without which drivers and monitoring lag behind.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xenadmin,
        XenModel/XenAPI-Extensions/VM.cs.
    Remedy: install or update the tools inside the guest; from 8.2 on they are a download, not an
        ISO of the pool. Update Windows guests once their host is upgraded.
    Risk: VM outage; guests, Windows above all, restart for their drivers.
    """
    state = known_power_state(vm)
    if state != "Running":
        not_applicable(f"{state.lower()}: only a running VM reports its tools")
    status = tools_status(vm)
    evidence(PV_drivers_version=status.version, problem=status.problem, phase=settings.phase)
    expected = "present and current"
    if settings.phase == "after":
        expected += " after the upgrade"

    assert not status.problem, (
        f"VM {vm.title}: XenTools - expected: {expected}, found: {status.problem}"
    )
