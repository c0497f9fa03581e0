"""Settings of multipath that somebody edited."""

from rules.multipath_settings import SETTINGS
from simpool.builder import host
from simpool.data import CannedAnswer, SimPool
from simpool.dom0_paths import multipath_settings
from simpool.faults.fault import Fault

_ADDED = ("devices {", "device {", 'vendor "3PARdata"', "no_path_retry 18", "}", "}")
_DEADLINE = "did not end within its deadline"


def _edit_on_one_host(pool: SimPool) -> None:
    answers = pool.dom0[host(pool, "xen-02")["uuid"]]
    said = answers[SETTINGS.command].stdout
    answers[SETTINGS.command] = CannedAnswer(said.replace('"VV"', '"VV.*"'))
    host(pool, "xen-02")["other_config"]["multipathing"] = "true"


def _add_on_one_host(pool: SimPool) -> None:
    host(pool, "xen-02")["other_config"]["multipathing"] = "true"
    pool.dom0[host(pool, "xen-02")["uuid"]][SETTINGS.command] = multipath_settings(*_ADDED)


def _add_without_use(pool: SimPool) -> None:
    for answers in pool.dom0.values():
        answers[SETTINGS.command] = multipath_settings(*_ADDED)


def _note_other_luns(pool: SimPool) -> None:
    _add_without_use(pool)
    answers = pool.dom0[host(pool, "xen-02")["uuid"]]
    answers[SETTINGS.command] = multipath_settings(*_ADDED, 'wwid "360002ac0000000000000011"', "}")


def _hang_over_settings(pool: SimPool) -> None:
    pool.dom0[host(pool, "xen-03")["uuid"]][SETTINGS.command] = CannedAnswer(hang=True)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-MULTIPATH-02",
        change=_edit_on_one_host,
        on="xen-02",
        finds=(
            "host xen-02: multipath settings - expected: as on the coordinator xen-01, found: "
            '/etc/multipath.conf (product "VV.*" instead of product "VV")'
        ),
        loss=_hang_over_settings,
        cause=_DEADLINE,
        needs=("host.other_config", "pool.master"),
        outcome="warning",
        tells=("story-57",),
    ),
    Fault(
        check="HOST-MULTIPATH-02",
        change=_note_other_luns,
        on="xen-02",
        finds=(
            "host xen-02: multipath settings - expected: as on the coordinator xen-01, found: "
            "/etc/multipath/conf.d/custom.conf (1 line more)"
        ),
        outcome="info",
    ),
    Fault(
        check="HOST-MULTIPATH-03",
        change=_add_on_one_host,
        on="xen-02",
        finds=(
            "host xen-02: multipath settings - expected: the platform's own, found: added in "
            "/etc/multipath/conf.d/custom.conf"
        ),
        loss=_hang_over_settings,
        cause=_DEADLINE,
        needs=("host.other_config",),
        outcome="warning",
        tells=("story-57",),
    ),
    Fault(
        check="HOST-MULTIPATH-03",
        change=_add_without_use,
        on="xen-03",
        finds=(
            "host xen-03: multipath settings - expected: the platform's own, found: added in "
            "/etc/multipath/conf.d/custom.conf"
        ),
        outcome="info",
    ),
)
