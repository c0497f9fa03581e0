"""Database backups and exports of resource data: what brings this pool back, and what does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from fixtures.probes import LOG_BACKUP
from selftests.vm_judging import NOW, outcome
from simpool.builder import add_disk, add_network, change_dom0, find, host, pool_record
from simpool.data import CannedAnswer, SimPool
from simpool.direct import facts_of
from simpool.operator_files import resource_data
from simpool.pools import build

DATABASE = "POOL-METADATA-01"
EXPORT = "POOL-EXPORT-01"


def judged(pool: SimPool, check: str) -> tuple[str, str]:
    found = outcome(facts_of(pool, NOW), check, pool.name)
    return found.outcome, found.message.partition("found: ")[2] or found.cause


def healthy() -> SimPool:
    return build("default", NOW)


def scheduled(*, ran_days_ago: float = 1, log: str = "") -> SimPool:
    """A pool whose only backup is the scheduled one in an SR; `log` follows its own line."""
    pool = healthy()
    pool.inputs["database_backup"] = None
    marked = {"ctxs-pool-backup": "true"}
    add_disk(pool, "Pool Metadata Backup", "NFS virtual disks", 0.25, other_config=marked)
    when = NOW - timedelta(days=ran_days_ago)
    change_dom0(pool, "xen-01", metadata_cron="daily", metadata_logged=when)
    if log:
        answers = pool.dom0[host(pool, "xen-01")["uuid"]]
        known = answers[LOG_BACKUP.command]
        answers[LOG_BACKUP.command] = CannedAnswer(known.stdout + log)
    return pool


class TestSchedule:
    def test_it_counts_when_it_ran_lately(self) -> None:
        assert judged(scheduled(), DATABASE) == ("pass", "")

    def test_it_does_not_when_it_ran_long_ago(self) -> None:
        word, why = judged(scheduled(ran_days_ago=8), DATABASE)
        assert (word, why.partition(":")[0]) == (
            "not-verified", "no log shows that the scheduled metadata backup ran lately",
        )  # fmt: skip

    @pytest.mark.parametrize("tag", ["backup-metadata:", "backup-metadata[4711]:"])
    def test_it_does_not_when_it_complained(self, tag: str) -> None:
        when = (NOW - timedelta(days=1, minutes=5)).strftime("%b %e %H:%M:%S")
        log = f"/var/log/messages:{when} xen-01 {tag} failed: SR is full\n"
        word, why = judged(scheduled(log=log), DATABASE)
        assert (word, "complained in the log" in why) == ("not-verified", True)

    def test_an_old_complaint_is_over(self) -> None:
        when = (NOW - timedelta(days=9)).strftime("%b %e %H:%M:%S")
        log = f"/var/log/messages:{when} xen-01 backup-metadata: failed: SR is full\n"
        assert judged(scheduled(log=log), DATABASE) == ("pass", "")

    def test_begun_is_not_finished(self) -> None:
        pool = scheduled()
        answers = pool.dom0[host(pool, "xen-01")["uuid"]]
        begun = answers[LOG_BACKUP.command].stdout.replace("finished", "starting")
        answers[LOG_BACKUP.command] = CannedAnswer(begun)
        assert judged(pool, DATABASE)[0] == "not-verified"

    def test_without_a_schedule_the_image_carries_no_time(self) -> None:
        pool = scheduled()
        change_dom0(pool, "xen-01", metadata_cron="")
        assert "carries no time" in judged(pool, DATABASE)[1]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"readable": False, "why": "it is cut short"}, "it is cut short"),
        ({"secrets_blanked": True}, "its secrets are blanked, so it restores no passwords"),
        ({"missing_tables": ["VBD"]}, "it lacks the tables VBD"),
        ({"schema": "5.108"}, "its schema is 5.108, the pool's is 5.120"),
        ({"vm_uuids": []}, "it lacks VM "),
        ({"modified": "2026-11-01T00:00:00+00:00"}, "it is 22 days old"),
        ({"modified": "2026-11-25T00:00:00+00:00"}, "it is dated in the future"),
        ({"generation_count": 0}, "writes behind the database"),
    ],
)
def test_a_database_that_does_not_restore(change: dict[str, object], found: str) -> None:
    pool = healthy()
    pool.inputs["database_backup"] |= change
    word, why = judged(pool, DATABASE)
    assert (word, found in why) == ("blocked", True), why


def test_a_count_that_is_not_stated_is_not_verified() -> None:
    pool = healthy()
    pool.inputs["database_backup"]["generation_count"] = None
    assert judged(pool, DATABASE)[0] == "not-verified"


def exported() -> SimPool:
    """A pool whose operator has exported the resource data by XenCenter."""
    pool = healthy()
    pool.inputs["resource_data"] = resource_data(pool, days=1)
    return pool


def _lose(table: str, key: str) -> Callable[[SimPool], None]:
    return lambda pool: pool.inputs["resource_data"]["tables"][table][key].pop()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_lose("server", "uuids"), "it lacks 1 hosts"),
        (_lose("storage", "uuids"), "it lacks 1 SRs"),
        (_lose("vms", "uuids"), "it lacks 1 VMs"),
        (_lose("networks", "names"), "it lacks 1 networks"),
        (lambda p: p.inputs["resource_data"]["tables"].pop("vdi"), "it has no table vdi"),
        (lambda p: p.inputs["resource_data"]["tables"]["vdi"]["uuids"].clear(), "it lacks 13 VDIs"),
    ],
)
def test_an_export_that_lacks_something(change: Callable[[SimPool], None], found: str) -> None:
    pool = exported()
    change(pool)
    assert judged(pool, EXPORT) == ("warning", found)


def test_an_export_need_not_show_what_xencenter_hides() -> None:
    pool = exported()
    add_network(pool, "hidden", device="eth3", bridge="xenbr3")
    find(pool, "network", "hidden")[1]["other_config"]["HideFromXenCenter"] = "true"
    names = pool.inputs["resource_data"]["tables"]["networks"]["names"]
    pool.inputs["resource_data"]["tables"]["networks"]["names"] = [
        name for name in names if name != "hidden"
    ]
    assert judged(pool, EXPORT) == ("pass", "")


def test_the_pool_is_named() -> None:
    pool = exported()
    pool_record(pool)["uuid"] = "00000000-0000-4000-8000-000000000001"
    assert judged(pool, EXPORT)[1] == "it is of another pool"
