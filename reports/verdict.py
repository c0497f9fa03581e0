"""From outcomes and ledger to one word, one sentence and one exit code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reports.ledger import Ledger
from reports.outcome import Outcome, count_objects, in_words

VerdictWord: TypeAlias = Literal[
    "READY", "READY WITH CONDITIONS", "BLOCKED", "NOT VERIFIED", "INCOMPLETE"
]

EXIT_CODES: Final[dict[VerdictWord, int]] = {
    "READY": 0,
    "READY WITH CONDITIONS": 0,
    "BLOCKED": 1,
    "NOT VERIFIED": 30,
    "INCOMPLETE": 40,
}
EXIT_CONDITIONS_REFUSED: Final = 10

NEXT_STEPS: Final[dict[VerdictWord, str]] = {
    "READY": "The upgrade may go ahead as planned. A pool changes: run the audit again shortly "
    "before the change window.",
    "READY WITH CONDITIONS": "Read every condition below. The upgrade may go ahead once somebody "
    "accountable has accepted them.",
    "BLOCKED": "Do not start the upgrade. Clear the blockers below, then run the audit again.",
    "NOT VERIFIED": "Do not start the upgrade on this evidence. Supply what is missing, listed "
    "below by cause, then run the audit again.",
    "INCOMPLETE": "Do not start the upgrade on this evidence. Run the whole audit again, without "
    "filters and to its end.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a run.

    Attributes:
        word: the one word; of several that hold, the gravest.
        blocked: a blocker failed.
        incomplete: interrupted, filtered, nothing judged, or the ledger does not add up.
        not_verified: a blocker could not be judged.
        sentence: the verdict in one plain sentence, beginning with the word.
    """

    word: VerdictWord
    blocked: bool
    incomplete: bool
    not_verified: bool
    sentence: str

    @property
    def next_step(self) -> str:
        """What an administrator does now."""
        return NEXT_STEPS[self.word]

    @property
    def flags(self) -> dict[str, bool]:
        """All that forbids an approval, also where a graver word covers it."""
        return {
            "blocked": self.blocked,
            "incomplete": self.incomplete,
            "not_verified": self.not_verified,
        }

    def exit_code(self, *, fail_on_warning: bool = False) -> int:
        """The documented exit code of the run."""
        if self.word == "READY WITH CONDITIONS" and fail_on_warning:
            return EXIT_CONDITIONS_REFUSED
        return EXIT_CODES[self.word]


def judge(outcomes: Sequence[Outcome], ledger: Ledger, *, interrupted: bool = False) -> Verdict:
    """The verdict of a run; every doubt counts against READY.

    Args:
        outcomes: all outcomes.
        ledger: the account of the same run.
        interrupted: the operator stopped the reading or the judging.
    """
    blocked = [one for one in outcomes if one.outcome == "blocked"]
    unknown = [
        one for one in outcomes if one.outcome == "not-verified" and one.severity == "blocker"
    ]
    conditions = _conditions(outcomes)
    # All pairs not applicable means that nothing at all was looked at.
    examined = any(one.outcome != "not-applicable" for one in outcomes)
    incomplete = interrupted or not ledger.complete or not examined
    word: VerdictWord
    if blocked:
        word = "BLOCKED"
    elif incomplete:
        word = "INCOMPLETE"
    elif unknown:
        word = "NOT VERIFIED"
    elif conditions:
        word = "READY WITH CONDITIONS"
    else:
        word = "READY"

    gap = _gap(ledger, interrupted=interrupted, examined=examined) if incomplete else ""
    sentences = {
        "READY": lambda: _ready(outcomes),
        "READY WITH CONDITIONS": lambda: f"READY WITH CONDITIONS: {in_words(conditions)}",
        "BLOCKED": lambda: _blocked(blocked, unknown, gap),
        "NOT VERIFIED": lambda: f"NOT VERIFIED: {_unknown(unknown)}",
        "INCOMPLETE": lambda: f"INCOMPLETE: {gap}" + (f"; {_unknown(unknown)}" if unknown else ""),
    }
    return Verdict(word, bool(blocked), incomplete, bool(unknown), sentences[word]())


def _conditions(outcomes: Sequence[Outcome]) -> list[str]:
    """What stands between READY and READY WITH CONDITIONS, counted in words."""
    warnings = sum(one.outcome == "warning" for one in outcomes)
    waived = sum(one.outcome == "waived" for one in outcomes)
    unknown = sum(one.outcome == "not-verified" and one.severity != "blocker" for one in outcomes)
    parts = []
    if warnings:
        parts.append(_count(warnings, "warning"))
    if waived:
        parts.append(_count(waived, "waived finding"))
    if unknown:
        parts.append(f"{_count(unknown, 'lesser check')} that could not be verified")
    return parts


def _ready(outcomes: Sequence[Outcome]) -> str:
    judged = [one for one in outcomes if one.outcome in ("pass", "info")]
    checks = len({one.check for one in judged})
    objects = count_objects({one.object for one in judged})
    return f"READY: {_count(checks, 'check')} passed on {objects}"


def _blocked(blocked: Sequence[Outcome], unknown: Sequence[Outcome], gap: str) -> str:
    objects = count_objects({one.object for one in blocked})
    sentence = f"BLOCKED by {_count(len(blocked), 'finding')} on {objects}"
    if unknown:
        sentence += f"; {_count(len(unknown), 'more blocker')} could not be verified"
    return sentence + (f"; the run is incomplete too: {gap}" if gap else "")


def _unknown(unknown: Sequence[Outcome]) -> str:
    objects = count_objects({one.object for one in unknown})
    return f"{_count(len(unknown), 'blocker')} could not be judged, on {objects}"


def _gap(ledger: Ledger, *, interrupted: bool, examined: bool) -> str:
    """Why a run is not whole; at least one reason always applies."""
    parts = ["the run was interrupted"] if interrupted else []
    fates = ledger.total.fates
    missing = [
        f"{fates[fate]} {word}"
        for fate, word in (("not-reached", "not reached"), ("deselected", "deselected"))
        if fates[fate]
    ]
    if missing:
        parts.append(f"{in_words(missing)} of {ledger.total.planned} planned judgements")
    if ledger.total.planned == 0:
        parts.append("nothing was planned")
    elif not examined and not missing:
        parts.append("no check applied, so nothing was examined")
    if not ledger.adds_up:
        parts.append("the ledger does not add up")
    return in_words(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
