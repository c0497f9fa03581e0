"""The default pool with every fault at once: at least one finding of every check."""

from datetime import datetime

from simpool.data import SimPool
from simpool.faults import faults
from simpool.pools import default
from simpool.records import pool_record


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = default.build(now)
    for _, fault in sorted(faults().items()):
        fault.change(pool)
    pool.name = "troubled"
    pool_record(pool)["name_label"] = "troubled"
    return pool
