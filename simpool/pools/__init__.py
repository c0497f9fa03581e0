"""The embedded pools: each module has a `build` that makes its pool anew."""

import importlib
import pkgutil
from datetime import datetime
from typing import Final

from fixtures.exceptions import UsageProblemError
from simpool.data import SimPool

POOLS: Final = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of the embedded pools."""


def build(name: str, now: datetime | None = None) -> SimPool:
    """Make an embedded pool.

    Args:
        name: what follows `--pool=sim:`.
        now: the moment that all ages count from, aware; the present when None.

    Raises:
        UsageProblemError: no pool is called that.
    """
    if name not in POOLS:
        raise UsageProblemError(f"--pool=sim:{name}: there are {', '.join(POOLS)}")
    made: SimPool = importlib.import_module(f"{__name__}.{name}").build(now)
    return made
