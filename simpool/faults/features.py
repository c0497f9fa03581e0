"""Features in use that a target refuses."""

from simpool.builder import host, pool_record
from simpool.data import SimPool
from simpool.faults.fault import Fault


def _offer_legacy_ssl(pool: SimPool) -> None:
    host(pool, "xen-02")["ssl_legacy"] = True


def _lose_ssl(pool: SimPool) -> None:
    del host(pool, "xen-02")["ssl_legacy"]


def _power_on_by_ilo(pool: SimPool) -> None:
    host(pool, "xen-02")["power_on_mode"] = "iLO"


def _lose_mode(pool: SimPool) -> None:
    del host(pool, "xen-02")["power_on_mode"]


def _enrol(pool: SimPool) -> None:
    pool_record(pool)["health_check_config"]["Enrollment"] = "true"


def _lose_enrolment(pool: SimPool) -> None:
    del pool_record(pool)["health_check_config"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-SSL-01",
        tells=("story-53", "xencenter-P04"),
        needs=("host.ssl_legacy",),
        change=_offer_legacy_ssl,
        on="xen-02",
        finds=(
            "host xen-02: legacy SSL - expected: off, found: on; XenServer 8: "
            "it has no vSwitch controller, no legacy SSL and no host power-on "
            "by iLO any more, and the vendor refuses an upgrade with them on"
        ),
        loss=_lose_ssl,
        cause="ssl_legacy is missing",
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="HOST-POWERON-01",
        tells=("xencenter-H06",),
        needs=("host.power_on_mode",),
        change=_power_on_by_ilo,
        on="xen-02",
        finds=(
            "host xen-02: power-on mode - expected: not iLO, found: iLO; XenServer 8: "
            "it has no vSwitch controller, no legacy SSL and no host power-on "
            "by iLO any more, and the vendor refuses an upgrade with them on"
        ),
        loss=_lose_mode,
        cause="power_on_mode is missing",
        settings={"target": "xenserver-8"},
    ),
    Fault(
        check="POOL-HEALTHCHECK-01",
        tells=("xencenter-P03",),
        needs=("pool.health_check_config",),
        change=_enrol,
        on="default",
        finds=(
            "pool default: Health Check - expected: off, found: enrolled; XenServer 8: "
            "the Health Check service is gone, and the "
            "vendor refuses an upgrade while the pool is enrolled"
        ),
        loss=_lose_enrolment,
        cause="health_check_config is missing",
        settings={"target": "xenserver-8"},
    ),
)
