"""What the exports of a large pool cost: seconds and bytes; see README.md."""

import argparse
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from fixtures.database_copy import blanked
from fixtures.model import FIELD_KINDS, PoolFacts
from reports.resource_data import resource_csv, resource_workbook
from rules.resource_tables import gaps, resource_tables
from selftests.sample_run import large
from simpool.builder import find
from simpool.data import SimPool
from simpool.database_dump import database_dump
from simpool.direct import facts_of
from simpool.pools import build

NOW: Final = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
MODEL: Final = "db-01"  # two disks, one interface

T = TypeVar("T")


def main(vms: int) -> None:
    """Measure and print."""
    pool = _pool(vms)
    facts = PoolFacts(facts_of(pool, NOW, ()))
    results = _timed(f"results of {vms} VMs", lambda: large(vms)).results
    _timed("tables", lambda: resource_tables(facts))
    lacking = _timed("gaps", lambda: gaps(facts))
    assert not lacking.missing, lacking
    assert not lacking.unknown, lacking
    text = _timed("resource-data.csv", lambda: resource_csv(results, facts))
    book = _timed("resource-data.xlsx", lambda: resource_workbook(results, facts))
    document = database_dump(pool)
    copy = _timed("copy of the database", lambda: b"".join(blanked([document], FIELD_KINDS)))
    for name, content in (("csv", text), ("xlsx", book), ("database", document), ("copy", copy)):
        print(f"{name:22} {len(content):>12,} bytes")
    print(f"memory at its peak: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _pool(vms: int) -> SimPool:
    """The embedded pool with one of its VMs many times."""
    pool = build("default", NOW)
    ref, record = find(pool, "VM", MODEL)
    tables = pool.records
    drives = [drive for drive in tables["VBD"].values() if drive["VM"] == ref]
    interfaces = [interface for interface in tables["VIF"].values() if interface["VM"] == ref]
    for number in range(vms - 12):
        twin = {"VM": f"OpaqueRef:vm-{number}", "uuid": ""}
        for field, name in (("metrics", "VM_metrics"), ("guest_metrics", "VM_guest_metrics")):
            twin[field] = f"OpaqueRef:{field}-{number}"
            tables[name][twin[field]] = tables[name][record[field]] | {"uuid": _uuid(name, number)}
        tables["VM"][twin["VM"]] = record | {
            "uuid": _uuid("VM", number),
            "name_label": f"{MODEL}-{number}",
            "metrics": twin["metrics"],
            "guest_metrics": twin["guest_metrics"],
        }
        for place, drive in enumerate(drives):
            image = drive["VDI"]
            if image in tables["VDI"]:
                image = f"OpaqueRef:image-{number}-{place}"
                of = tables["VDI"][drive["VDI"]]
                tables["VDI"][image] = of | {"uuid": _uuid(f"image{place}", number)}
            tables["VBD"][f"OpaqueRef:drive-{number}-{place}"] = drive | {
                "VM": twin["VM"],
                "VDI": image,
                "uuid": _uuid(f"drive{place}", number),
            }
        for place, interface in enumerate(interfaces):
            tables["VIF"][f"OpaqueRef:interface-{number}-{place}"] = interface | {
                "VM": twin["VM"],
                "uuid": _uuid(f"interface{place}", number),
            }
    return pool


def _uuid(kind: str, number: int) -> str:
    return f"{sum(kind.encode()):08x}-0000-4000-8000-{number:012x}"


def _timed(name: str, step: Callable[[], T]) -> T:
    begun = time.process_time()
    found = step()
    print(f"{name:22} {time.process_time() - begun:10.1f} s of a CPU")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    main(parser.parse_args().vms)
