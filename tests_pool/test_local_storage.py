"""VM preconditions: disks that live on one host alone."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import blocker, check, not_applicable
from fixtures.evidence import Evidence
from fixtures.model import VM, Host
from fixtures.probes import INVENTORY, PRIMARY_DISK
from fixtures.settings import Settings
from rules.local_disks import local_disks, wiped_disks


@check("VM-LOCAL-01", blocker, probes=(INVENTORY, PRIMARY_DISK))
def test_vm_on_local_storage_is_shut_down(
    vm: VM, settings: Settings, dom0_of: Callable[[Host], Any], evidence: Evidence
) -> None:
    """A VM with a disk on a local SR is shut down, and the plan does not erase that disk.

    Why: such a VM cannot leave its host, and its disk does not survive a clean installation or a
        switch of the partition layout.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; host-installer, backend.py.
    Remedy: shut it down for a rolling upgrade (`xe vm-shutdown uuid={vm.uuid}`); move or export
        what the plan would erase (`xe vm-export uuid={vm.uuid} filename=...`).
    Risk: VM outage; a VM is shut down, also while it is exported.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done")
    disks = local_disks(vm)
    if not disks:
        not_applicable("no disk on a local SR")
    wiped = wiped_disks(disks, settings, dom0_of)
    if len(vm.facts.hosts) == 1 and not wiped:
        not_applicable("a pool of one host: a planned shutdown of its VMs is the remedy")
    runs_into_it = settings.method == "rolling" and vm.power_state != "Halted"
    in_danger = bool(wiped) or runs_into_it
    evidence(disks=[local.words for local in disks], power_state=vm.power_state)
    evidence(
        erased=[local.words for local in wiped], method=settings.method, layout=settings.layout
    )
    expected = "shut down for the rolling upgrade" if not wiped else "none that the plan erases"
    affected = ", ".join(local.words for local in wiped or disks)
    found = f"{vm.power_state.lower()}, with {affected}"

    assert not in_danger, f"VM {vm.title}: local disks - expected: {expected}, found: {found}"
