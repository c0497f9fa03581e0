"""What is left over: images, snapshots, plugged disks, crash dumps, lost sessions, shared addresses."""

from datetime import timedelta
from typing import Any, Final

from fixtures.times import xenapi_time
from fixtures.xenapi_reading import MESSAGES, RECENT
from simpool.builder import (
    GIB,
    NULL,
    add_disk,
    add_record,
    add_snapshot,
    add_sr,
    find,
    ref_of,
)
from simpool.data import SimPool
from simpool.faults.fault import Fault

NFS: Final = "NFS virtual disks"
ARRAY: Final = "iSCSI array"
SECOND: Final = "Second iSCSI array"
LUN: Final = "360a98000486e2f34576f2f51715a715a"


def _of(pool: SimPool, xenapi_class: str, field: str, ref: str) -> list[dict[str, Any]]:
    return [record for record in pool.records[xenapi_class].values() if record[field] == ref]


def _leave_image(pool: SimPool) -> None:
    add_disk(pool, "copy of web-01, old", NFS, 20)


def _leave_image_snapshot(pool: SimPool) -> None:
    add_disk(pool, "before the test", NFS, 20, is_a_snapshot=True)


def _lose_image_types(pool: SimPool) -> None:
    for image in _of(pool, "VDI", "SR", ref_of(pool, "SR", NFS)):
        del image["type"]


def _plug_into_dom0(pool: SimPool) -> None:
    values = {
        "VM": ref_of(pool, "VM", "Control domain on host: xen-02"),
        "VDI": add_disk(pool, "mail-01, being restored", NFS, 30),
        "type": "Disk", "mode": "RW", "currently_attached": True, "userdevice": "0",
    }  # fmt: skip
    add_record(pool, "VBD", "restore", values)


def _leave_drive_in_dom0(pool: SimPool) -> None:
    _plug_into_dom0(pool)
    domain = ref_of(pool, "VM", "Control domain on host: xen-02")
    _of(pool, "VBD", "VM", domain)[0]["currently_attached"] = False


def _lose_place_of_dom0(pool: SimPool) -> None:
    del find(pool, "VM", "Control domain on host: xen-03")[1]["resident_on"]


def _orphan_a_snapshot(pool: SimPool) -> None:
    ref = add_snapshot(pool, "web-02", "of a VM long gone")
    pool.records["VM"][ref]["snapshot_of"] = NULL


def _lose_origin(pool: SimPool) -> None:
    for record in pool.records["VM"].values():
        if record["is_a_snapshot"]:
            del record["snapshot_of"]


def _keep_old_snapshot(pool: SimPool) -> None:
    taken = pool.now - timedelta(days=45)
    add_snapshot(pool, "mail-01", "before the move of mailboxes", taken=taken)


def _lose_snapshot_times(pool: SimPool) -> None:
    for record in _of(pool, "VM", "snapshot_of", ref_of(pool, "VM", "web-01")):
        del record["snapshot_time"]


def _share_address(pool: SimPool) -> None:
    first, second = (_of(pool, "VIF", "VM", ref_of(pool, "VM", f"web-0{n}"))[0] for n in (1, 2))
    first["MAC"], second["MAC"] = "fa:16:3e:00:00:01", "FA:16:3E:00:00:01"


def _share_address_far_away(pool: SimPool) -> None:
    first = _of(pool, "VIF", "VM", ref_of(pool, "VM", "web-01"))[0]
    other = _of(pool, "VIF", "VM", ref_of(pool, "VM", "db-01"))[0]
    first["MAC"] = other["MAC"] = "fa:16:3e:00:00:02"


def _lose_address(pool: SimPool) -> None:
    del _of(pool, "VIF", "VM", ref_of(pool, "VM", "db-01"))[0]["MAC"]


def _dump(pool: SimPool, days: int) -> None:
    values = {
        "host": ref_of(pool, "host", "xen-03"),
        "timestamp": pool.now - timedelta(days=days),
        "size": 2 * GIB,
    }
    add_record(pool, "host_crashdump", f"{days} days ago", values)


def _crash(pool: SimPool) -> None:
    _dump(pool, 20)


def _crashed_long_ago(pool: SimPool) -> None:
    _dump(pool, 400)


def _lose_dumps(pool: SimPool) -> None:
    del pool.records["host_crashdump"]


def _lose_sessions(pool: SimPool) -> None:
    add_sr(pool, SECOND, "lvmoiscsi", shared=True, device_config={"SCSIid": LUN})
    for pbd in _of(pool, "PBD", "SR", ref_of(pool, "SR", SECOND)):
        there = pbd["host"] != ref_of(pool, "host", "xen-02")
        pbd["other_config"] = {
            "multipathed": "true",
            f"mpath-{LUN}": "[4, 4]",
            "iscsi_sessions": "4" if there else "2",
        }


def _lose_what_is_recorded(pool: SimPool) -> None:
    for pbd in _of(pool, "PBD", "SR", ref_of(pool, "SR", ARRAY)):
        del pbd["other_config"]


def _alarm(pool: SimPool) -> None:
    record = {
        "name": "ALARM", "priority": "5", "cls": "VM", "body": "value: 0.97", "uuid": "alarm-1",
        "timestamp": xenapi_time(pool.now - timedelta(days=1)),
    }  # fmt: skip
    pool.answers.setdefault(MESSAGES, {}).setdefault(RECENT, {})["OpaqueRef:alarm-1"] = record


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="SR-ORPHANS-01",
        change=_leave_image,
        on=NFS,
        finds=f"SR {NFS}: images of no VM - expected: none, found: copy of web-01, old",
        loss=_lose_image_types,
        cause="field type is missing",
        outcome="info",
        needs=("SR.type", "VDI", "VDI.SR", "pool.ha_statefiles", "pool.metadata_VDIs"),
        tells=("xo-warning-orphan-vdis",),
    ),
    Fault(
        check="SR-ORPHANS-01",
        change=_leave_image_snapshot,
        on=NFS,
        finds=f"SR {NFS}: images of no VM - expected: none, found: before the test",
        outcome="info",
        tells=("xo-warning-orphan-snapshots",),
    ),
    Fault(
        check="HOST-DOM0-DISKS-01",
        change=_plug_into_dom0,
        on="xen-02",
        finds="host xen-02: disks in dom0 - expected: none, found: mail-01, being restored",
        loss=_lose_place_of_dom0,
        cause="field resident_on is missing",
        outcome="warning",
        needs=("VM.is_control_domain", "VM.resident_on", "VBD", "VBD.VM"),
        tells=("xo-warning-dom0-vdis",),
    ),
    Fault(
        check="HOST-DOM0-DISKS-01",
        change=_leave_drive_in_dom0,
        on="xen-02",
        finds="host xen-02: disks in dom0 - expected: none, found: mail-01, being restored "
        "(unplugged)",
        outcome="warning",
    ),
    Fault(
        check="POOL-SNAPSHOTS-01",
        change=_orphan_a_snapshot,
        on="default",
        finds="pool default: snapshots of no VM - expected: none, found: of a VM long gone",
        loss=_lose_origin,
        cause="field snapshot_of is missing",
        outcome="info",
        needs=("VM.is_a_snapshot", "VM.snapshot_of"),
        tells=("xo-warning-orphan-snapshots",),
    ),
    Fault(
        check="VM-SNAPSHOTS-02",
        change=_keep_old_snapshot,
        on="mail-01",
        finds="VM mail-01: snapshots - expected: none older than 30 days, found: before the move "
        "of mailboxes of 2026-10-09",
        loss=_lose_snapshot_times,
        cause="field snapshot_time is missing",
        outcome="info",
        needs=("VM.snapshot_of",),
        tells=("xo-warning-old-snapshots",),
    ),
    Fault(
        check="VM-MAC-01",
        change=_share_address,
        on="web-02",
        finds="VM web-02: MAC addresses - expected: its own, found: fa:16:3e:00:00:01 also of "
        "web-01",
        loss=_lose_address,
        cause="field MAC is missing",
        outcome="warning",
        needs=("VIF", "VIF.VM", "VIF.MAC"),
        tells=("xo-warning-duplicate-macs",),
    ),
    Fault(
        check="VM-MAC-01",
        change=_share_address_far_away,
        on="db-01",
        finds="VM db-01: MAC addresses - expected: its own, found: fa:16:3e:00:00:02 also of "
        "web-01",
        outcome="info",
    ),
    Fault(
        check="HOST-CRASHDUMP-01",
        change=_crash,
        on="xen-03",
        finds="host xen-03: crash dumps - expected: none, found: 1, the newest of 2026-11-03",
        loss=_lose_dumps,
        cause="host_crashdump records are not known",
        outcome="warning",
        needs=("host_crashdump",),
        tells=("xencenter-extra-crash-dumps",),
    ),
    Fault(
        check="HOST-CRASHDUMP-01",
        change=_crashed_long_ago,
        on="xen-03",
        finds="host xen-03: crash dumps - expected: none, found: 1, the newest of 2025-10-19",
        outcome="info",
    ),
    Fault(
        check="SR-ISCSI-02",
        change=_lose_sessions,
        on=SECOND,
        finds=f"SR {SECOND}: iSCSI sessions - expected: one for each path, found: 2 for 4 paths "
        "on xen-02",
        loss=_lose_what_is_recorded,
        cause="field other_config is missing",
        outcome="warning",
        needs=("SR.type", "PBD", "PBD.SR", "PBD.other_config"),
        tells=("xencenter-extra-iscsi-sessions",),
    ),
    Fault(
        check="POOL-ALERTS-01",
        change=_alarm,
        on="default",
        finds="pool default: alerts - expected: none in the last 7 days, found: ALARM (1)",
        outcome="warning",
        tells=("xo-warning-alarms",),
    ),
)
