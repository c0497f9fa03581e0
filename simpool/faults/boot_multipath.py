"""A boot disk that is not as it was installed, or that has lost paths."""

from fixtures import probes
from rules.boot_multipath import NOTED
from simpool.builder import host
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault


def _note_multipath(pool: SimPool) -> None:
    said = CannedAnswer("MULTIPATHING_ENABLED='True'\n")
    pool.dom0[host(pool, "xen-02")["uuid"]][NOTED.command] = said


def _lose_a_path(pool: SimPool) -> None:
    host(pool, "xen-02")["other_config"]["mpath-boot"] = "[3, 4]"


def _have_fewer_paths(pool: SimPool) -> None:
    host(pool, "xen-01")["other_config"]["mpath-boot"] = "[4, 4]"
    host(pool, "xen-02")["other_config"]["mpath-boot"] = "[2, 2]"


def _hang_over_disk(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-01")["uuid"]][probes.PRIMARY_DISK.command] = CannedAnswer(hang=True)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-SANBOOT-01",
        change=_note_multipath,
        on="xen-02",
        finds=(
            "host xen-02: primary disk - expected: one that XenServer 9 preview boots from, "
            "found: /dev/sda on a host noted as installed with multipath"
        ),
        settings={"target": "xenserver-9"},
        tells=("installer-07",),
    ),
    Fault(
        check="HOST-SANBOOT-02",
        change=_lose_a_path,
        on="xen-02",
        finds=(
            "host xen-02: boot disk - expected: all paths live, as many as on other hosts, "
            "found: 3 of 4 paths to the boot disk on xen-02"
        ),
        loss=_hang_over_disk,
        cause="did not end within its deadline",
        needs=("host.other_config",),
        outcome="warning",
        tells=("xencenter-extra-multipath",),
    ),
    Fault(
        check="HOST-SANBOOT-02",
        change=_have_fewer_paths,
        on="xen-02",
        finds=(
            "host xen-02: boot disk - expected: all paths live, as many as on other hosts, "
            "found: 2 of 4 paths to the boot disk on xen-02"
        ),
        outcome="warning",
    ),
)
