"""The embedded pools: each module has a `build` that makes its pool anew."""

import importlib
import pkgutil
from datetime import datetime
from typing import Final

from fixtures.exceptions import UsageProblemError
from simpool.data import SimPool
from simpool.large import build_large, is_large

POOLS: Final = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of the embedded pools."""


def build(name: str, now: datetime | None = None) -> SimPool:
    """Make an embedded pool.

    Args:
        name: what follows `--pool=sim:`; beside `POOLS`, `large-64x2400` and the like.
        now: the moment that all ages count from, aware; the present when None.

    Raises:
        UsageProblemError: no pool is called that.
    """
    if is_large(name):
        return build_large(name, now)
    if name not in POOLS:
        raise UsageProblemError(f"--pool=sim:{name}: there are {', '.join(POOLS)}, large-HOSTSxVMS")
    made: SimPool = importlib.import_module(f"{__name__}.{name}").build(now)
    return made
