"""Releases that the vendor no longer supports."""

from simpool.builder import pool_record
from simpool.data import SimPool
from simpool.faults.fault import Fault


def _change_after_the_end(pool: SimPool) -> None:
    pool.settings["window"] = "2028-12-05T22:00:00+00:00"


def _lose_the_version(pool: SimPool) -> None:
    pool.records["host"][pool_record(pool)["master"]]["software_version"].clear()


def _run_the_release_before(pool: SimPool) -> None:
    for record in pool.records["host"].values():
        record["software_version"].update(product_version="8.2.1", platform_version="3.2.1")


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-SUPPORT-01",
        change=_change_after_the_end,
        on="xcpng83",
        finds=(
            "pool xcpng83: vendor's support - expected: beyond the change, "
            "found: XCP-ng 8.3: ended on 2028-11-30"
        ),
        loss=_lose_the_version,
        cause="no product_version",
        outcome="warning",
        needs=("host.software_version",),
        tells=("xencenter-extra-support-expiry",),
        pool="xcpng83",
    ),
    Fault(
        check="POOL-SUPPORT-01",
        change=_run_the_release_before,
        on="xcpng83",
        finds=(
            "pool xcpng83: vendor's support - expected: beyond the change, "
            "found: XCP-ng 8.2: ended on 2025-09-16"
        ),
        outcome="info",
        tells=("xo-warning-release-unmaintained",),
        pool="xcpng83",
    ),
)
