"""Pool preconditions: what brings the pool back if the upgrade fails."""

from collections.abc import Callable, Mapping
from typing import Any

from fixtures.attestations import Attestation
from fixtures.contract import blocker, check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, Pool, PoolFacts
from fixtures.probes import CRON_BACKUP, GENERATIONS, LOG_BACKUP
from fixtures.raw import Json
from fixtures.settings import Settings
from rules.ages import age_words, is_young
from rules.metadata_schedule import scheduled_backup
from rules.pool_backups import (
    age_of,
    age_problems,
    export_problems,
    judge_database,
    metadata_backup_vdis,
)
from rules.rebuild import build_of, in_words, taken_under_another_build
from rules.resource_tables import gaps, row_counts


@check("POOL-METADATA-01", blocker, probes=(*GENERATIONS, CRON_BACKUP, LOG_BACKUP))
def test_database_backup_restores_this_pool(
    pool: Pool,
    facts: PoolFacts,
    inputs: Mapping[str, Json],
    settings: Settings,
    dom0_of: Callable[[Host], Any],
    evidence: Evidence,
) -> None:
    """A database backup exists that would restore the pool as it is now.

    Why: the upgraded coordinator converts the database, and nothing converts it back: without a dump
        of the old one a failed upgrade cannot be undone.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi/pool_db_backup.ml
        (same schema, same hosts).
    Remedy: run `xe pool-dump-database file-name=pool.db` on the coordinator, keep the file elsewhere,
        and pass it with `--database-backup`.
    Risk: none; but the dump holds secrets: keep it safe.
    """
    if settings.phase == "after":
        not_applicable("a database of before the upgrade cannot be restored any more")
    backup = inputs["database_backup"]
    problems: tuple[str, ...] = ()
    if backup is None:
        vdis, coordinator = metadata_backup_vdis(facts), dom0_of(pool.coordinator)
        evidence(**scheduled_backup(vdis, coordinator, facts.now, settings.max_backup_age))
    else:
        evidence(backup=backup)
        problems, lag = judge_database(backup, facts, settings, dom0_of)
        evidence(**lag)

    assert not problems, (
        f"pool {pool.title}: database backup - expected: restores the pool as it is now, "
        f"found: {'; '.join(problems)}"
    )


@check(
    "POOL-IMAGE-01",
    warning,
    question="Are the installer image and all updates of the running build kept with the backup?",
)
def test_media_of_the_running_build_are_kept(
    pool: Pool,
    inputs: Mapping[str, Json],
    settings: Settings,
    attested: Callable[[str], Attestation],
    evidence: Evidence,
) -> None:
    """The database backup is of the running build, and that build's media and updates are kept.

    Why: xapi restores a database only under the schema it was saved under, so a coordinator that has
        to be installed again needs the same release with the same updates, not the newest image.
        Backup and pool as such are sound without, so this only warns.
    Source: xapi, ocaml/xapi/pool_db_backup.ml (RESTORE_INCOMPATIBLE_VERSION).
    Remedy: take a new dump (`xe pool-dump-database file-name=...`), keep beside it the installer
        image and every update of the build named in the evidence, then attest it in
        attestations.toml.
    Risk: none; but the dump holds secrets: keep it safe.
    """
    if settings.phase == "after":
        not_applicable("the former build is gone: its media served to go back")
    runs = in_words(build_of(pool.coordinator.software_version, "the coordinator"))
    differing = taken_under_another_build(inputs["database_backup"], pool.coordinator)
    evidence(runs=runs, backup_differs=differing)
    found = f"a backup of {'; '.join(differing)}"
    if not differing:
        said = attested(
            f"Are the installer image and all updates of {runs} kept with the database backup?"
        )
        found = "" if said.yes else f"{said.by} says no"

    assert not found, (
        f"pool {pool.title}: media of {runs} - expected: kept, with a backup of that build, "
        f"found: {found}"
    )


@check("POOL-EXPORT-01", warning)
def test_resource_data_was_exported(
    pool: Pool,
    facts: PoolFacts,
    inputs: Mapping[str, Json],
    settings: Settings,
    evidence: Evidence,
) -> None:
    """The list of the pool's resources covers every object: the run's own, or the export given.

    Why: the list of what ran where, with addresses and disks, is what people rebuild by when the
        database does not come back. Every run leaves one, `resource-data.csv` and `.xlsx`; it is not
        complete where something could not be read, or where a named object is not there.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1.
    Remedy: audit again when nobody changes the pool, with an account that may read everything; what is
        still named and not there is a fault of the database. Or export in XenCenter (Pool, Export
        Resource Data, as CSV) and pass it with `--resource-data`.
    Risk: none; the export changes nothing.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: the export served to go back")
    export = inputs["resource_data"]
    if export is None:
        _judge_own_list(facts, evidence)
        return
    problems = export_problems(export, facts)
    problems = problems or age_problems(export, facts.now, settings.max_backup_age)
    evidence(export={key: export[key] for key in ("path", "modified", "pool_uuid", "why")})

    assert not problems, (
        f"pool {pool.title}: export of resource data - expected: young and complete, "
        f"found: {'; '.join(problems)}"
    )


def _judge_own_list(facts: PoolFacts, evidence: Evidence) -> None:
    lacking = gaps(facts)
    evidence(rows=row_counts(facts), missing=lacking.missing, not_read=lacking.unknown)
    assert not lacking.missing, (
        f"pool {facts.pool.title}: list of resources - expected: complete, "
        f"found: {'; '.join(lacking.missing[:5])}"
    )
    if lacking.unknown:
        raise NotVerifiedError(f"the list of resources is not complete: {lacking.unknown[0]}")


@check("HOST-BACKUP-01", warning)
def test_host_has_a_backup_of_dom0(
    host: Host,
    facts: PoolFacts,
    inputs: Mapping[str, Json],
    settings: Settings,
    evidence: Evidence,
) -> None:
    """A whole and young backup of the host's dom0 exists.

    Why: the installer overwrites dom0 and keeps one copy on the same disk; what fails with the disk
        needs a backup that lies elsewhere.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xe host-backup.
    Remedy: run `xe host-backup uuid={host.uuid} file-name=...` and pass the folder with
        `--host-backup-dir`.
    Risk: none; the backup changes nothing.
    """
    if settings.phase == "after":
        not_applicable("the upgrade has been done: the backup served to go back")
    backups = inputs["host_backups"]
    if backups is None:
        raise NotVerifiedError(
            "no backups of hosts were given: make them with xe host-backup, pass --host-backup-dir=DIR"
        )
    own = [one for one in backups if one["host_uuid"] == host.uuid]
    good = [
        one
        for one in own
        if one["complete"] and is_young(age_of(one, facts.now), settings.max_backup_age)
    ]
    found = "; ".join(
        f"{one['path']} {one['why'] or 'is ' + age_words(age_of(one, facts.now))}" for one in own
    )
    evidence(backups=own)

    assert good, (
        f"host {host.title}: backup of dom0 - expected: whole and young, found: {found or 'none'}"
    )
