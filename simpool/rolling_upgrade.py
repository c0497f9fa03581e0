"""Upgrades a simulated pool as a rolling upgrade does: host by host, the coordinator first.

What xapi and the installers change is changed, and nothing else: everything that an upgrade must
leave as it was stays as it was.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from fixtures.raw import WireRecord
from simpool.data import SimPool
from simpool.dom0_answers import change_dom0
from simpool.generations import GENERATIONS, software_version
from simpool.records import classes_of, field_names, find, host_names, pool_record, zero

UNDER_WAY: Final = "rolling_upgrade_in_progress"
_SINCE_START: Final = timedelta(hours=3)

# What a younger release makes of fields that the older one does not have, where that is not nothing.
_MADE: Final[Mapping[tuple[str, str], Any]] = {
    ("PIF", "igmp_snooping_status"): "unknown",
}


def upgrade(pool: SimPool, release: str, brand: str) -> None:
    """Bring all hosts to a release, the coordinator first.

    Args:
        pool: of an older release, healthy.
        release: a key of `simpool.generations.GENERATIONS`.
        brand: product brand of the new release.
    """
    for name in host_names(pool):
        upgrade_host(pool, name, release, brand)
    for kind in ("pool_update", "pool_patch", "host_patch"):
        pool.records.get(kind, {}).clear()
    del pool_record(pool)["other_config"][UNDER_WAY]


def upgrade_host(pool: SimPool, name: str, release: str, brand: str) -> None:
    """Bring one host to a release; with the coordinator the database goes along."""
    ref, record = find(pool, "host", name)
    pool_record(pool)["other_config"][UNDER_WAY] = "true"
    if ref == pool_record(pool)["master"]:
        _migrate_database(pool, release)
    made, booted = GENERATIONS[release], pool.now - _SINCE_START
    seconds = int(booted.timestamp())
    record.update(
        software_version=software_version(release, brand, name),
        API_version_major=str(made.api[0]),
        API_version_minor=str(made.api[1]),
    )
    record["license_params"]["version"] = made.product_version
    record["other_config"].update(boot_time=f"{seconds}.", agent_start_time=f"{seconds + 180}.")
    if "updates" in record:
        record["updates"] = []
    change_dom0(
        pool,
        name,
        release=release,
        brand=brand,
        booted=booted,
        updates=(),
        packages_installed=booted - timedelta(minutes=20),
    )


def _migrate_database(pool: SimPool, release: str) -> None:
    """Give every record the fields of the new release, as xapi does when it first starts."""
    pool.release = release
    for kind in classes_of(release):
        for record in pool.records.setdefault(kind, {}).values():
            for field in field_names(kind, release):
                if field not in record:
                    record[field] = _made(kind, field, record)


def _made(kind: str, field: str, record: WireRecord) -> Any:
    if (kind, field) == ("host", "iscsi_iqn"):
        return record["other_config"].get("iscsi_iqn", "")
    if (kind, field) == ("host", "multipathing"):
        return record["other_config"].get("multipathing") == "true"
    if (kind, field) == ("VM", "domain_type"):
        return "hvm" if record["HVM_boot_policy"] else "pv"
    if (kind, field) == ("VM_metrics", "current_domain_type"):
        return "hvm" if record["hvm"] else "unspecified"
    return _MADE.get((kind, field), zero(kind, field))
