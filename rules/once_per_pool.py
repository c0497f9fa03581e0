"""Remembers what was computed about a pool, so that thousands of VMs do not pay for it again."""

from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PoolFacts

P = ParamSpec("P")
T = TypeVar("T")


def once_per_pool(
    function: Callable[Concatenate[PoolFacts, P], T],
) -> Callable[Concatenate[PoolFacts, P], T]:
    """Compute a pure function of a pool and hashable arguments once, for as long as the pool lives.

    That something is not known is remembered as well, and raised again.
    """

    def remembered(facts: PoolFacts, /, *args: P.args, **kwargs: P.kwargs) -> T:
        # Kept by the pool itself: what is remembered leads back to it, and would keep it for ever.
        answers: dict[Hashable, T | NotVerifiedError] = facts.remembered.setdefault(function, {})
        key: Hashable = (args, tuple(sorted(kwargs.items()))) if kwargs else args
        if key not in answers:
            try:
                answers[key] = function(facts, *args, **kwargs)
            except NotVerifiedError as unknown:
                answers[key] = type(unknown)(*unknown.args)
        found = answers[key]
        if isinstance(found, NotVerifiedError):
            raise type(found)(*found.args)
        return found

    update_wrapper(remembered, function)
    return remembered
