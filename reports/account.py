"""What has become of the planned pairs while pytest runs, and what is said about it at the end."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fixtures.attestations import attestation_notes
from fixtures.audit import Audit, object_ref
from fixtures.contract import Check
from fixtures.reading import Reading
from fixtures.waivers import WaiverBook, judge_waivers
from reports.evidence import settled
from reports.ledger import Ledger, Planned, balance, plan
from reports.outcome import ObjectClass, ObjectRef, Outcome
from reports.outcome_stream import OutcomeStream
from reports.progress import Progress
from reports.verdict import Verdict, judge


@dataclass(slots=True)
class Account:
    """The planned pairs of a run, and their outcomes so far.

    Attributes:
        planned: from the catalogue and the facts, before pytest collects anything.
        waivers: exceptions that somebody owns.
        progress: is told how far the judging is.
        outcomes: finding -> outcome.
        doubled: further outcomes of the same pairs, kept for the ledger.
        deselected: findings that a filter took out.
        problems: why the account cannot be trusted.
        interrupted: the operator stopped the reading or the judging.
        stream: where outcomes are kept on disk meanwhile.
    """

    planned: tuple[Planned, ...]
    waivers: WaiverBook
    progress: Progress
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    doubled: list[Outcome] = field(default_factory=list)
    deselected: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False
    stream: OutcomeStream | None = None

    def add(self, outcome: Outcome) -> None:
        """Take in one outcome; a second one for the same pair is kept as well, for the ledger."""
        outcome = replace(outcome, evidence=settled(outcome.evidence))
        if self.stream is not None:
            self.stream.outcome(outcome)
        if outcome.finding in self.outcomes:
            self.doubled.append(outcome)
        self.outcomes[outcome.finding] = outcome
        self.progress.set("judging", len(self.outcomes), len(self.planned))

    def unsettle(self, check: Check, outcome: Outcome, cause: str) -> None:
        """Doubt an outcome afterwards; what was found wrong stays found."""
        if outcome.outcome not in {"blocked", "warning"}:
            doubted = replace(
                outcome,
                severity=check.info.severity,
                outcome="not-verified",
                message="",
                cause=cause,
                waiver=None,
            )
            if self.stream is not None:
                self.stream.outcome(doubted, doubted=True)
            self.outcomes[outcome.finding] = doubted

    def let_go(self) -> None:
        """Forget pairs and outcomes: the results have them all."""
        self.planned = ()
        self.outcomes.clear()
        self.doubled.clear()

    def waiver_notes(self, window: dt.datetime | None) -> list[str]:
        """What is to be said of the waivers: without effect, not needed, ending before the change.

        A waiver whose check was not carried out may still be needed.
        """
        waived = {key for key, one in self.outcomes.items() if one.outcome == "waived"}
        known = {key for key, one in self.outcomes.items() if one.outcome != "not-verified"}
        open_ones = {pair.finding for pair in self.planned if pair.finding not in known}
        book = self.waivers
        notes = [*book.notes, *book.unused(waived | open_ones), *book.wide(waived)]
        if window is not None:
            day, needed = window.astimezone(dt.UTC).date(), book.needed(waived)
            notes += [
                f"waiver {waiver.number} ({finding}) ends on {waiver.valid_until}, before the window"
                for finding, waiver in book.valid.items()
                if waiver.number in needed and waiver.valid_until < day
            ]
        return notes


def open_account(reading: Reading, audit: Audit, progress: Progress) -> Account:
    """Plan a run from catalogue and facts; what could not be read is settled at once."""
    objects: dict[ObjectClass, Sequence[ObjectRef]] = {}
    unread: dict[str, str] = {}
    for class_, found in audit.objects.items():
        if isinstance(found, str):
            unread[class_] = found
        else:
            objects[class_] = [object_ref(record) for record in found]
    pool = object_ref(audit.facts.pool)
    planned = plan(reading.catalogue.promised, objects, pool=pool, unread=unread)
    known = {pair.finding for pair in planned}
    account = Account(
        planned=planned,
        waivers=judge_waivers(
            audit.inputs["waivers"],
            audit.facts.now,
            known,
            most_days=audit.settings.waiver_days,
            unwaivable={info.id for info in reading.catalogue.infos if not info.waivable},
        ),
        progress=progress,
        interrupted=audit.raw.interrupted,
    )
    for pair in planned:
        if pair.unread:
            account.add(
                Outcome(pair.check, pair.severity, pair.object, "not-verified", cause=pair.unread)
            )
    # What was settled here follows from the facts alone, and need not be kept on disk.
    account.stream = reading.stream
    return account


def settle(account: Account, reading: Reading) -> tuple[list[Outcome], Ledger, Verdict]:
    """Close the account: all outcomes, the ledger, the verdict."""
    outcomes = [*account.outcomes.values(), *account.doubled]
    ledger = balance(
        reading.catalogue.promised,
        account.planned,
        outcomes,
        account.deselected,
        account.problems,
    )
    return outcomes, ledger, judge(outcomes, ledger, interrupted=account.interrupted)


def loud_notes(account: Account, reading: Reading, audit: Audit) -> list[str]:
    """All that must be said loudly at the top of every report of a run."""
    return [
        *reading.catalogue.notes,
        *reading.notes,
        *audit.notes,
        *account.waiver_notes(audit.settings.window),
        *attestation_notes(
            audit.inputs["attestations"],
            audit.facts.now,
            reading.catalogue.infos,
            audit.settings.attestors,
        ),
    ]
