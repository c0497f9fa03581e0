"""The default pool with every fault at once: at least one finding of every check."""

from datetime import datetime

from simpool.clock import TimedPool
from simpool.faults import faults
from simpool.pools import default


def build(now: datetime | None = None) -> TimedPool:
    """The pool as it is at a moment; the present when None."""
    pool = default.build(now)
    pool.name = "troubled"
    for _, fault in sorted(faults().items()):
        fault.change(pool)
    return pool
