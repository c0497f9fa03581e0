"""The pool of `xs71`, to be installed afresh after its VMs have moved to the pool of `ch82`."""

from datetime import datetime

from fixtures.destination import destination_json
from simpool.builder import pool_record, vm
from simpool.data import SimPool
from simpool.direct import records_of
from simpool.pools import ch82, xs71


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = xs71.build(now)
    pool.name = "moving"
    pool.settings["method"] = "clean"
    processor = pool.records["host"][pool_record(pool)["master"]]["cpu_info"]
    for name in xs71.VMS:
        flags = {"vendor": processor["vendor"], "features": processor["features_hvm"]}
        vm(pool, name)["last_boot_CPU_flags"] = flags
    pool.inputs["destination"] = destination_json(records_of(ch82.build(now)), "ch82.xml")
    return pool
