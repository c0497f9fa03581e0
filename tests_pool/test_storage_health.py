"""SR preconditions: paths, logins, room, and places that an upgrade does not keep."""

from collections.abc import Callable
from typing import Any

from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import SR, VM, Host, Pool, PoolFacts
from fixtures.probes import MOUNTS, PACKAGES
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.disk_reading import printed
from rules.linstor import linstor_differences
from rules.listing import listed
from rules.multipath import path_problems, paths_of
from rules.processes import AGAIN, PROCESSES
from rules.storage_health import (
    UNSIZED,
    coalesce_signs,
    connections,
    default_sr_problem,
    file_system_problems,
    fill,
    is_tools,
    login_differences,
    root_places,
    vms_with_snapshots,
)


@check("SR-PATHS-01", blocker)
def test_all_paths_live(sr: SR, evidence: Evidence) -> None:
    """Every host reaches every LUN of the SR over the same number of paths, at least two, all alive.

    Why: a host without a live path cannot write, and its VMs lose their disks; with fewer paths than
        it should have the next switch or controller that fails takes the disks away.
    Source: sm, drivers/mpathcount.py; xenadmin, XenModel (PBD, multipath counts).
    Remedy: find the lost paths: `multipath -ll` in dom0 of the hosts named; repair cable, switch or
        login, and wait until the counts agree.
    Risk: change; the other paths carry on meanwhile.
    """
    paths = paths_of(sr)
    evidence(paths=[f"{p.host}: {p.lun} {p.live} of {p.total}" for p in paths])
    if not paths:
        not_applicable("no host is attached to it over several paths")
    found = path_problems(paths)
    if all(path.live for path in paths):
        evidence.weigh(warning, "every host still has a live path")

    assert not found, (
        f"SR {sr.title}: paths - expected: all alive, at least 2, the same number on every host, "
        f"found: {listed(found)}"
    )


@check("SR-ISCSI-01", warning)
def test_logins_are_the_same(sr: SR, evidence: Evidence) -> None:
    """All hosts log in to the iSCSI target in the same way.

    Why: a host whose connection lacks the CHAP settings of the others, or has fewer sessions, is the
        one that does not find its disks after the restart. Names and secrets are not compared.
    Source: sm, drivers/BaseISCSI.py (chapuser, iscsi_sessions).
    Remedy: make the connection of the host that differs anew with the settings of the others: `xe
        pbd-list sr-uuid={sr.uuid} params=uuid,host-uuid,currently-attached` names it; `xe
        pbd-unplug uuid=...`, `xe pbd-destroy uuid=...`, `xe pbd-create host-uuid=...
        sr-uuid={sr.uuid} device-config:...`, `xe pbd-plug uuid=...`.
    Risk: host outage; the host loses the SR for a while: empty it before.
    """
    if sr.type not in {"lvmoiscsi", "iscsi"}:
        not_applicable("it is no iSCSI SR")
    found = login_differences(sr)
    evidence(connections=len(sr.pbds), differences=found)

    assert not found, (
        f"SR {sr.title}: iSCSI logins - expected: the same on all hosts, found: {'; '.join(found)}"
    )


@check("SR-GC-01", warning, probes=(PROCESSES, AGAIN))
def test_no_garbage_collection(
    pool: Pool, settings: Settings, dom0_of: Callable[[Host], Any], evidence: Evidence
) -> None:
    """Nothing merges or collects disk images in the background, and no merge failed lately.

    Why: a host that is restarted in the middle of a merge leaves it unfinished; VMs failed to resume
        after that. A chain that cannot be merged grows until it cannot be used.
    Source: sm, drivers/cleanup.py; Citrix, CTX312232; xapi, ocaml/xapi-consts/api_messages.ml.
    Remedy: let it end: `tail -f /var/log/SMlog | grep -i smgc` on the coordinator; give the SR room
        where a merge failed, and rescan it: `xe sr-scan uuid=...`.
    Risk: none; it ends by itself.
    """
    found = coalesce_signs(pool.facts, settings.alert_days, dom0_of)
    evidence(days=settings.alert_days, signs=found)

    assert not found, (
        f"pool {pool.title}: garbage collection - expected: none running or failed, "
        f"found: {listed(found)}"
    )


@check("SR-SPACE-01", warning)
def test_sr_has_room(sr: SR, settings: Settings, evidence: Evidence) -> None:
    """The SR has room left.

    Why: snapshots, suspended VMs and merges of the change need room; an SR that runs full stops the
        VMs on it.
    Source: Xen Orchestra, health view; sm, drivers/cleanup.py.
    Remedy: delete old snapshots and orphaned images (`xe vdi-list sr-uuid={sr.uuid}
        params=uuid,name-label,is-a-snapshot,physical-utilisation` names them), or enlarge the SR.
    Risk: data loss; a deleted snapshot or image does not come back.
    """
    if sr.type in UNSIZED:
        not_applicable(f"the size of an SR of type {sr.type} says nothing about room for images")
    percent = fill(sr)
    evidence(physical_utilisation=sr.physical_utilisation, physical_size=sr.physical_size)
    evidence(used_percent=round(percent, 1), limit=settings.sr_percent)

    assert percent < settings.sr_percent, (
        f"SR {sr.title}: use - expected: below {settings.sr_percent} %, found: {percent:.0f} %"
    )


@check("POOL-DEFAULT-SR-01", warning)
def test_default_sr_is_shared(pool: Pool, evidence: Evidence) -> None:
    """The pool has a default SR, and with several hosts it is a shared one.

    Why: new disks, suspended VMs and the files of an update go to the default SR; on a local one they
        bind what uses them to a host that is about to be restarted.
    Source: Xen Orchestra, health view; xapi, ocaml/xapi/helpers.ml (choose_suspend_sr).
    Remedy: choose a shared SR (`xe sr-list shared=true params=uuid,name-label,type`): `xe
        pool-param-set uuid={pool.uuid} default-SR=...`.
    Risk: change; nothing that runs notices it.
    """
    found = default_sr_problem(pool)
    evidence(default_SR=pool.default_SR, hosts=len(pool.hosts))

    assert not found, (
        f"pool {pool.title}: default SR - expected: one, shared by all hosts, found: {found}"
    )


@check("SR-ISO-01", warning)
def test_sr_is_not_in_the_root(sr: SR, settings: Settings, evidence: Evidence) -> None:
    """The SR does not lie in a folder of dom0 that an upgrade replaces.

    Why: the installer makes the root file system anew and carries over a fixed list of settings;
        images below a folder of dom0, and mounts that somebody made there, are not among them.
    Source: host-installer, backend.py and upgrade.py; XCP-ng, documentation, After the upgrade.
    Remedy: copy the images away (`scp -rp FOLDER USER@SERVER:FOLDER` in dom0), and back after the
        upgrade; or keep them on an NFS or SMB share.
    Risk: none; images are only copied.
    """
    if settings.phase == "after":
        not_applicable("the host was upgraded already")
    if sr.type not in {"iso", "file"}:
        not_applicable("it does not lie in a folder")
    if is_tools(sr):
        not_applicable("the upgrade brings the tools itself")
    found = root_places(sr)
    evidence(folders=found)

    assert not found, (
        f"SR {sr.title}: place - expected: outside of dom0's root, found: {listed(found)}"
    )


@check("SR-ZFS-01", warning, probes=(MOUNTS,))
def test_sr_is_not_on_zfs(
    sr: SR, target: Release, dom0_of: Callable[[Host], Any], evidence: Evidence
) -> None:
    """No SR of type file lies on ZFS, or where nothing is mounted.

    Why: such an SR attaches also while its ZFS pool is not mounted; it is scanned empty then, and
        the records of its disks are lost. The installer does not bring ZFS with it.
    Source: XCP-ng, documentation, release notes of 8.2 (SR driver zfs); sm, drivers/FileSR.py.
    Remedy: move the disks to an SR of type zfs, or detach the SR (`xe pbd-unplug uuid=...`) before
        the upgrade, and attach it only once its ZFS pool is mounted.
    Risk: VM outage; VMs on the SR are shut down while it is detached.
    """
    if target.brand != "xcp-ng":
        not_applicable(f"{target.name} has no ZFS")
    if sr.type != "file":
        not_applicable("it is not of type file")
    found = file_system_problems(sr, lambda host: printed(dom0_of(host), MOUNTS))
    evidence(problems=found)
    for pbd in connections(sr):
        evidence.remedy("xe", "pbd-unplug", f"uuid={pbd.uuid}")

    assert not found, (
        f"SR {sr.title}: file system - expected: mounted and not ZFS, found: {listed(found)}"
    )


@check("SR-NFS-01", warning)
def test_no_snapshots_on_tintri(
    sr: SR, target: Release, settings: Settings, evidence: Evidence
) -> None:
    """No VM with snapshots lies on a Tintri server where the target's hotfixes fail with them.

    Why: from hotfix XS82E023 on, and until it was mended, snapshots on NFS servers of Tintri fail;
        VMs that are backed up by snapshots are then without backup.
    Source: Citrix, CTX312232 and CTX318325.
    Remedy: ask the maker of the server which version works with hotfixes XS82E023 and XS82E028;
        delete the snapshots before the upgrade: `xe snapshot-uninstall snapshot-uuid=...`.
    Risk: data loss; a deleted snapshot does not come back.
    """
    if target.id != "citrix-hypervisor-8.2-cu1":
        not_applicable("the target does not have the hotfixes XS82E023 and XS82E028")
    if sr.type != "nfs" or not settings.tintri_servers:
        not_applicable("it is no NFS SR, or no server was named as one of Tintri")
    servers = {pbd.device_config["server"] for pbd in connections(sr)}
    vms = vms_with_snapshots(sr) if servers & set(settings.tintri_servers) else ()
    evidence(servers=servers, vms_with_snapshots=[vm.title for vm in vms])
    for snapshot in [snapshot for vm in vms for snapshot in vm.snapshots]:
        evidence.remedy("xe", "snapshot-uninstall", f"snapshot-uuid={snapshot.uuid}")

    assert not vms, (
        f"SR {sr.title}: Tintri server - expected: no VMs with snapshots, "
        f"found: {listed([vm.title for vm in vms])}"
    )


@check("SR-LINSTOR-01", warning, probes=(PACKAGES,))
def test_linstor_is_the_same(
    sr: SR, dom0_of: Callable[[Host], Any], facts: PoolFacts, evidence: Evidence
) -> None:
    """All hosts have the same LINSTOR and DRBD packages.

    Why: a satellite of another version is not accepted by the controller; the first host that is
        restarted then stands without its disks.
    Source: XCP-ng, documentation, XOSTOR, update; LINBIT, LINSTOR user's guide.
    Remedy: bring the packages of the hosts (`rpm -qa | grep -e linstor -e drbd` in dom0) to the
        same versions before the first restart.
    Risk: host outage; a satellite that is updated loses its disks for a moment: one host after the
        other.
    """
    if sr.type != "linstor":
        not_applicable("it is no LINSTOR SR")
    found = linstor_differences(facts.hosts, dom0_of)
    evidence(differences=found)

    assert not found, (
        f"SR {sr.title}: LINSTOR packages - expected: the same on all hosts, "
        f"found: {'; '.join(found)}"
    )


@check("VM-SNAPSHOTS-01", warning)
def test_vm_has_few_snapshots(vm: VM, settings: Settings, evidence: Evidence) -> None:
    """The VM does not have too many snapshots.

    Why: every snapshot lengthens the chain of its disks; long chains slow the VM down, take long to
        merge, and beyond 30 links no further snapshot can be made.
    Source: Xen Orchestra, health view; sm, drivers/vhdutil.py (MAX_CHAIN_SIZE).
    Remedy: delete those that nobody needs: `xe snapshot-list snapshot-of={vm.uuid}` names them, `xe
        snapshot-uninstall snapshot-uuid=...` deletes one.
    Risk: data loss; a deleted snapshot does not come back.
    """
    number = len(vm.snapshots)
    evidence(snapshots=number, most=settings.snapshots)
    for snapshot in vm.snapshots:
        evidence.remedy("xe", "snapshot-uninstall", f"snapshot-uuid={snapshot.uuid}")

    assert number <= settings.snapshots, (
        f"VM {vm.title}: snapshots - expected: at most {settings.snapshots}, found: {number}"
    )
