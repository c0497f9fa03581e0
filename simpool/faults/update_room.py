"""Updates for which dom0 has no room."""

from fixtures.probes import SPACE
from simpool.builder import GIB, add_hotfix, find, host, wire
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault


def _upload_a_large_update(pool: SimPool) -> None:
    add_hotfix(pool, "XS72E014", hosts=())
    find(pool, "pool_update", "XS72E014")[1]["installation_size"] = wire(40 * GIB)


def _upload_a_large_hotfix(pool: SimPool) -> None:
    add_hotfix(pool, "XS65E020", hosts=())
    find(pool, "pool_patch", "XS65E020")[1]["size"] = wire(6 * GIB)


def _hang_over_space(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-02")["uuid"]][SPACE.command] = CannedAnswer(hang=True)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-ROOM-01",
        change=_upload_a_large_update,
        on="xen-02",
        finds=(
            "host xen-02: room for updates - expected: 40960 MiB for XS72E014, "
            "found: 14727 MiB free on /"
        ),
        loss=_hang_over_space,
        cause="did not end within its deadline",
        outcome="warning",
        needs=("host.software_version", "host.updates", "pool_update"),
        tells=("xencenter-H10",),
    ),
    Fault(
        check="HOST-ROOM-01",
        change=_upload_a_large_hotfix,
        on="old-02",
        finds=(
            "host old-02: room for updates - expected: 12288 MiB for XS65E020, "
            "found: 949 MiB free on /"
        ),
        outcome="warning",
        tells=("xencenter-H10",),
        pool="xs65",
    ),
)
