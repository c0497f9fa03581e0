"""What can be wrong with clocks, the last start and the firmware of hosts."""

from datetime import timedelta

from fixtures import probes
from fixtures.times import xenapi_time
from simpool.builder import change_dom0, host
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.records import ref_of


def _set_clock(pool: SimPool, name: str, seconds: int) -> None:
    told = xenapi_time(pool.now + timedelta(seconds=seconds))
    pool.answers["host.get_servertime"][ref_of(pool, "host", name)] = told


def _ten_minutes_off(pool: SimPool) -> None:
    _set_clock(pool, "xen-02", 600)


def _two_minutes_off(pool: SimPool) -> None:
    _set_clock(pool, "xen-02", -120)


def _lose_source(pool: SimPool) -> None:
    change_dom0(pool, "xen-02", time_source=False)


def _lose_source_of_chrony(pool: SimPool) -> None:
    change_dom0(pool, "xcp-02", time_source=False)


def _lose_clock(pool: SimPool) -> None:
    pool.answers["host.get_servertime"][ref_of(pool, "host", "xen-03")] = "late"


def _booted_long_ago(pool: SimPool) -> None:
    long_ago = pool.now - timedelta(days=400)
    host(pool, "xen-02")["other_config"]["boot_time"] = f"{int(long_ago.timestamp())}."


def _lose_boot(pool: SimPool) -> None:
    del host(pool, "xen-02")["other_config"]["boot_time"]


def _start_slowly(pool: SimPool) -> None:
    said = host(pool, "xen-03")["other_config"]
    said["boot_time"] = f"{int(float(said['agent_start_time'])) - 45 * 60}."


def _restart_toolstack(pool: SimPool) -> None:
    said = host(pool, "xen-03")["other_config"]
    said["agent_start_time"] = f"{int(float(said['boot_time'])) + 86_400}."


def _lose_agent_start(pool: SimPool) -> None:
    del host(pool, "xen-03")["other_config"]["agent_start_time"]


def _older_bios(pool: SimPool) -> None:
    host(pool, "old-02")["bios_strings"]["bios-version"] = "2.1.7"


def _lose_bios(pool: SimPool) -> None:
    del host(pool, "old-02")["bios_strings"]["bios-version"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-TIME-01",
        # This release keeps time with ntpd; chronyc is not there.
        spare=(probes.CHRONY,),
        change=_ten_minutes_off,
        on="xen-02",
        finds=(
            "host xen-02: clock - expected: within 60 s, following a source of time, found: 599 s "
            "apart from xen-01; 599 s apart from xen-03; 599 s apart from the clock of this audit"
        ),
        loss=_lose_clock,
        cause="its time cannot be read",
        tells=("story-64", "xo-warning-clock"),
    ),
    Fault(
        check="HOST-TIME-01",
        change=_two_minutes_off,
        on="xen-02",
        finds=(
            "host xen-02: clock - expected: within 60 s, following a source of time, found: 119 s "
            "apart from xen-01; 119 s apart from xen-03; 119 s apart from the clock of this audit"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-TIME-01",
        change=_lose_source,
        on="xen-02",
        finds=(
            "host xen-02: clock - expected: within 60 s, following a source of time, "
            "found: ntpd follows no source of time"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-TIME-01",
        change=_lose_source_of_chrony,
        on="xcp-02",
        finds=(
            "host xcp-02: clock - expected: within 60 s, following a source of time, "
            "found: chrony follows no source of time"
        ),
        outcome="warning",
        pool="xcpng83",
    ),
    Fault(
        check="HOST-UPTIME-01",
        needs=("host.other_config",),
        change=_booted_long_ago,
        on="xen-02",
        finds=("host xen-02: last restart - expected: at most 180 days ago, found: 400 days ago"),
        loss=_lose_boot,
        cause="does not state its boot_time",
        outcome="warning",
        tells=("story-58",),
    ),
    Fault(
        check="HOST-BOOTTIME-01",
        needs=("host.other_config",),
        change=_start_slowly,
        on="xen-03",
        finds="host xen-03: last start - expected: at most 20 minutes, found: 45 minutes",
        loss=_lose_agent_start,
        cause="does not state its agent_start_time",
        outcome="warning",
        tells=("story-81",),
    ),
    Fault(
        check="HOST-BOOTTIME-01",
        change=_restart_toolstack,
        on="xen-03",
        finds=(
            "host xen-03: last start - expected: at most 20 minutes, found: not known, for its "
            "toolstack was restarted since"
        ),
        outcome="info",
    ),
    Fault(
        check="HOST-FIRMWARE-01",
        needs=("host.bios_strings",),
        change=_older_bios,
        on="old-02",
        finds=(
            "host old-02: BIOS - expected: the same on all hosts of the model Dell Inc. PowerEdge "
            "R630, found: Dell Inc. 2.1.7, usual is Dell Inc. 2.1.7 or Dell "
            "Inc. 2.4.3"
        ),
        loss=_lose_bios,
        cause="does not state its model and BIOS version",
        outcome="warning",
        pool="xs65",
    ),
)
