"""What the operator of a simulated pool has prepared: backups, lists, statements, all judged.

The pool brings the judgements themselves, in the shape in which the bundle stores them, not files.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from fixtures.database_backup import BUILD_KEYS
from fixtures.model import SCHEMA_MINOR
from fixtures.raw import WireRecord
from fixtures.times import iso_time
from simpool import hardware
from simpool.data import SimPool
from simpool.generations import GENERATIONS
from simpool.records import find, host_names, pool_record

# XenAPI class -> key of a database backup, table of an export of resource data.
_LISTED: Final[Mapping[str, tuple[str, str]]] = {
    "host": ("host_uuids", "server"),
    "VM": ("vm_uuids", "vms"),
    "SR": ("", "storage"),
}
GENERATION: Final = 812_345


def include(pool: SimPool, xenapi_class: str, uuid: str) -> None:
    """Have the operator's backups know an object: it was there when they were made."""
    key, table = _LISTED[xenapi_class]
    backup, export = pool.inputs.get("database_backup"), pool.inputs.get("resource_data")
    if backup and key and uuid not in backup[key]:
        backup[key] = sorted([*backup[key], uuid])
    if export and uuid not in export["tables"][table]["uuids"]:
        listed = export["tables"][table]
        listed["uuids"] = sorted([*listed["uuids"], uuid])
        listed["rows"] += 1


def prepare(pool: SimPool, target: str, *, window_days: float, **settings: Any) -> None:
    """Have the operator prepare all there is to prepare, yesterday, for every host and VM.

    Args:
        pool: with all that it is to consist of.
        target: id of the release it is to be upgraded to, in rolling mode.
        window_days: days until the upgrade starts.
        settings: further settings.
    """
    pool.settings = {
        "target": target,
        "method": "rolling",
        "window": (pool.now + timedelta(days=window_days)).isoformat(),
        "critical_vms": _critical_vms(pool),
        **settings,
    }
    pool.inputs.update(
        database_backup=database_backup(pool, days=1),
        host_backups=[host_backup(pool, name, days=1) for name in host_names(pool)],
        xva=[xva(pool, vm["name_label"], days=1) for vm in _listed(pool, "VM")],
        hardware_list=hardware_list(target),
        attestations=[
            attestation(pool, "POOL-TRIAL-01", "A. Novak"),
            attestation(pool, "POOL-IMAGE-01", "A. Novak", number=2),
            attestation(pool, "POOL-MEDIA-01", "A. Novak", number=3),
            attestation(pool, "POOL-MIRROR-01", "A. Novak", number=4),
        ],
    )


def _critical_vms(pool: SimPool) -> list[str]:
    """The first running VM of each of the first two hosts that have one."""
    running = [vm for vm in _listed(pool, "VM") if vm["power_state"] == "Running"]
    first = {vm["resident_on"]: vm["name_label"] for vm in reversed(running)}
    return sorted(first[host] for host in pool.records["host"] if host in first)[:2]


def database_backup(pool: SimPool, *, days: float) -> dict[str, Any]:
    """A dump of the pool's database, taken some days ago, complete."""
    schema = GENERATIONS[pool.release].schema or f"5.{SCHEMA_MINOR[pool.release]}"
    return {
        "path": f"{pool.name}.db",
        "readable": True,
        "why": "",
        "placeholder": False,
        "secrets_blanked": False,
        "missing_tables": [],
        "schema": schema,
        "generation_count": GENERATION - 1_204,
        "ran": _coordinator_runs(pool),
        "pool_uuid": pool_record(pool)["uuid"],
        "host_uuids": _uuids(pool, "host"),
        "vm_uuids": _uuids(pool, "VM"),
        "sha256": "5b0d3e2f" * 8,
        "modified": iso_time(pool.now - timedelta(days=days)),
        "size": 2_481_152,
    }


def _coordinator_runs(pool: SimPool) -> dict[str, str]:
    versions = pool.records["host"][pool_record(pool)["master"]]["software_version"]
    return {key: versions[key] for key in BUILD_KEYS if key in versions}


def resource_data(pool: SimPool, *, days: float) -> dict[str, Any]:
    """An export of resource data that covers everything."""
    names = [n["name_label"] for n in pool.records["network"].values()]
    return {
        "path": f"{pool.name}-resources.csv",
        "size": 48_213,
        "modified": iso_time(pool.now - timedelta(days=days)),
        "sha256": _sha256(pool.name),
        "readable": True,
        "why": "",
        "pool_name": pool_record(pool)["name_label"],
        "pool_uuid": pool_record(pool)["uuid"],
        "tables": {
            "server": _table(_uuids(pool, "host")),
            "networks": {"rows": len(names), "names": names, "uuids": []},
            "storage": _table(_uuids(pool, "SR")),
            "vdi": _table(_uuids(pool, "VDI")),
            "vms": _table(_uuids(pool, "VM")),
            "gpu": _table([]),
        },
        "unknown_tables": [],
    }


def _table(uuids: list[str]) -> dict[str, Any]:
    return {"rows": len(uuids), "names": [f"object {n}" for n in range(len(uuids))], "uuids": uuids}


def _uuids(pool: SimPool, xenapi_class: str) -> list[str]:
    return sorted(record["uuid"] for record in _listed(pool, xenapi_class))


def _listed(pool: SimPool, xenapi_class: str) -> list[WireRecord]:
    """The records of a class; of VMs, those that an operator means by the word."""
    hidden = ("is_a_template", "is_a_snapshot", "is_control_domain")
    return [
        record
        for record in pool.records[xenapi_class].values()
        if xenapi_class != "VM" or not any(record[flag] for flag in hidden)
    ]


def host_backup(pool: SimPool, host: str, *, days: float) -> dict[str, Any]:
    """A backup of one host's dom0, whole."""
    record = find(pool, "host", host)[1]
    return {
        "path": f"{host}.xbk",
        "size": 1_948_254_720,
        "modified": iso_time(pool.now - timedelta(days=days)),
        "sha256_ends": _sha256(host),
        "compression": "none",
        "is_archive": True,
        "complete": True,
        "why": "",
        "host_uuid": record["uuid"],
        "product_version": record["software_version"]["product_version"],
        "build_number": record["software_version"]["build_number"],
    }


def _sha256(name: str) -> str:
    """A digest as a file of that name might have."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def xva(pool: SimPool, vm: str, *, days: float) -> dict[str, Any]:
    """An export of one VM with all its disks, digests verified."""
    ref, record = find(pool, "VM", vm)
    images = [
        pool.records["VDI"][drive["VDI"]]
        for drive in pool.records["VBD"].values()
        if drive["VM"] == ref and drive["type"] == "Disk"
    ]
    when = iso_time(pool.now - timedelta(days=days))
    return {
        "path": f"{record['uuid']}.xva",
        "size": 4_294_967_296,
        "modified": when,
        "sha256_ends": _sha256(vm),
        "compression": "none",
        "full": True,
        "digests_verified": True,
        "export_version": 2,
        "product_version": GENERATIONS[pool.release].product_version,
        "vms": [
            {
                "uuid": record["uuid"],
                "name": record["name_label"],
                "is_snapshot": False,
            }
        ],
        "disks": [
            {
                "id": f"Ref:{number}",
                "vdi_uuid": image["uuid"],
                "virtual_size": int(image["virtual_size"]),
                "chunks": int(image["virtual_size"]) // 1024**2,
                "whole": True,
            }
            for number, image in enumerate(images, 4)
        ],
        "metadata_only": False,
        "problems": [],
        "restorable": True,
    }


def hardware_list(target: str) -> list[dict[str, Any]]:
    """A hardware list that covers the simulated machines for a target."""

    def entry(kind: str, vendor: str, model: str, pci: str = "") -> dict[str, Any]:
        return {
            "kind": kind, "vendor": vendor, "model": model, "pci": pci,
            "releases": [target], "note": "",
        }  # fmt: skip

    return [
        entry("server", hardware.MANUFACTURER, hardware.PRODUCT),
        entry("cpu", "GenuineIntel", "Intel(R) Xeon(R) CPU E5-26* v4 @ *"),
        entry("nic", "Broadcom", "NetXtreme BCM5720", "14e4:165f"),
        entry("storage", "LSI", "MegaRAID SAS-3 3108", "1000:005d:1028:1f49"),
    ]


def attestation(
    pool: SimPool, question: str, by: str, *, yes: bool = True, number: int = 1
) -> dict[str, Any]:
    """One question answered five days ago, for thirty days."""
    given = pool.now - timedelta(days=5)
    return {
        "number": number,
        "problems": [],
        "question": question,
        "answer": "yes" if yes else "no",
        "by": by,
        "when": _day(given),
        "until": _day(given + timedelta(days=30)),
    }


def waiver(pool: SimPool, check: str, uuid: str, reason: str, *, number: int = 1) -> dict[str, Any]:
    """One finding accepted ten days ago, for sixty days."""
    given = pool.now - timedelta(days=10)
    return {
        "number": number,
        "problems": [],
        "finding": f"{check}:{uuid}",
        "owner": "A. Novak",
        "approver": "M. Okafor",
        "reason": reason,
        "ticket": "CHG-20417",
        "from": _day(given),
        "until": _day(given + timedelta(days=60)),
    }


def _day(when: datetime) -> str:
    return when.date().isoformat()
