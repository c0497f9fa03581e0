"""Faults of SRs in use: paths, logins, room, places, unfinished merges."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from fixtures.probes import MOUNTS, PACKAGES
from fixtures.times import xenapi_time
from fixtures.xenapi_reading import MESSAGES, RECENT
from rules.processes import PROCESSES
from simpool.builder import add_snapshot, add_sr, find, host, pool_record, ref_of
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault

ARRAY: Final = "iSCSI array"
FABRIC: Final = "Fibre channel array"
NFS: Final = "NFS virtual disks"
LUN: Final = "360a98000486e2f34576f2f51715a714d"


def _pbds(pool: SimPool, sr: str) -> dict[str, dict[str, Any]]:
    """Name of the host -> its connection to an SR."""
    ref, _ = find(pool, "SR", sr)
    names = {ref: record["name_label"] for ref, record in pool.records["host"].items()}
    return {names[r["host"]]: r for r in pool.records["PBD"].values() if r["SR"] == ref}


def say(pool: SimPool, name: str, command: str, change: Callable[[str], str]) -> None:
    """Change what the dom0 of a host answers to a command."""
    answers = pool.dom0[host(pool, name)["uuid"]]
    answers[command] = CannedAnswer(change(answers[command].stdout))


def forget(pool: SimPool, name: str, command: str) -> None:
    """Let the dom0 of a host have no answer to a command."""
    del pool.dom0[host(pool, name)["uuid"]][command]


def _count_paths(pool: SimPool, *counts: str) -> None:
    add_sr(pool, FABRIC, "lvmohba", shared=True, device_config={"SCSIid": LUN})
    for (_, pbd), count in zip(sorted(_pbds(pool, FABRIC).items()), counts, strict=True):
        pbd["other_config"] = {"multipathed": "true", f"mpath-{LUN}": count}


def _lose_a_path(pool: SimPool) -> None:
    _count_paths(pool, "[4, 4]", "[3, 4]", "[4, 4]")


def _lose_paths_since_plugged(pool: SimPool) -> None:
    _count_paths(pool, "[4, 4]", "[4, 4]", "[2, 2]")


def _lose_all_paths(pool: SimPool) -> None:
    _count_paths(pool, "[4, 4]", "[4, 4]", "[0, 4]")


def _lose_counts(pool: SimPool) -> None:
    for pbd in _pbds(pool, ARRAY).values():
        pbd["other_config"] = {"multipathed": "true"}


def _use_multipath_once(pool: SimPool) -> None:
    host(pool, "xen-03")["other_config"]["multipathing"] = "true"


def _lose_settings(pool: SimPool) -> None:
    del host(pool, "xen-03")["other_config"]


def _drop_chap(pool: SimPool) -> None:
    pbd = _pbds(pool, ARRAY)["xen-02"]
    pbd["device_config"] = {
        key: value for key, value in pbd["device_config"].items() if not key.startswith("chap")
    }


def _lose_login(pool: SimPool) -> None:
    del _pbds(pool, ARRAY)["xen-02"]["device_config"]


def _collect(pool: SimPool) -> None:
    row = "SN    9121 cleanup.py\n"
    say(pool, "xen-01", PROCESSES.command, lambda table: table + row)


def lose_processes(pool: SimPool) -> None:
    """Lose the list of processes of a host."""
    forget(pool, "xen-02", PROCESSES.command)


def _fail_coalesce(pool: SimPool) -> None:
    when = pool.now - timedelta(days=2)
    record = {
        "name": "LEAF_COALESCE_FAILED", "priority": "3", "cls": "VDI", "obj_uuid": "1",
        "body": "", "timestamp": xenapi_time(when), "uuid": "gc-1",
    }  # fmt: skip
    recent = pool.answers.setdefault(MESSAGES, {}).setdefault(RECENT, {})
    recent["OpaqueRef:gc-1"] = record


def _fill(pool: SimPool) -> None:
    add_sr(pool, "Full archive", "nfs", shared=True, size_gib=1000, used_gib=960)


def _lose_size(pool: SimPool) -> None:
    del find(pool, "SR", NFS)[1]["physical_size"]


def _choose_local_sr(pool: SimPool) -> None:
    pool_record(pool)["default_SR"] = ref_of(pool, "SR", "Local storage of xen-01")


def _choose_no_sr(pool: SimPool) -> None:
    pool_record(pool)["default_SR"] = "OpaqueRef:NULL"


def _lose_default(pool: SimPool) -> None:
    del pool_record(pool)["default_SR"]


def _keep_isos_in_root(pool: SimPool) -> None:
    config = {"location": "/opt/isos", "legacy_mode": "true"}
    add_sr(
        pool, "ISOs in dom0", "iso", shared=False, hosts=["xen-02"], device_config=config,
        size_gib=18,
    )  # fmt: skip


def _lose_iso_place(pool: SimPool) -> None:
    for pbd in _pbds(pool, "ISO library").values():
        del pbd["device_config"]


def _use_zfs(pool: SimPool) -> None:
    config = {"location": "/tank/vms"}
    add_sr(pool, "ZFS", "file", shared=False, hosts=["xcp-02"], device_config=config)
    row = "tank/vms /tank/vms zfs rw,xattr,noacl 0 0\n"
    say(pool, "xcp-02", MOUNTS.command, lambda mounts: mounts + row)


def _lose_mounts(pool: SimPool) -> None:
    _add_file_sr(pool)
    forget(pool, "xcp-02", MOUNTS.command)


def _add_file_sr(pool: SimPool) -> None:
    config = {"location": "/tank/vms"}
    add_sr(pool, "Files", "file", shared=False, hosts=["xcp-02"], device_config=config)


def _use_tintri(pool: SimPool) -> None:
    for pbd in _pbds(pool, NFS).values():
        pbd["device_config"] = {**pbd["device_config"], "server": "tintri.example"}


def _lose_server(pool: SimPool) -> None:
    del _pbds(pool, NFS)["xen-01"]["device_config"]


def _differ_in_linstor(pool: SimPool) -> None:
    _add_linstor(pool, {"xcp-01": "1.29.0", "xcp-02": "1.21.1"})


def _add_linstor(pool: SimPool, versions: dict[str, str]) -> None:
    add_sr(pool, "XOSTOR", "linstor", shared=True, device_config={"group-name": "linstor_group"})
    for name, version in versions.items():
        row = f"linstor-satellite\t(none)\t{version}\t1.el7\tnoarch\tLINBIT\n"
        say(pool, name, PACKAGES.command, lambda table, row=row: table + row)  # type: ignore[misc]


def _lose_packages(pool: SimPool) -> None:
    _add_linstor(pool, {"xcp-01": "1.29.0"})
    forget(pool, "xcp-02", PACKAGES.command)


def _pile_up_snapshots(pool: SimPool) -> None:
    for number in range(6):
        add_snapshot(pool, "mail-01", f"before change {number}")


def _lose_snapshots(pool: SimPool) -> None:
    for record in pool.records["VM"].values():
        if record["is_a_snapshot"]:
            del record["snapshot_of"]


def _use_ext4(pool: SimPool) -> None:
    add_sr(pool, "Experiment", "ext4", shared=False, hosts=["xcp-01"])


_PATHS: Final = (
    f"SR {FABRIC}: paths - expected: all alive, at least 2, the same number on every host, found: "
)

FAULTS: tuple[Fault, ...] = (
    Fault(
        check="SR-PATHS-01",
        needs=("PBD.other_config",),
        change=_lose_a_path,
        on=FABRIC,
        finds=f"{_PATHS}3 of 4 paths to {LUN} on xen-02",
        loss=_lose_counts,
        cause="no paths were counted",
        outcome="warning",
        tells=("xencenter-extra-multipath",),
    ),
    Fault(
        check="SR-PATHS-01",
        change=_lose_paths_since_plugged,
        on=FABRIC,
        finds=f"{_PATHS}2 of 4 paths to {LUN} on xen-03",
        outcome="warning",
        tells=("story-65",),
    ),
    Fault(
        check="SR-PATHS-01",
        change=_lose_all_paths,
        on=FABRIC,
        finds=f"{_PATHS}0 of 4 paths to {LUN} on xen-03",
    ),
    Fault(
        check="HOST-MULTIPATH-01",
        needs=("host.other_config",),
        change=_use_multipath_once,
        on="xen-03",
        finds=("host xen-03: multipath - expected: off, as on the coordinator xen-01, found: on"),
        loss=_lose_settings,
        cause="other_config is missing",
        outcome="warning",
    ),
    Fault(
        check="SR-ISCSI-01",
        needs=("PBD.device_config", "SR.type"),
        change=_drop_chap,
        on=ARRAY,
        finds=(
            f"SR {ARRAY}: iSCSI logins - expected: the same on all hosts, found: chapuser, "
            "chappassword on xen-01, xen-03, no CHAP on xen-02"
        ),
        loss=_lose_login,
        cause="device_config is missing",
        outcome="warning",
        tells=("story-56",),
    ),
    Fault(
        check="SR-GC-01",
        needs=("SR.current_operations",),
        change=_collect,
        on="default",
        finds=(
            "pool default: garbage collection - expected: none running or failed, found: "
            "cleanup.py runs on xen-01"
        ),
        loss=lose_processes,
        outcome="warning",
        tells=("story-62",),
    ),
    Fault(
        check="SR-GC-01",
        change=_fail_coalesce,
        on="default",
        finds=(
            "pool default: garbage collection - expected: none running or failed, found: "
            "1 failed, the last on 2026-11-21"
        ),
        outcome="warning",
        tells=("xencenter-extra-leaf-coalesce",),
    ),
    Fault(
        check="SR-SPACE-01",
        needs=("SR.physical_size", "SR.physical_utilisation", "SR.type"),
        change=_fill,
        on="Full archive",
        finds="SR Full archive: use - expected: below 90 %, found: 96 %",
        loss=_lose_size,
        cause="physical_size is missing",
        outcome="warning",
        tells=("xo-warning-sr-fill",),
    ),
    Fault(
        check="POOL-DEFAULT-SR-01",
        needs=("pool.default_SR", "SR.shared"),
        change=_choose_local_sr,
        on="default",
        finds=(
            "pool default: default SR - expected: one, shared by all hosts, found: "
            "Local storage of xen-01, which is local"
        ),
        loss=_lose_default,
        cause="default_SR is missing",
        outcome="warning",
        tells=("xo-warning-default-sr",),
    ),
    Fault(
        check="POOL-DEFAULT-SR-01",
        change=_choose_no_sr,
        on="default",
        finds="pool default: default SR - expected: one, shared by all hosts, found: none",
        outcome="warning",
    ),
    Fault(
        check="SR-ISO-01",
        needs=("SR.type", "PBD.device_config"),
        change=_keep_isos_in_root,
        on="ISOs in dom0",
        finds=(
            "SR ISOs in dom0: place - expected: outside of dom0's root, found: xen-02: /opt/isos"
        ),
        loss=_lose_iso_place,
        cause="device_config is missing",
        outcome="warning",
        tells=("story-37",),
    ),
    Fault(
        check="SR-ZFS-01",
        needs=("SR.type",),
        change=_use_zfs,
        on="ZFS",
        finds=(
            "SR ZFS: file system - expected: mounted and not ZFS, found: ZFS at /tank/vms on xcp-02"
        ),
        loss=_lose_mounts,
        outcome="warning",
        tells=("story-67",),
        pool="xcpng83",
    ),
    Fault(
        check="SR-NFS-01",
        needs=("SR.type", "PBD.device_config"),
        change=_use_tintri,
        on=NFS,
        finds=f"SR {NFS}: Tintri server - expected: no VMs with snapshots, found: web-01",
        loss=_lose_server,
        cause="device_config is missing",
        outcome="warning",
        tells=("story-61",),
        settings={"target": "citrix-hypervisor-8.2-cu1", "tintri_servers": ["tintri.example"]},
    ),
    Fault(
        check="SR-LINSTOR-01",
        needs=("SR.type",),
        also=("POOL-STORAGE-01", "HOST-HOTFIX-01"),
        change=_differ_in_linstor,
        on="XOSTOR",
        finds=(
            "SR XOSTOR: LINSTOR packages - expected: the same on all hosts, found: "
            "linstor-satellite-1.21.1-1.el7.noarch on xcp-02; "
            "linstor-satellite-1.29.0-1.el7.noarch on xcp-01"
        ),
        loss=_lose_packages,
        outcome="warning",
        tells=("story-63",),
        pool="xcpng83",
    ),
    Fault(
        check="VM-SNAPSHOTS-01",
        needs=("VM.snapshot_of",),
        change=_pile_up_snapshots,
        on="mail-01",
        finds="VM mail-01: snapshots - expected: at most 5, found: 6",
        loss=_lose_snapshots,
        cause="snapshot_of is missing",
        outcome="warning",
        tells=("xo-warning-snapshots",),
    ),
    Fault(
        check="POOL-STORAGE-01",
        change=_use_ext4,
        on="Experiment",
        finds=(
            "SR Experiment: storage - expected: attached on its host, of a type that the target "
            "supports, found: XCP-ng 8.3 has no SRs of type ext4"
        ),
        tells=("story-68",),
        pool="xcpng83",
    ),
)
