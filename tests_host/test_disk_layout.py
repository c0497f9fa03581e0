"""Host preconditions in dom0: partition layout and size of the primary disk."""

from typing import Any

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host
from fixtures.probes import DISK_SIZE, PRIMARY_DISK, SAFE2UPGRADE, SWITCH_MARKER
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.disk_reading import LAYOUT_PROBES, disk_bytes, layout, primary_disk
from rules.layout_plan import local_disk, objection, wizard_may_switch
from rules.partition_table import GIB


@check("HOST-LAYOUT-01", blocker, probes=(*LAYOUT_PROBES, PRIMARY_DISK, SAFE2UPGRADE))
def test_partition_layout_is_not_switched(
    host: Host, target: Release, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The partition layout is known, and the upgrade leaves it as it is.

    Why: an in-place upgrade that switches the layout at the same time erases the local SR on the
        primary disk, and has often failed in the field; targets from XenServer 8 and XCP-ng 8.3 on
        no longer keep an old layout at all.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; host-installer, upgrade.py and
        backend.py; host-upgrade-plugin, prepare_host_upgrade.py.
    Remedy: safe ways are: keep the old layout (remove a marker that nobody ordered, state
        `--layout=keep`, upgrade without XenCenter's automatic mode); or move the VDIs away, eject
        the host from the pool (`xe pool-eject host-uuid={host.uuid}`), install it afresh and join
        it again, one host after the other.
    Risk: data loss; ejecting and installing afresh erases the host's disks; keeping the layout
        costs nothing.
    """
    if settings.method == "clean":
        not_applicable("a clean installation always makes the new layout and erases the disk")
    if settings.phase == "after":
        not_applicable("the upgrade has been made")
    found = layout(dom0)
    marker = bool(dom0.file(SWITCH_MARKER).exists)
    evidence(layout=found.name, signs=found.witnesses, safe2upgrade=marker, stated=settings.layout)
    local = None
    if found.generation == "old" and not marker and wizard_may_switch(target, settings):
        local = local_disk(host, *primary_disk(dom0), target.disk.switch_sr_gib.value)
        evidence(local_srs=local.srs, wizard_would_switch=local.switchable, because=local.because)
    problem = objection(found, target, settings, marker=marker, local=local)
    if problem and problem.lighter:
        evidence.weigh(warning, problem.lighter)

    assert problem is None, (
        f"host {host.title}: partition layout - expected: new, or old and kept as it is, "
        f"found: {problem.words}"
    )


@check("HOST-DISK-01", blocker, probes=(DISK_SIZE, SAFE2UPGRADE))
def test_primary_disk_is_large_enough(
    host: Host, target: Release, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The primary disk is large enough for the layout that the upgrade needs.

    Why: the installer refuses a smaller disk, and does so when the host is already out of service.
    Source: host-installer, constants.py and backend.py.
    Remedy: install the target on a larger disk, once the host is empty and ejected (`xe pool-eject
        host-uuid={host.uuid}`); or choose a target and a method that keep the old layout.
    Risk: data loss; ejecting and installing afresh erases the host's local SRs.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been made")
    size = disk_bytes(dom0) // GIB
    new, old = target.disk.new_layout_gib, target.disk.old_layout_gib
    needs_new = settings.method == "clean" or settings.layout == "switch" or old is None
    if not needs_new and size < new.value:
        needs_new = bool(dom0.file(SWITCH_MARKER).exists)
        if not needs_new and not target.keeps_old_layout.is_verified:
            raise NotVerifiedError(
                f"the disk has {size} GiB, less than the {new.value} of a new layout, and no "
                f"verified source says that {target.name} keeps an old one"
            )
    least = new.value if needs_new or old is None else old.value
    evidence(disk_gib=size, least_gib=least, layout="new" if needs_new else "kept")

    assert size >= least, (
        f"host {host.title}: primary disk - expected: at least {least} GiB, found: {size} GiB"
    )
