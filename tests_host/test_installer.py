"""Host preconditions in dom0: what the installer must find before it offers an upgrade."""

from typing import Any

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import BLKID, FSTAB, INVENTORY, PARTITIONS, PRIMARY_DISK
from fixtures.settings import Settings
from rules.disk_reading import (
    LAYOUT_PROBES,
    inventory,
    layout,
    partition_table,
    primary_disk,
    printed,
)
from rules.installer import (
    FIRSTBOOT_PROBES,
    has_disk,
    inventory_gaps,
    label_gaps,
    labels_found,
    labels_wanted,
    unfinished,
)
from rules.rollback import backup_problem


@check("HOST-FIRSTBOOT-01", blocker, probes=FIRSTBOOT_PROBES)
def test_first_boot_has_finished(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The first boot after the installation has finished all its steps.

    Why: the installer does not offer to upgrade a host that never ended its first boot.
    Source: host-installer, product.py.
    Remedy: find out why the step failed (`grep -i firstboot /var/log/daemon.log` in dom0), run it
        again or restart the host, and only then upgrade; a stamp made by hand hides what is not set
        up.
    Risk: host outage; the host may have to be restarted.
    """
    if settings.method == "clean":
        not_applicable("a clean installation does not look at the old one")
    left = unfinished(dom0)
    evidence(unfinished=left)

    assert not left, (
        f"host {host.title}: first boot - expected: finished, found: not done {', '.join(left)}"
    )


@check("HOST-INVENTORY-01", blocker, probes=(INVENTORY, PRIMARY_DISK, PARTITIONS, FSTAB, BLKID))
def test_installer_can_recognise_the_installation(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The inventory and the labels of the file systems are those that the installer looks for.

    Why: the installer finds an installation by the label of its root, and reads the inventory there;
        where a value or a label is wrong it offers no upgrade, or stops.
    Source: host-installer, product.py; docs.xcp-ng.org, Troubleshooting, installation and upgrade.
    Remedy: restore /etc/xensource-inventory from a backup of dom0; give a file system the label
        that /etc/fstab names (`lsblk -f` shows what there is): `e2label DEVICE LABEL` for root and
        logs, `swaplabel -L LABEL DEVICE`, `fatlabel DEVICE LABEL`.
    Risk: change; with a wrong label dom0 does not start: compare with /etc/fstab again.
    """
    if settings.method == "clean":
        not_applicable("a clean installation does not look at the old one")
    disk, node = primary_disk(dom0)
    wanted = labels_wanted(printed(dom0, FSTAB))
    evidence(primary_disk=disk, device=node, labels=wanted)
    gaps = [
        *inventory_gaps(inventory(dom0), host.uuid),
        *label_gaps(wanted, labels_found(printed(dom0, BLKID))),
    ]
    if not has_disk(printed(dom0, PARTITIONS), node):
        gaps.append(f"PRIMARY_DISK leads to {node}, which is not there")

    assert not gaps, (
        f"host {host.title}: installation - expected: recognisable for the installer, "
        f"found: {'; '.join(gaps)}"
    )


@check("HOST-ROLLBACK-01", warning, probes=LAYOUT_PROBES)
def test_rollback_copy_can_be_made(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """The backup partition is there and as large as its layout makes it.

    Why: the installer keeps the old system there; without it, or with one of another layout, the
        way back is a fresh installation. The layout belongs into the change record, since a copy is
        restored only onto the layout it was made on.
    Source: host-installer, backend.py and restore.py.
    Remedy: take backups of dom0 (`xe host-backup uuid={host.uuid} file-name=...`) and of the pool's
        metadata (`xe pool-dump-database file-name=...`), and plan a fresh installation as the way
        back; try a restore on a spare host of the same layout.
    Risk: none; the backups change nothing.
    """
    if settings.method == "clean":
        not_applicable("a clean installation keeps no copy of the old system")
    if settings.phase == "after":
        not_applicable("the upgrade has been made")
    found, named = layout(dom0), inventory(dom0).get("BACKUP_PARTITION", "")
    evidence(layout=found.name, backup_partition=named)
    problem = backup_problem(partition_table(dom0), named, found.generation)

    assert not problem, (
        f"host {host.title}: backup partition - expected: as its {found.generation} layout has it, "
        f"found: {problem}"
    )
