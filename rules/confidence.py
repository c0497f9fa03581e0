"""What may be concluded from facts of different confidence."""

from collections.abc import Iterable
from dataclasses import dataclass

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Fact


@dataclass(frozen=True, slots=True)
class Ruling:
    """What several conditions say together.

    Attributes:
        failed: sentences of the conditions that do not hold.
        sure: at least one of them is known to be so; otherwise the finding is only a warning.
    """

    failed: tuple[str, ...]
    sure: bool


def ruling(conditions: Iterable[tuple[str, Fact[bool]]]) -> Ruling:
    """Weigh conditions that all have to hold.

    Args:
        conditions: what is wrong if it does not hold, and whether it holds.

    A prohibition that nobody could verify is a finding, but not a sure one. A permission that nobody
    could verify is not verified.

    Raises:
        NotVerifiedError: nothing failed, but a condition holds only by an unverified fact.
    """
    all_conditions = list(conditions)
    failed = [(words, fact) for words, fact in all_conditions if not fact.value]
    unsure = [fact for _, fact in all_conditions if fact.value and not fact.is_verified]
    if not failed and unsure:
        raise NotVerifiedError(
            f"only an unverified source says that it is allowed: {unsure[0].source}"
        )
    return Ruling(tuple(words for words, _ in failed), any(fact.is_verified for _, fact in failed))
