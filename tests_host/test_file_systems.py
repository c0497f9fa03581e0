"""Host preconditions in dom0: space on the root and log file systems."""

from typing import Any

from fixtures.contract import blocker, check, not_applicable
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import INODES, MOUNTS, SPACE
from fixtures.settings import Settings
from rules.disk_layout import backup_partition
from rules.disk_reading import (
    LAYOUT_PROBES,
    inodes,
    inventory,
    layout,
    log_is_mounted,
    partition_table,
    usage,
)
from rules.file_systems import log_space, mounted_on, root_findings


@check("HOST-SPACE-01", blocker, probes=(*LAYOUT_PROBES, INODES))
def test_root_has_room(host: Host, settings: Settings, dom0: Any, evidence: Evidence) -> None:
    """The root file system fits the backup partition, and has room and inodes left.

    Why: the installer copies the whole root to the backup partition and stops half-way when it does
        not fit; a full root stops xapi before that.
    Source: host-installer, backend.py; From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: find what is large: `du -xk / | sort -n | tail -n 30` in dom0; remove old files below
        /var/patch, /var/update, /var/crash and /root, and ISO images that lie in dom0.
    Risk: data loss; what is removed is gone: know each file first.
    """
    if settings.method == "clean":
        not_applicable("a clean installation erases the root file system")
    generation = layout(dom0).generation
    root, counted = mounted_on(usage(dom0), "/"), mounted_on(inodes(dom0), "/")
    backup = backup_partition(partition_table(dom0), inventory(dom0))
    old = generation == "old"
    least = settings.root_free_mib_old if old else settings.root_free_mib_new
    evidence(used_mib=root.used // 1024, free_mib=root.available // 1024, least_free_mib=least)
    evidence(backup_mib=backup.size >> 20, inodes_percent=round(counted.percent, 1), old_layout=old)
    found = root_findings(
        root, counted, backup.size, least_free_mib=least, inodes_percent=settings.inode_percent
    )

    assert not found, (
        f"host {host.title}: root file system - expected: room for the upgrade, "
        f"found: {'; '.join(found)}"
    )


@check("HOST-SPACE-02", blocker, probes=(SPACE, MOUNTS))
def test_logs_have_room(host: Host, settings: Settings, dom0: Any, evidence: Evidence) -> None:
    """The file system that takes the logs is not nearly full.

    Why: an upgrade logs much. Where `/var/log` is a part of the root file system, as on the old
        layout, full logs bring the host down; then the root file system is what is judged.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: move old logs away: `ls -lS /var/log | head -n 20` in dom0 names the largest; find out
        which service fills them before the change.
    Risk: change; support may ask for the logs: keep them.
    """
    if settings.method == "clean":
        not_applicable("a clean installation erases the logs")
    own = log_is_mounted(dom0)
    logs = log_space(usage(dom0), own=own)
    where = "/var/log" if own else "/var/log (judged as a part of /)"
    evidence(judged=where, used_percent=round(logs.percent, 1), limit=settings.log_percent)
    evidence(used_mib=logs.used // 1024, free_mib=logs.available // 1024)

    assert logs.percent < settings.log_percent, (
        f"host {host.title}: {where} - expected: below {settings.log_percent} % used, "
        f"found: {logs.percent:.0f} %"
    )
