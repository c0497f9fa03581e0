"""The default pool with everything wrong at once that can be wrong with it as it is."""

from datetime import datetime

from simpool.data import SimPool
from simpool.faults import faults
from simpool.pools import default
from simpool.records import pool_record


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = default.build(now)
    for of_check in faults().values():
        if of_check[0].is_of_default:
            of_check[0].change(pool)
    pool.name = "troubled"
    pool_record(pool)["name_label"] = "troubled"
    return pool
