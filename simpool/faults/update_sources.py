"""Sources of updates and of the installation that are stale, away or untried."""

from datetime import timedelta

from rules.proxies import PROXIES
from simpool.builder import host, pool_record, wire
from simpool.data import CannedAnswer, SimPool
from simpool.faults.attested import denied, unasked
from simpool.faults.fault import Fault


def _synchronised(pool: SimPool, days: int) -> None:
    pool_record(pool)["last_update_sync"] = wire(pool.now - timedelta(days=days))


def _stale(pool: SimPool) -> None:
    _synchronised(pool, 120)


def _not_quite_fresh(pool: SimPool) -> None:
    _synchronised(pool, 10)


def _be_synchronising(pool: SimPool) -> None:
    pool_record(pool)["current_operations"] = {"OpaqueRef:task": "sync_updates"}


def _remove_the_repositories(pool: SimPool) -> None:
    pool_record(pool)["repositories"] = []


def _lose_the_time(pool: SimPool) -> None:
    del pool_record(pool)["last_update_sync"]


def _set_a_proxy(pool: SimPool) -> None:
    dom0 = pool.dom0[host(pool, "xcp-02")["uuid"]]
    known = dom0[PROXIES.command].stdout
    dom0[PROXIES.command] = CannedAnswer(known.replace("/etc/yum.conf:0", "/etc/yum.conf:1"))


def _hang_over_proxies(pool: SimPool) -> None:
    pool.dom0[host(pool, "xcp-02")["uuid"]][PROXIES.command] = CannedAnswer(hang=True)


_UPDATES = "pool xs8: updates - expected: synchronised within 7 days, found:"

FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-SYNC-01",
        change=_stale,
        on="xs8",
        finds=f"{_UPDATES} last synchronised 120 days ago",
        loss=_lose_the_time,
        cause="last_update_sync is missing",
        outcome="warning",
        needs=("pool.last_update_sync", "pool.repositories", "pool.current_operations"),
        tells=("xencenter-extra-stale-sync", "xencenter-P12"),
        pool="xs8",
    ),
    Fault(
        check="POOL-SYNC-01",
        change=_not_quite_fresh,
        on="xs8",
        finds=f"{_UPDATES} last synchronised 10 days ago",
        outcome="info",
        tells=("xencenter-P12",),
        pool="xs8",
    ),
    Fault(
        check="POOL-SYNC-01",
        change=_be_synchronising,
        on="xs8",
        finds=f"{_UPDATES} a synchronisation is under way",
        outcome="warning",
        tells=("xencenter-P12",),
        pool="xs8",
    ),
    Fault(
        check="POOL-SYNC-01",
        change=_remove_the_repositories,
        on="xs8",
        finds=f"{_UPDATES} no repository is set up",
        outcome="warning",
        tells=("story-77",),
        pool="xs8",
    ),
    Fault(
        check="POOL-MIRROR-01",
        change=denied("POOL-MIRROR-01"),
        on="xcpng83",
        finds=(
            "pool xcpng83: source of packages - expected: reachable from all hosts, "
            "found: A. Novak says no"
        ),
        loss=unasked("POOL-MIRROR-01"),
        cause="Nobody has answered it",
        outcome="warning",
        needs=("host.software_version",),
        tells=("story-77",),
        pool="xcpng83",
    ),
    Fault(
        check="POOL-MEDIA-01",
        change=denied("POOL-MEDIA-01"),
        on="default",
        finds=(
            "pool default: installation source - expected: verified and tried, "
            "found: A. Novak says no"
        ),
        loss=unasked("POOL-MEDIA-01"),
        cause="Nobody has answered it",
        outcome="warning",
        tells=("xencenter-H03",),
    ),
    Fault(
        check="HOST-PROXY-01",
        change=_set_a_proxy,
        on="xcp-02",
        finds=(
            "host xcp-02: proxy of the package manager - expected: none set by hand, "
            "found: in /etc/yum.conf"
        ),
        loss=_hang_over_proxies,
        cause="did not end within its deadline",
        outcome="warning",
        tells=("story-77",),
        pool="xcpng83",
    ),
)
