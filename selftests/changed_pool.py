"""A pytest plugin: an audit of an embedded pool finds it changed (`-p selftests.changed_pool`).

`CHANGED_POOL` lists what is done to it: `HOST-UPTIME-01` plays the first fault of that check,
`HOST-UPTIME-01-` takes away the facts without which it cannot be judged, and `uuid` makes it another
pool.
"""

import os
import uuid
from datetime import datetime

from simpool import serving
from simpool.data import SimPool
from simpool.faults import faults
from simpool.pools import build


def changed(name: str, now: datetime | None = None) -> SimPool:
    pool = build(name, now)
    for word in os.environ.get("CHANGED_POOL", "").split():
        if word == "uuid":
            (only,) = pool.records["pool"].values()
            only["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, "another pool"))
            continue
        fault = faults()[word.removesuffix("-")][0]
        change = fault.loss if word.endswith("-") else fault.change
        assert change is not None
        change(pool)
    return pool


serving.build = changed  # type: ignore[attr-defined]
