"""Builds that differ: of hosts, and of what was saved for a coordinator to be installed again."""

from simpool.builder import host
from simpool.data import SimPool
from simpool.faults.attested import denied, unasked
from simpool.faults.fault import Fault

_BUILD = "7.2.0, build release/falcon/master/8, schema 5.120, of 2017-05-11"
_WANTED = f"pool default: media of {_BUILD} - expected: kept, with a backup of that build, found: "


def _saved_before_an_update(pool: SimPool) -> None:
    pool.inputs["database_backup"]["ran"]["date"] = "2017-03-02"


def _older_toolstack(pool: SimPool) -> None:
    host(pool, "xcp-02")["software_version"].update(xapi="25.33", xapi_build="25.33.1")


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-IMAGE-01",
        change=denied("POOL-IMAGE-01"),
        on="default",
        finds=f"{_WANTED}A. Novak says no",
        loss=unasked("POOL-IMAGE-01"),
        cause="Nobody has answered it",
        outcome="warning",
        needs=("host.software_version",),
        tells=("story-54",),
    ),
    Fault(
        check="POOL-IMAGE-01",
        change=_saved_before_an_update,
        on="default",
        finds=f"{_WANTED}a backup of date 2017-03-02 instead of 2017-05-11",
        outcome="warning",
        tells=("story-54",),
    ),
    Fault(
        check="POOL-VERSION-01",
        change=_older_toolstack,
        on="xcp-02",
        finds=(
            "host xcp-02: version - expected: xapi 26.1, xapi_build 26.1.3, "
            "found: xapi 25.33, xapi_build 25.33.1"
        ),
        also=("POOL-RPU-01",),
        tells=("xapi-mixed-versions",),
        pool="xcpng83",
    ),
)
