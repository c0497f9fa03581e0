"""The second half of every check: what must turn it red, and what must make it not verified."""

from collections.abc import Callable
from dataclasses import dataclass

from simpool.data import SimPool


@dataclass(frozen=True, slots=True)
class Fault:
    """How a check is seen to fail.

    Attributes:
        check: the id of the check.
        change: the smallest change to the healthy pool that must turn the check red. It also takes part
            in the pool `troubled`, which has all of them at once.
        on: name of the object that must be found.
        finds: the exact message of the finding.
        loss: the smallest loss of facts that makes the check not verified on some object.
        cause: a part of the cause that must then be given.
        outcome: the word expected for the finding: blocked or warning.
    """

    check: str
    change: Callable[[SimPool], None]
    on: str
    finds: str
    loss: Callable[[SimPool], None]
    cause: str
    outcome: str = "blocked"
