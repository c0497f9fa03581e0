"""The ledger: what was planned, and what became of every single pair of check and object.

The plan is the catalogue times the objects in the facts. It does not come from pytest, so that
whatever pytest leaves out (`-k`, a deleted file, Ctrl-C) shows as a pair without an outcome.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fixtures.raw import Json
from reports.outcome import (
    OUTCOMES,
    CheckInfo,
    ObjectClass,
    ObjectRef,
    Outcome,
    Severity,
    object_json,
    object_order,
)

MISSING_LISTED: Final = 200
PROBLEMS_LISTED: Final = 200
FATES: Final[tuple[str, ...]] = (*OUTCOMES, "not-reached", "deselected")
JUDGED: Final = ("pass", "blocked", "warning", "info")


@dataclass(frozen=True, slots=True)
class Planned:
    """One pair that needs an outcome.

    `unread` is empty, or it is the cause for which the check's class could not be read; then the
    pair stands for all objects of that class, its object is the pool, and its outcome is *not
    verified*.
    """

    check: str
    severity: Severity
    object: ObjectRef
    unread: str = ""

    @property
    def finding(self) -> str:
        """The key its outcome must carry."""
        return f"{self.check}:{self.object.uuid}"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pairs were planned and what became of them: fate -> number."""

    planned: int
    fates: Mapping[str, int]

    @property
    def judged(self) -> int:
        """Pairs on which the check gave its own answer."""
        return sum(self.fates[fate] for fate in JUDGED)

    @property
    def adds_up(self) -> bool:
        """Planned equals the sum of what became of it."""
        return self.planned == sum(self.fates.values())

    def as_json(self) -> dict[str, Json]:
        """Flat: planned, judged, then every fate."""
        return {"planned": self.planned, "judged": self.judged, **self.fates}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of a run.

    Attributes:
        total: all checks together.
        checks: check id -> its own tally, in order of id; a check whose class has no objects is
            there with nothing planned.
        not_reached: planned pairs without an outcome.
        deselected: planned pairs that the user filtered out.
        problems: why the account cannot be trusted; empty when it can.
    """

    total: Tally
    checks: Mapping[str, Tally]
    not_reached: tuple[Planned, ...]
    deselected: tuple[Planned, ...]
    problems: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        """Every number adds up and no outcome is doubled or unplanned."""
        return (
            not self.problems
            and self.total.adds_up
            and all(tally.adds_up for tally in self.checks.values())
        )

    @property
    def complete(self) -> bool:
        """It adds up, something was planned, and every planned pair has an outcome."""
        return (
            self.adds_up and self.total.planned > 0 and not self.not_reached and not self.deselected
        )

    def as_json(self) -> dict[str, Json]:
        """The `ledger` of `results.json`; at most 200 missing pairs are listed by name."""
        missing = [
            {"check": pair.check, "object": object_json(pair.object), "fate": fate}
            for fate, pairs in (("not-reached", self.not_reached), ("deselected", self.deselected))
            for pair in pairs[:MISSING_LISTED]
        ]
        return {
            **self.total.as_json(),
            "sentence": self.sentence(),
            "adds_up": self.adds_up,
            "problems": list(self.problems),
            "missing": missing[:MISSING_LISTED],
            "checks": [{"check": check, **tally.as_json()} for check, tally in self.checks.items()],
        }

    def sentence(self) -> str:
        """The sum in one line: `340 planned = 335 judged + 5 waived`; parts of zero left out."""
        fates = self.total.fates
        parts = [f"{self.total.judged} judged"]
        parts += [
            f"{fates[fate]} {fate.replace('-', ' ')}"
            for fate in FATES
            if fate not in JUDGED and fates[fate]
        ]
        return f"{self.total.planned} planned = {' + '.join(parts)}"


def plan(
    checks: Iterable[CheckInfo],
    objects_by_class: Mapping[ObjectClass, Sequence[ObjectRef]],
    *,
    pool: ObjectRef,
    unread: Mapping[str, str] | None = None,
) -> tuple[Planned, ...]:
    """All pairs that need an outcome, in the order of reports.

    Args:
        checks: the chosen checks.
        objects_by_class: the objects of each class that was read; an empty sequence means that the
            pool has none, and plans nothing.
        pool: stands in for the objects of a class that was not read.
        unread: class -> cause. A class in neither mapping counts as unread too.
    """
    causes = unread or {}
    pairs = []
    for check in checks:
        class_ = check.object_class
        if class_ in causes or class_ not in objects_by_class:
            cause = causes.get(class_, "").strip() or f"the records of class {class_} were not read"
            pairs.append(Planned(check.id, check.severity, pool, cause))
        else:
            pairs += [
                Planned(check.id, check.severity, object_) for object_ in objects_by_class[class_]
            ]
    return tuple(sorted(pairs, key=_pair_order))


def balance(
    checks: Iterable[CheckInfo],
    planned: Sequence[Planned],
    outcomes: Sequence[Outcome],
    deselected: Collection[str] = (),
    others: Sequence[str] = (),
) -> Ledger:
    """Close the account.

    Args:
        checks: the chosen checks, those without objects included.
        planned: what `plan` said.
        outcomes: what the run gave.
        deselected: finding keys of pairs that the user filtered out.
        others: what else keeps the account from being trusted, known to the run alone.
    """
    given: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        given.setdefault(_key(outcome.check, outcome.object), []).append(outcome)
    filtered = set(deselected)
    pairs = {_key(pair.check, pair.object): pair for pair in planned}

    not_reached = [
        pair for key, pair in pairs.items() if key not in given and pair.finding not in filtered
    ]
    left_out = [
        pair for key, pair in pairs.items() if key not in given and pair.finding in filtered
    ]
    problems = _problems(planned, pairs, given, filtered)

    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.check, Counter())[outcome.outcome] += 1
    for fate, missing in (("not-reached", not_reached), ("deselected", left_out)):
        for pair in missing:
            counts.setdefault(pair.check, Counter())[fate] += 1
    planned_per_check = Counter(pair.check for pair in planned)
    ids = sorted({check.id for check in checks} | set(counts) | set(planned_per_check))
    tallies = {
        check: _tally(planned_per_check[check], counts.get(check, Counter())) for check in ids
    }
    return Ledger(
        total=_tally(len(planned), sum(counts.values(), Counter())),
        checks=tallies,
        not_reached=tuple(not_reached),
        deselected=tuple(left_out),
        problems=(*others, *problems),
    )


def _problems(
    planned: Sequence[Planned],
    pairs: Mapping[tuple[str, str, str], Planned],
    given: Mapping[tuple[str, str, str], Sequence[Outcome]],
    filtered: set[str],
) -> tuple[str, ...]:
    problems = [
        f"{check}:{uuid} was planned {number} times: two objects share this uuid"
        for (check, _, uuid), number in Counter(
            _key(pair.check, pair.object) for pair in planned
        ).items()
        if number > 1
    ]
    for key, answers in given.items():
        finding = answers[0].finding
        if key not in pairs:
            problems.append(f"{finding} has an outcome that nobody planned")
        elif pairs[key].unread and any(one.outcome not in UNREAD_FATES for one in answers):
            problems.append(f"{finding} was judged although its class was not read")
        if len(answers) > 1:
            problems.append(f"{finding} has {len(answers)} outcomes")
        if finding in filtered:
            problems.append(f"{finding} was deselected and has an outcome all the same")
    known = {pair.finding for pair in planned}
    problems += [f"{finding} was deselected but not planned" for finding in filtered - known]
    problems.sort()
    rest = len(problems) - PROBLEMS_LISTED
    return (*problems[:PROBLEMS_LISTED], *([f"... and {rest} more"] if rest > 0 else []))


# A pair that stands for a class nobody could read: unknown, or unknown and waived.
UNREAD_FATES: Final = ("not-verified", "waived")


def _tally(planned: int, fates: Counter[str]) -> Tally:
    return Tally(planned, {fate: fates[fate] for fate in FATES})


def _key(check: str, object_: ObjectRef) -> tuple[str, str, str]:
    return check, object_.class_, object_.uuid


def _pair_order(pair: Planned) -> tuple[str, int, str, str]:
    return pair.check, *object_order(pair.object)
