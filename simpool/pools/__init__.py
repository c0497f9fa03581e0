"""The embedded pools: each module has a `build` that makes its pool anew."""

import importlib
import pkgutil
from datetime import datetime
from typing import Final

from fixtures.exceptions import UsageProblemError
from simpool.clock import TimedPool

POOLS: Final = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of the embedded pools."""


def build(name: str, now: datetime | None = None) -> TimedPool:
    """Make an embedded pool.

    Args:
        name: what follows `--pool=sim:`.
        now: the moment that all ages count from, aware; the present when None.

    Raises:
        UsageProblemError: no pool is called that.
    """
    if name not in POOLS:
        raise UsageProblemError(f"there is no embedded pool {name!r}; there are {', '.join(POOLS)}")
    made: TimedPool = importlib.import_module(f"{__name__}.{name}").build(now)
    return made
