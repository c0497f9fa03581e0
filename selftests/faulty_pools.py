"""The pool on which a fault is played, healthy and with the fault."""

import pickle
from datetime import UTC, datetime
from functools import lru_cache

from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.pools import build

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@lru_cache
def _built(name: str) -> bytes:
    return pickle.dumps(build(name, NOW))


def pool_named(name: str) -> SimPool:
    pool: SimPool = pickle.loads(_built(name))  # a tenth of the time of a deep copy
    return pool


def healthy(fault: Fault) -> SimPool:
    pool = pool_named(fault.pool)
    pool.settings.update(fault.settings)
    return pool


def changed(fault: Fault) -> SimPool:
    pool = healthy(fault)
    fault.change(pool)
    return pool
