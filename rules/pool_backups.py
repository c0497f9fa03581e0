"""Would what was saved bring this pool back: its database, its dom0s, the list of its resources."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VDI, Host, Network, PoolFacts
from fixtures.probes import GENERATION_FILES
from fixtures.raw import Json
from fixtures.settings import Settings
from reports.text import visible
from rules.ages import age_words, is_young, parse_time

METADATA_KEY: Final = "ctxs-pool-backup"
_TABLES: Final = {"server": "hosts", "storage": "SRs", "vdi": "VDIs", "vms": "VMs"}


def age_of(file: Mapping[str, Any], now: datetime) -> timedelta:
    """How old a file is that the operator gave.

    Raises:
        NotVerifiedError: its time is not one.
    """
    try:
        return now - parse_time(file["modified"])
    except ValueError as problem:
        raise NotVerifiedError(
            f"the time of the file is not known: {file['modified']!r}"
        ) from problem


def age_problems(file: Mapping[str, Any], now: datetime, most: timedelta) -> tuple[str, ...]:
    """Whether a file is too old, or dated in the future."""
    age = age_of(file, now)
    return () if is_young(age, most) else (f"it is {age_words(age)}",)


def judge_database(
    backup: Mapping[str, Any],
    facts: PoolFacts,
    settings: Settings,
    dom0_of: Callable[[Host], Any],
) -> tuple[tuple[str, ...], dict[str, int]]:
    """What keeps a database backup from restoring the pool as it is now.

    Args:
        backup: what `inspect_database_backup` returned.
        facts: the pool as it is now.
        settings: how old and how far behind it may be.
        dom0_of: gives the dom0 of a host.

    Returns:
        What is wrong, and by how many writes it lags behind, as evidence.

    Raises:
        NotVerifiedError: it is the audited dump itself, which proves nothing; or a fact is missing.
    """
    if facts.raw.source.get("sha256") and facts.raw.source["sha256"] == backup["sha256"]:
        raise NotVerifiedError(
            "the audited dump itself does not count as a backup: pass one that is kept elsewhere"
        )
    problems = database_problems(backup, facts)
    problems = problems or age_problems(backup, facts.now, settings.max_backup_age)
    if problems:
        return problems, {}
    lag = generation_lag(backup, _generation(facts, dom0_of))
    if not -settings.generation_drift <= lag <= settings.generation_drift:
        problems = (f"it lags {lag} writes behind the database",)
    return problems, {"generations_behind": lag}


def _generation(facts: PoolFacts, dom0_of: Callable[[Host], Any]) -> str:
    """The database's present generation count: of the dump that is audited, or from dom0."""
    stated = facts.raw.source.get("generation")
    if stated is not None:
        return str(stated)
    dom0 = dom0_of(facts.pool.coordinator)
    found = next((path for path in GENERATION_FILES if dom0.file(path).exists), None)
    if found is None:
        raise NotVerifiedError("the coordinator has no state.db.generation")
    return str(dom0.file(found).content_string)


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
    """Networks are exported by name alone; a line break in a name splits its row, or is an escape."""
    left, lacking = Counter(_plain(name) for name in exported), 0
    for network in facts.table(Network).values():
        installer = network.other_config.get("is_guest_installer_network") == "true"
        if installer or _is_hidden(network.other_config):
            continue
        name = network.name_label
        forms = {_plain(visible(name, keep="")), _plain((name.splitlines() or [""])[0])}
        found = next((form for form in sorted(forms) if left[form]), None)
        if found is None:
            lacking += 1
        else:
            left[found] -= 1
    return [f"it lacks {lacking} networks"] if lacking else []


def _plain(name: str) -> str:
    """A name without apostrophes: an export puts them where a formula would begin."""
    return name.replace("'", "").strip()


def _is_hidden(other_config: Mapping[str, str]) -> bool:
    """Whether XenCenter, by its default, does not show an object, and so does not export it."""
    return other_config.get("HideFromXenCenter", "").lower() == "true"
