"""What shows that a VM was backed up, ranked by how much it shows.

xapi keeps no time of the last export on a VM. What counts, strongest first: an XVA file that was
judged; a snapshot that Xen Orchestra marked as exported; the archive of a protection policy (up to
6.1); a custom field with a date. A snapshot alone is no backup: it lies on the same SR.
Source: xapi, ocaml/idl/datamodel.ml; xen-orchestra, @xen-orchestra/backups.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VM, VMPP, PoolFacts
from fixtures.raw import Json
from fixtures.times import moment
from rules.ages import age_words, is_young, parse_time
from rules.once_per_pool import once_per_pool

LIMITS: Final = (
    "xapi keeps no time of a VM's last export; full jobs of Xen Orchestra delete their snapshot, "
    "so the absence of its keys does not prove that there is no backup; the time of a file is when "
    "this copy of it was written"
)
_EXCLUDED: Final = "xo:no-bak"
_REPLICA_TAGS: Final = ("Continuous Replication", "Disaster Recovery")
_POLICIES_UNTIL: Final = "6.2"
_FIELD: Final = "XenCenter.CustomFields."
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Backup:
    """One sign of a backup.

    Attributes:
        rank: `verified`: the backup, or its product's own word for it, was seen; `probable`:
            something says so that anybody could have written.
        when: its time, aware UTC.
        words: what it is.
    """

    rank: Literal["verified", "probable"]
    when: datetime
    words: str


@dataclass(frozen=True, slots=True)
class BackupEvidence:
    """All signs of backups of one VM.

    Attributes:
        backups: by rank, then the newest first.
        short_of: what comes close and is no backup, in words.
    """

    backups: tuple[Backup, ...]
    short_of: tuple[str, ...]

    def young(self, now: datetime, most: timedelta) -> Backup | None:
        """The best backup that is young enough; one of the future is not."""
        fitting = (b for b in self.backups if is_young(now - b.when, most))
        return next(fitting, None)

    def found(self, now: datetime) -> str:
        """What there is instead of a young backup, for people."""
        parts = []
        if self.backups:
            newest = max(self.backups, key=lambda backup: backup.when)
            parts.append(f"the newest is {newest.words}, {age_words(now - newest.when)}")
        else:
            parts.append("none that the pool or --xva-dir shows")
        return "; ".join((*parts, *self.short_of))


def is_replica(vm: VM) -> bool:
    """Whether it is itself a copy that Xen Orchestra keeps of another VM."""
    if "start" not in vm.blocked_operations:
        return False
    return "xo:backup:job" in vm.other_config or any(tag in vm.tags for tag in _REPLICA_TAGS)


def exclusion(vm: VM) -> str:
    """The tag by which somebody excluded it from backups; empty if there is none."""
    tags = (tag for tag in vm.tags if tag == _EXCLUDED or tag.startswith(f"{_EXCLUDED}="))
    return next(tags, "")


def backup_evidence(vm: VM) -> BackupEvidence:
    """Gather every sign of a backup of a VM.

    Raises:
        NotVerifiedError: a record that could hold a sign is not known, or a judgement has no time.
    """
    backups: list[Backup] = []
    short_of: list[str] = []
    snapshots = vm.snapshots
    uuids = {vm.uuid, *(snapshot.uuid for snapshot in snapshots)}
    by_uuid = _files_by_uuid(vm.facts)
    numbers = {number for uuid in uuids for number in by_uuid.get(uuid, ())}
    for number in sorted(numbers):
        file = vm.facts.raw.inputs["xva"][number]
        if file["restorable"]:
            backups.append(_of_file(file))
        else:
            short_of.append(f"file {file['path']} would not restore it: {_problem(file)}")
    for snapshot in snapshots:
        backups += _of_snapshot(snapshot, short_of)
    backups += [*_of_policy(vm), *_of_fields(vm)]
    if snapshots and not backups:
        newest = max(snapshot.snapshot_time for snapshot in snapshots)
        short_of.append(
            f"its newest snapshot ({newest:%Y-%m-%d}) lies on the same SR and is no backup"
        )
    backups.sort(key=lambda backup: (backup.rank != "verified", -backup.when.timestamp()))
    return BackupEvidence(tuple(backups), tuple(short_of))


@once_per_pool
def _files_by_uuid(facts: PoolFacts) -> dict[str, list[int]]:
    """Uuid of a VM or snapshot -> places of the judgements on files below --xva-dir that hold it."""
    found: dict[str, list[int]] = {}
    for number, file in enumerate(facts.raw.inputs.get("xva") or ()):
        for uuid in dict.fromkeys(one["uuid"] for one in file["vms"]):
            found.setdefault(uuid, []).append(number)
    return found


def _of_file(file: Mapping[str, Any]) -> Backup:
    how = "every checksum agrees" if file["digests_verified"] else "structure only"
    try:
        when = parse_time(file["modified"])
    except ValueError as problem:
        raise NotVerifiedError(f"the time of file {file['path']} is not known") from problem
    return Backup("verified", when, f"file {file['path']} ({how})")


def _problem(file: Mapping[str, Json]) -> str:
    if file["problems"]:
        return f"it {file['problems'][0]}"
    return "it holds no disks" if file["metadata_only"] else "it holds no VM that can be read"


def _of_snapshot(snapshot: VM, short_of: list[str]) -> Iterator[Backup]:
    """The mark of Xen Orchestra on a snapshot: exported, or only begun."""
    config = snapshot.other_config
    if not any(key.startswith("xo:backup:") for key in config):
        return
    try:
        when = moment(config.get("xo:backup:datetime", ""))
    except ValueError:
        when = snapshot.snapshot_time
    if config.get("xo:backup:exported") == "true":
        yield Backup("verified", when, "a backup that Xen Orchestra says it finished")
    else:
        short_of.append(
            f"Xen Orchestra began one ({when:%Y-%m-%d}) and never said that it finished"
        )


def _of_policy(vm: VM) -> Iterator[Backup]:
    """The archive of a protection policy, which says that the policy ran, not that this VM did."""
    if vm.facts.at_least(_POLICIES_UNTIL) or not vm.has("protection_policy"):
        return
    policy = vm.facts.find(VMPP, vm.protection_policy)
    if policy is None or not policy.is_policy_enabled or policy.archive_target_type == "none":
        return
    if policy.archive_last_run_time.year > 1970:
        words = f"an archive of protection policy {policy.title}"
        yield Backup("probable", policy.archive_last_run_time, words)


def _of_fields(vm: VM) -> Iterator[Backup]:
    """A custom field about backups that holds a date."""
    for key, value in sorted(vm.other_config.items()):
        name = key.removeprefix(_FIELD)
        if name != key and "backup" in name.lower() and _DATE.fullmatch(value.strip()):
            try:
                when = parse_time(value.strip())
            except ValueError:
                continue
            yield Backup("probable", when, f"what its custom field {name} says")
