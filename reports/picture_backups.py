"""How old the backups are, as plain data for the report: taken from the evidence of the checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fixtures.exceptions import NotVerifiedError
from fixtures.raw import Json
from rules.ages import parse_time

_CHECKS = ("POOL-METADATA-01", "HOST-BACKUP-01", "VM-BACKUP-01")
_ACCEPTED = ("pass", "info", "waived")


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of backup.

    Attributes:
        title: what is backed up.
        ages: of the newest backup of each object that has one, and whether the check accepts it.
        none: how many objects have none that was shown.
        left_out: how many need none, with a reason.
        unknown: of how many it could not be told.
    """

    title: str
    ages: tuple[tuple[timedelta, bool], ...]
    none: int
    left_out: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Backups:
    """All kinds, and the largest age that is allowed."""

    now: datetime
    limit: timedelta
    lanes: tuple[Lane, ...]


def backups(results: Mapping[str, Json], now: datetime, limit: timedelta) -> Backups:
    """Ages of all backups at the moment of the audit.

    Raises:
        NotVerifiedError: none of the checks of backups was judged.
    """
    by_check: dict[str, list[Mapping[str, Json]]] = {check: [] for check in _CHECKS}
    for one in results["outcomes"]:
        if one["check"] in by_check:
            by_check[one["check"]].append(one)
    if not any(by_check.values()):
        raise NotVerifiedError("no check of backups was judged in this run")
    titles = ("Pool database", "dom0 of each host", "VMs")
    lanes = [
        _lane(title, by_check[check], now) for title, check in zip(titles, _CHECKS, strict=True)
    ]
    return Backups(now, limit, tuple(lanes))


def _lane(title: str, outcomes: list[Mapping[str, Json]], now: datetime) -> Lane:
    ages: list[tuple[timedelta, bool]] = []
    none = left_out = unknown = 0
    for one in outcomes:
        times = sorted(_times(one["evidence"]))
        if times:
            ages.append((now - times[-1], one["outcome"] in _ACCEPTED))
        elif one["outcome"] == "not-applicable":
            left_out += 1
        elif one["outcome"] == "not-verified":
            unknown += 1
        else:
            none += 1
    return Lane(title, tuple(sorted(ages)), none, left_out, unknown)


def _times(evidence: Mapping[str, Json]) -> Iterator[datetime]:
    """The times of backups in the evidence of the three checks; what has another form is none."""
    found = [evidence.get("backup"), *_list(evidence.get("backups")), *_list(evidence.get("all"))]
    for one in found:
        if not isinstance(one, Mapping) or one.get("complete") is False:
            continue
        text = one.get("when") or one.get("modified")
        try:
            yield parse_time(str(text))
        except ValueError:
            continue


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
