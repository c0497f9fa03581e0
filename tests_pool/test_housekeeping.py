"""Preconditions of order: nothing left over that is in the way, or that somebody will ask about."""

from datetime import timedelta

from fixtures.contract import check, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import SR, VM, Host, Pool, PoolFacts
from fixtures.settings import Settings
from rules.housekeeping import (
    address_words,
    crash_dumps,
    disks_in_dom0,
    drive_words,
    leftover_images,
    old_snapshots,
    orphan_snapshots,
    shared_addresses,
)
from rules.housekeeping_sessions import ISCSI, session_counts, session_problems
from rules.listing import listed
from rules.storage_health import UNSIZED

TIDYING = "it costs room and stops nothing"


@check("SR-ORPHANS-01", warning)
def test_sr_has_no_leftover_images(sr: SR, settings: Settings, evidence: Evidence) -> None:
    """Every disk image of the SR belongs to a VM, a snapshot or a template.

    Why: a leftover costs room and hides what is missing after the change; it stops nothing, so this
        is for the record.
    Source: Xen Orchestra, health view (orphan disks).
    Remedy: find out whose it was; then attach it (`xe vbd-create vm-uuid=... vdi-uuid=...
        device=autodetect`) or delete it (`xe vdi-destroy uuid=...`).
    Risk: data loss; a deleted image does not come back.
    """
    if settings.phase == "after":
        not_applicable("tidying up is for before the upgrade")
    if sr.type in UNSIZED:
        not_applicable(f"images of an SR of type {sr.type} need no VM")
    found = leftover_images(sr)
    evidence(images=[{"name": image.title, "uuid": image.uuid} for image in found[:50]])
    evidence(number=len(found))
    for image in found:
        evidence.remedy("xe", "vdi-destroy", f"uuid={image.uuid}")
    evidence.weigh(info, TIDYING)
    names = listed([image.title for image in found])

    assert not found, f"SR {sr.title}: images of no VM - expected: none, found: {names}"


@check("HOST-DOM0-DISKS-01", warning)
def test_no_disk_is_attached_to_dom0(host: Host, evidence: Evidence) -> None:
    """No disk image is attached to the host's own control domain.

    Why: it is what a backup or a merge that broke off leaves behind: the VM whose disk it is does not
        start as long as dom0 has it, and the SR cannot be detached. A known outage of single VMs.
    Source: Xen Orchestra, health view; xapi, ocaml/xapi/xapi_vdi.ml (VDI_IN_USE).
    Remedy: end the job that uses it; what is left over is unplugged (`xe vbd-unplug uuid=...`),
        then destroyed (`xe vbd-destroy uuid=...`): the drive, not its image.
    Risk: change; a backup or merge that still uses it breaks off.
    """
    found = disks_in_dom0(host)
    names = sorted(drive_words(vbd) for vbd in found)
    evidence(disks=names)
    for vbd in found:
        if vbd.currently_attached:
            evidence.remedy("xe", "vbd-unplug", f"uuid={vbd.uuid}")
        evidence.remedy("xe", "vbd-destroy", f"uuid={vbd.uuid}")

    assert not found, f"host {host.title}: disks in dom0 - expected: none, found: {listed(names)}"


@check("POOL-SNAPSHOTS-01", warning)
def test_no_snapshot_has_lost_its_vm(
    pool: Pool, facts: PoolFacts, settings: Settings, evidence: Evidence
) -> None:
    """Every snapshot still has the VM that it was taken of.

    Why: a snapshot without its VM only costs room, and no backup of its VM will ever name it; it
        stops nothing, so this is for the record.
    Source: Xen Orchestra, health view (orphan snapshots).
    Remedy: make a template of it (`xe snapshot-clone uuid=... new-name-label=...`), or delete it
        with its disks (`xe snapshot-uninstall snapshot-uuid=...`).
    Risk: data loss; a deleted snapshot does not come back.
    """
    if settings.phase == "after":
        not_applicable("tidying up is for before the upgrade")
    found = orphan_snapshots(facts)
    evidence(snapshots=[{"name": one.title, "uuid": one.uuid} for one in found[:50]])
    evidence(number=len(found))
    for one in found:
        evidence.remedy("xe", "snapshot-uninstall", f"snapshot-uuid={one.uuid}")
    evidence.weigh(info, TIDYING)
    names = listed([one.title for one in found])

    assert not found, f"pool {pool.title}: snapshots of no VM - expected: none, found: {names}"


@check("VM-SNAPSHOTS-02", warning)
def test_vm_has_no_old_snapshots(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """No snapshot of the VM is older than the settings allow.

    Why: an old snapshot grows with every write and makes moving the VM slow; nobody would go back to
        it any more. It stops nothing, so this is for the record.
    Source: Xen Orchestra, health view (snapshots older than 30 days).
    Remedy: delete what nobody needs: `xe snapshot-uninstall snapshot-uuid=...`; or change
        `snapshot_days` in poolproof.toml.
    Risk: data loss; a deleted snapshot does not come back.
    """
    if settings.phase == "after":
        not_applicable("tidying up is for before the upgrade")
    found = old_snapshots(vm, settings.snapshot_days)
    names = [f"{one.title} of {one.snapshot_time.date().isoformat()}" for one in found]
    evidence(old=names[:50], snapshots=len(vm.snapshots), snapshot_days=settings.snapshot_days)
    for one in found:
        evidence.remedy("xe", "snapshot-uninstall", f"snapshot-uuid={one.uuid}")
    evidence.weigh(info, TIDYING)

    assert not found, (
        f"VM {vm.title}: snapshots - expected: none older than {settings.snapshot_days} days, "
        f"found: {listed(names)}"
    )


@check("VM-MAC-01", warning)
def test_mac_addresses_are_unique(vm: VM, evidence: Evidence) -> None:
    """No other interface in the pool has a MAC address of this VM.

    Why: two of them on one network take each other's packets; as long as one of both VMs is off
        nobody notices, and it shows when all VMs are started after the change.
    Source: Xen Orchestra, health view (duplicated MAC addresses).
    Remedy: make the interface of one of them anew, while it is shut down: `xe vif-destroy
        uuid=...`, then `xe vif-create vm-uuid={vm.uuid} network-uuid=... device=... mac=random`.
    Risk: VM outage; the guest sees another interface, and has to be set up for it.
    """
    pairs = shared_addresses(vm)
    found = address_words(pairs)
    evidence(addresses=[vif.MAC for vif in vm.vifs], shared=found)
    for uuid in sorted({vif.uuid for vif, _ in pairs}):
        evidence.remedy("xe", "vif-destroy", f"uuid={uuid}")
    if not any(vif.network == other.network for vif, other in pairs):
        evidence.weigh(info, "they are on different networks")

    assert not found, f"VM {vm.title}: MAC addresses - expected: its own, found: {listed(found)}"


@check("HOST-CRASHDUMP-01", warning)
def test_host_has_no_crash_dumps(host: Host, settings: Settings, evidence: Evidence) -> None:
    """No crash dump lies on the host.

    Why: a host that crashed lately may do so again while it carries its neighbours' VMs, and the
        dump, which is what support asks for, lies on the file system that the upgrade replaces.
    Source: xenadmin, XenModel (host crash dumps); xapi, ocaml/xapi/xapi_host_crashdump.ml.
    Remedy: save them (`xe host-crashdump-upload uuid=...`), find the cause, then `xe
        host-crashdump-destroy uuid=...`.
    Risk: change; a destroyed dump is gone for support.
    """
    found = crash_dumps(host)
    evidence(dumps=[{"when": dump.timestamp, "bytes": dump.size} for dump in found[:50]])
    for dump in found[:5]:
        evidence.remedy("xe", "host-crashdump-upload", f"uuid={dump.uuid}")
        evidence.remedy("xe", "host-crashdump-destroy", f"uuid={dump.uuid}")
    newest = found[0].timestamp if found else None
    if newest and host.facts.now - newest > timedelta(days=settings.uptime_days):
        evidence.weigh(info, f"the newest is older than {settings.uptime_days} days")
    when = newest.date().isoformat() if newest else ""

    assert not found, (
        f"host {host.title}: crash dumps - expected: none, found: {len(found)}, the newest of {when}"
    )


@check("SR-ISCSI-02", warning)
def test_every_path_has_its_session(sr: SR, evidence: Evidence) -> None:
    """Every host that reaches the SR over several paths has one iSCSI session for each.

    Why: a session that is missing, or one that leads to no path, is a portal that failed or was never
        logged in to; the next failure then takes the disks away while hosts restart.
    Source: xenadmin, XenAdmin/TabPages/GeneralTabPage.cs (multipath line); sm,
        drivers/BaseISCSI.py (iscsi_sessions).
    Remedy: compare `iscsiadm -m session` with `multipath -ll` in dom0 of the hosts named; log in
        again by unplugging (`xe pbd-unplug uuid=...`) and plugging (`xe pbd-plug uuid=...`) the
        connection of an empty host.
    Risk: host outage; the host loses the SR for a moment: empty it before.
    """
    if sr.type not in ISCSI:
        not_applicable("it is no iSCSI SR")
    counts = session_counts(sr)
    evidence(sessions={host: f"{s} for {p} paths" for host, (s, p) in counts.items()})
    if not counts:
        not_applicable("no host is attached to it over several paths")
    found = session_problems(counts)
    for pbd in sr.pbds:
        sessions, paths = counts.get(sr.facts.get(Host, pbd.host).title, (0, 0))
        if sessions != paths:
            evidence.remedy("xe", "pbd-unplug", f"uuid={pbd.uuid}")
            evidence.remedy("xe", "pbd-plug", f"uuid={pbd.uuid}")

    assert not found, (
        f"SR {sr.title}: iSCSI sessions - expected: one for each path, found: {'; '.join(found)}"
    )
