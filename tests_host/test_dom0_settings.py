"""Host preconditions in dom0: what the installer carries over, clusters, RAID, changed files."""

from typing import Any

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.carried_over import CARRIED_PROBES, time_zone, unreadable_settings
from rules.cluster_transport import COROSYNC_CONF, OLD_TRANSPORTS, transport
from rules.confidence import lighter
from rules.disk_reading import printed
from rules.features import feature_objection
from rules.listing import listed
from rules.modified_files import VERIFY, modified
from rules.software_raid import MDSTAT, array_names, array_problems


@check("HOST-CARRIED-01", blocker, probes=CARRIED_PROBES)
def test_settings_can_be_carried_over(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """Networks, name servers, time servers and time zone are where the installer looks for them.

    Why: the installer reads them from the old system and offers no upgrade of one whose settings it
        cannot read; it only asks for a missing time zone, which is a warning.
    Source: host-installer, product.py (ExistingInstallation).
    Remedy: restart the toolstack, which writes its networks again (`xe-toolstack-restart` in dom0);
        restore the other files in dom0, or link the time zone: `ln -sf ../usr/share/zoneinfo/ZONE
        /etc/localtime`.
    Risk: change; VMs go on, tasks under way are lost with the toolstack's restart.
    """
    if settings.method == "clean":
        not_applicable("a clean installation carries nothing over")
    if settings.phase == "after":
        not_applicable("the upgrade has been made")
    found = unreadable_settings(dom0)
    evidence(time_zone=time_zone(dom0))
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"host {host.title}: settings - expected: readable for the installer, "
        f"found: {'; '.join(objection.words for objection in found)}"
    )


@check("HOST-CLUSTER-01", blocker, probes=(COROSYNC_CONF,))
def test_cluster_transport_is_known_to_the_target(
    host: Host, target: Release, dom0: Any, evidence: Evidence
) -> None:
    """Dom0 is in no cluster of corosync 2, or the target takes it over.

    Why: an installer with corosync 3 refuses a host whose cluster speaks `udpu`; dom0's own file is
        what it reads, so a cluster that the database has forgotten counts as well.
    Source: host-installer 11, product.py.
    Remedy: detach the GFS2 SRs, destroy the cluster that `xe cluster-list` names (`xe
        cluster-pool-destroy cluster-uuid=...`), and let the vendor's support look at a file that
        stays behind.
    Risk: VM outage; all VMs on GFS2 are shut down meanwhile.
    """
    used = transport(dom0)
    evidence(transport=used or "no cluster")
    found = None
    if used in OLD_TRANSPORTS:
        found = feature_objection(target, "corosync-2", f"cluster transport {used}")
    if found and found.lighter:
        evidence.weigh(warning, found.lighter)

    assert not found, (
        f"host {host.title}: cluster - expected: none that {target.name} refuses, "
        f"found: {found.words}"
    )


@check("HOST-RAID-01", warning, probes=(MDSTAT,))
def test_software_raid_is_whole(host: Host, dom0: Any, evidence: Evidence) -> None:
    """Every software RAID array of dom0 is active, complete and not being rebuilt.

    Why: an upgrade rewrites the system's disk; with half a mirror one bad sector ends it, and a
        rebuild slows it down by hours. The array still works, so this warns.
    Source: the Linux kernel, md; docs.xcp-ng.org, storage: software RAID.
    Remedy: `mdadm --detail /dev/...` in dom0 names the failed disk; replace it, add the new one
        (`mdadm --manage /dev/md... --add /dev/...`), and wait until `cat /proc/mdstat` shows no
        recovery.
    Risk: data loss; the wrong disk taken out of half a mirror ends it: compare serial numbers
        first.
    """
    if not dom0.file("/proc/mdstat").exists:
        not_applicable("the kernel has no software RAID")
    text = printed(dom0, MDSTAT)
    names = array_names(text)
    evidence(arrays=names)
    for name in names:
        evidence.remedy("mdadm", "--detail", f"/dev/{name}")
    found = array_problems(text)

    assert not found, (
        f"host {host.title}: software RAID - expected: whole and at rest, found: {'; '.join(found)}"
    )


@check("HOST-VERIFY-01", warning, probes=(VERIFY,))
def test_packaged_files_are_unchanged(
    host: Host, settings: Settings, dom0: Any, evidence: Evidence
) -> None:
    """No packaged file of dom0 was changed by hand.

    Why: the new system does not keep such changes: what relies on them fails after the upgrade. That
        is known to whoever made them, so this warns; programs come before settings.
    Source: rpm, verification; docs.xenserver.com, changes to the control domain are not supported.
    Remedy: ask in dom0 which package each belongs to; note the change in the plan and make it again
        after the upgrade, if it is still wanted.
    Risk: none; files are only looked at and noted.
    """
    if not settings.deep:
        not_applicable("asked for by --deep only")
    found = modified(dom0)
    evidence(programs=listed(found.programs, 100), settings=listed(found.settings, 100))
    named = [("programs", found.programs), ("settings", found.settings)]
    words = [f"{kind} {listed(paths)}" for kind, paths in named if paths]
    evidence.remedy("rpm", "-qf", *(*found.programs, *found.settings)[:20])

    assert not words, (
        f"host {host.title}: packaged files - expected: unchanged, found: {'; '.join(words)}"
    )
