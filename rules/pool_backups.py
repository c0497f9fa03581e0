"""Would what was saved bring this pool back: its database, its dom0s, the list of its resources."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VDI, Network, PoolFacts
from fixtures.raw import Json

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
METADATA_KEY: Final = "ctxs-pool-backup"
_TABLES: Final = {"server": "hosts", "storage": "SRs", "vdi": "VDIs", "vms": "VMs"}


def age_words(now: datetime, modified: str) -> str:
    """How old a file is, for people: `3 days old`, `5 hours old`, `dated in the future`."""
    age = now - _moment(modified)
    hours = int(age.total_seconds() // 3600)
    if age < -_CLOCKS_DIFFER:
        return "dated in the future"
    return f"{hours // 24} days old" if hours >= 48 else f"{max(hours, 0)} hours old"


def is_young(now: datetime, modified: str, most: timedelta) -> bool:
    """Whether a file was written within `most` before now; a time in the future is not young."""
    return -_CLOCKS_DIFFER <= now - _moment(modified) <= most


def _moment(modified: str) -> datetime:
    try:
        moment = datetime.fromisoformat(modified)
    except ValueError as problem:
        raise NotVerifiedError(f"the time of the file is not known: {modified!r}") from problem
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def database_problems(backup: Mapping[str, Any], facts: PoolFacts) -> tuple[str, ...]:
    """What keeps a database backup from restoring this pool; its age is judged elsewhere.

    Args:
        backup: what `inspect_database_backup` returned.
        facts: the pool as it is now.
    """
    if not backup["readable"]:
        return (str(backup["why"]),)
    problems = []
    if backup["secrets_blanked"]:
        problems.append("its secrets are blanked, so it restores no passwords")
    if backup["missing_tables"]:
        problems.append(f"it lacks the tables {', '.join(backup['missing_tables'])}")
    if backup["pool_uuid"] != facts.pool.uuid:
        problems.append("it is of another pool")
    schema = facts.schema_minor
    if schema is None:
        raise NotVerifiedError("the schema version of the pool's database is not known")
    if backup["schema"] != f"5.{schema}":
        problems.append(f"its schema is {backup['schema']}, the pool's is 5.{schema}")
    hosts = {host.uuid: host.title for host in facts.hosts}
    vms = {vm.uuid: vm.title for vm in facts.vms}
    problems += _differences("host", hosts, backup["host_uuids"])
    problems += _differences("VM", vms, backup["vm_uuids"])
    return tuple(problems)


def _differences(kind: str, now: Mapping[str, str], saved: Sequence[str]) -> list[str]:
    missing = sorted(now[uuid] for uuid in set(now) - set(saved))
    gone = set(saved) - set(now)
    problems = [f"it lacks {kind} {name}" for name in missing[:5]]
    if len(missing) > 5:
        problems.append(f"it lacks {len(missing) - 5} more {kind}s")
    if gone:
        problems.append(f"it holds {len(gone)} {kind}s that the pool no longer has")
    return problems


def generation_lag(backup: Mapping[str, Any], generation: str) -> int:
    """By how many database writes a backup lags behind the coordinator.

    Args:
        backup: what `inspect_database_backup` returned.
        generation: content of the coordinator's `state.db.generation`, or the dump's own count.

    Raises:
        NotVerifiedError: one of the two is not a number.
    """
    text = generation.strip()
    if not re.fullmatch(r"[0-9]{1,18}", text) or backup["generation_count"] is None:
        raise NotVerifiedError("the generation counts of backup and database cannot be compared")
    return int(text) - int(backup["generation_count"])


def metadata_backup_vdis(facts: PoolFacts) -> tuple[VDI, ...]:
    """VDIs that hold metadata backups. Source: xapi, scripts/xe-backup-metadata."""
    return tuple(
        vdi
        for vdi in facts.table(VDI).values()
        if vdi.other_config.get(METADATA_KEY) == "true" and not vdi.missing
    )


def export_problems(export: Mapping[str, Any], facts: PoolFacts) -> tuple[str, ...]:
    """What an export of resource data does not cover."""
    if not export["readable"]:
        return (str(export["why"]),)
    problems = []
    if export["pool_uuid"] != facts.pool.uuid:
        problems.append("it is of another pool")
    tables: Mapping[str, Json] = export["tables"]
    missing_tables = [
        name for name in ("server", "networks", "storage", "vdi", "vms") if name not in tables
    ]
    problems += [f"it has no table {name}" for name in missing_tables]
    # Disks that are not a VM's (ISO images, snapshots, leftovers) it may leave out.
    wanted = {
        "server": {host.uuid for host in facts.hosts},
        "storage": {sr.uuid for sr in facts.srs if not _is_hidden(sr.other_config)},
        "vdi": {disk.uuid for vm in facts.vms for disk in vm.disks},
        "vms": {vm.uuid for vm in facts.vms if not _is_hidden(vm.other_config)},
    }
    for name, uuids in wanted.items():
        if name in tables:
            lacking = uuids - set(tables[name]["uuids"])
            if lacking:
                problems.append(f"it lacks {len(lacking)} {_TABLES[name]}")
    if "networks" in tables:
        problems += _missing_networks(facts, tables["networks"]["names"])
    return tuple(problems)


def _missing_networks(facts: PoolFacts, exported: Sequence[str]) -> list[str]:
    """Networks are exported by name alone; a line break in a name splits its row."""
    names = [
        network.name_label.splitlines()[0].strip() if network.name_label.strip() else ""
        for network in facts.table(Network).values()
        if not _is_hidden(network.other_config)
        and network.other_config.get("is_guest_installer_network") != "true"
    ]
    lacking = Counter(names) - Counter(name.strip() for name in exported)
    return [f"it lacks {lacking.total()} networks"] if lacking else []


def _is_hidden(other_config: Mapping[str, str]) -> bool:
    """Whether XenCenter, by its default, does not show an object, and so does not export it."""
    return other_config.get("HideFromXenCenter", "").lower() == "true"
