"""Does the pool run a release whose live migrations the target does not take safely."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PoolFacts

FEATURE: Final = "live-migration-before-7.1"
SAFE_FROM: Final = "7.1"


def is_before_safe_migration(facts: PoolFacts) -> bool:
    """Whether the coordinator's release is older than 7.1.

    Raises:
        NotVerifiedError: its release is not known.
    """
    known = facts.at_least(SAFE_FROM)
    if known is None:
        raise NotVerifiedError("whether the coordinator's release is older than 7.1 is not known")
    return not known
