"""The first of several possible obstacles, when some of them are not known."""

from collections.abc import Callable, Iterable

from fixtures.exceptions import NotVerifiedError
from rules.evacuation_codes import Reason


def first_reason(steps: Iterable[Callable[[], Reason | None]]) -> Reason | None:
    """The first obstacle; what is not known counts only if nothing else stands in the way.

    Args:
        steps: each gives an obstacle, or None where there is none.

    Raises:
        NotVerifiedError: there is no obstacle, and a step raised it; the first one's.
    """
    unknown: NotVerifiedError | None = None
    for step in steps:
        try:
            found = step()
        except NotVerifiedError as problem:
            unknown = unknown or problem
            continue
        if found is not None:
            return found
    if unknown is not None:
        raise unknown
    return None
