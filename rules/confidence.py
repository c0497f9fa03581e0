"""What may be concluded from facts of different confidence, and what a finding then weighs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Fact

UNSURE: Final = "no verified source says so"
"""Why a finding that rests on facts that nobody could verify is only worth a warning."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against something.

    Attributes:
        words: what is wrong.
        lighter: why it is only worth a warning; empty if it weighs what its check weighs.
    """

    words: str
    lighter: str = ""


def unsure(*facts: Fact[Any]) -> str:
    """Why an objection that rests on facts is only worth a warning; empty if all are verified."""
    return "" if all(fact.is_verified for fact in facts) else UNSURE


def lighter(objections: Iterable[Objection]) -> str:
    """Why objections together are only worth a warning; empty if there is none, or one is more."""
    reasons = [objection.lighter for objection in objections]
    return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""


def ruling(conditions: Iterable[tuple[str, Fact[bool]]]) -> tuple[Objection, ...]:
    """The conditions that do not hold, of several that all have to.

    Args:
        conditions: what is wrong if it does not hold, and whether it holds.

    A prohibition that nobody could verify is a finding, but not a sure one. A permission that nobody
    could verify is not verified.

    Raises:
        NotVerifiedError: nothing sure failed, and a condition holds only by an unverified fact: what
            is merely worth a warning must not hide what nobody knows.
    """
    all_conditions = list(conditions)
    failed = tuple(
        Objection(words, unsure(fact)) for words, fact in all_conditions if not fact.value
    )
    doubtful = [fact for _, fact in all_conditions if fact.value and not fact.is_verified]
    if doubtful and all(objection.lighter for objection in failed):
        words = f"only an unverified source says that it is allowed: {doubtful[0].source}"
        also = "".join(f"; also, {objection.words}" for objection in failed)
        raise NotVerifiedError(words + also)
    return failed
