"""VM-BACKUP-01: what counts as a backup, how it is ranked, and what does not count."""

from datetime import timedelta
from typing import Any

import pytest

from fixtures.times import xenapi_time
from reports.outcome import Outcome
from rules.ages import age_limit
from selftests.vm_judging import NOW, outcome, raw_of, small_pool
from simpool.builder import add_snapshot, add_vm, vm
from simpool.data import SimPool

CHECK = "VM-BACKUP-01"
START = "VM web: backup - expected: one of the last 7 days, found: "
JOB = "b1d0c6e4-3b0a-4ce4-9a4e-1d1c07cf1a53"


def pool_with_vm(**fields: Any) -> SimPool:
    pool = small_pool()
    add_vm(pool, "web", host="alpha", disks=[("san", 10)], **fields)
    return pool


def found(pool: SimPool) -> Outcome:
    return outcome(raw_of(pool), CHECK, "web")


def file(pool: SimPool, days: float = 1, **fields: Any) -> dict[str, Any]:
    """A judgement on an XVA that holds the VM, as it is stored beside the facts."""
    return {
        "path": "nightly/web.xva",
        "size": 1,
        "modified": (NOW - timedelta(days=days)).isoformat(),
        "compression": "none",
        "full": False,
        "digests_verified": False,
        "export_version": 2,
        "product_version": "7.2.0",
        "vms": [{"uuid": vm(pool, "web")["uuid"], "name": "web", "is_snapshot": False}],
        "disks": [],
        "metadata_only": False,
        "problems": [],
        "restorable": True,
        **fields,
    }


def mark(days: float, **config: str) -> dict[str, str]:
    when = xenapi_time(NOW - timedelta(days=days))
    return {"xo:backup:job": JOB, "xo:backup:datetime": when, **config}


def test_nothing() -> None:
    judged = found(pool_with_vm())
    assert (judged.outcome, judged.message) == (
        "warning",
        f"{START}none that the pool or --xva-dir shows",
    )
    assert judged.evidence["rank"] == "none"
    assert "does not prove" in judged.evidence["limits"]
    assert judged.evidence["xva_dir_given"] is False


def test_xva() -> None:
    pool = pool_with_vm()
    pool.inputs["xva"] = [file(pool)]
    judged = found(pool)
    assert (judged.outcome, judged.evidence["rank"]) == ("pass", "verified")
    assert judged.evidence["best"]["words"] == "file nightly/web.xva (structure only)"
    pool.inputs["xva"] = [file(pool, digests_verified=True)]
    assert "every checksum agrees" in found(pool).evidence["best"]["words"]


def test_old_xva() -> None:
    pool = pool_with_vm()
    pool.inputs["xva"] = [file(pool, days=9)]
    assert found(pool).message == (
        f"{START}the newest is file nightly/web.xva (structure only), 9 days old"
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"problems": ["ends too early"]}, "it ends too early"),
        ({"metadata_only": True}, "it holds no disks"),
    ],
)
def test_a_file_that_would_not_restore_it(damage: dict[str, Any], words: str) -> None:
    pool = pool_with_vm()
    pool.inputs["xva"] = [file(pool, restorable=False, **damage)]
    assert found(pool).message == (
        f"{START}none that the pool or --xva-dir shows; "
        f"file nightly/web.xva would not restore it: {words}"
    )


def test_a_file_of_another_vm_or_of_the_future() -> None:
    pool = pool_with_vm()
    other = [{"uuid": "x", "name": "web", "is_snapshot": False}]
    pool.inputs["xva"] = [file(pool, vms=other)]
    assert found(pool).outcome == "warning"
    pool.inputs["xva"] = [file(pool, days=-2)]
    assert found(pool).message.endswith("dated in the future")
    pool.inputs["xva"] = [file(pool, modified="yesterday")]
    assert found(pool).outcome == "not-verified"


def test_an_exported_snapshot_counts() -> None:
    pool = pool_with_vm()
    add_snapshot(pool, "web", "monthly")
    snapshots = [v for v in pool.records["VM"].values() if v["is_a_snapshot"]]
    inside = [{"uuid": snapshots[0]["uuid"], "name": "monthly", "is_snapshot": True}]
    pool.inputs["xva"] = [file(pool, vms=inside)]
    assert found(pool).outcome == "pass"


def test_xen_orchestra() -> None:
    pool = pool_with_vm()
    done = mark(2, **{"xo:backup:exported": "true"})
    add_snapshot(pool, "web", "nightly", taken=NOW - timedelta(days=30), other_config=done)
    judged = found(pool)
    assert (judged.outcome, judged.evidence["rank"]) == ("pass", "verified")


def test_xen_orchestra_began_and_never_finished() -> None:
    pool = pool_with_vm()
    add_snapshot(pool, "web", "nightly", other_config=mark(2))
    assert found(pool).message == (
        f"{START}none that the pool or --xva-dir shows; Xen Orchestra began one (2026-11-21) and "
        "never said that it finished; its newest snapshot (2026-11-23) lies on the same SR and is "
        "no backup"
    )


def test_a_broken_mark_falls_back_on_the_snapshot() -> None:
    pool = pool_with_vm()
    config = {"xo:backup:exported": "true", "xo:backup:datetime": "soon"}
    add_snapshot(pool, "web", "nightly", taken=NOW - timedelta(days=8), other_config=config)
    assert found(pool).message.endswith("a backup that Xen Orchestra says it finished, 8 days old")


def test_a_snapshot_is_no_backup() -> None:
    pool = pool_with_vm()
    add_snapshot(pool, "web", "before the change", taken=NOW - timedelta(days=1))
    assert found(pool).message == (
        f"{START}none that the pool or --xva-dir shows; its newest snapshot (2026-11-22) lies on "
        "the same SR and is no backup"
    )


@pytest.mark.parametrize("value", ["2026-11-22", "2026-11-22T03:00:00Z", "2026-11-22T03:00+01:00"])
def test_a_custom_field_makes_it_probable(value: str) -> None:
    fields = {"XenCenter.CustomFields.Last backup": value}
    judged = found(pool_with_vm(other_config=fields))
    assert (judged.outcome, judged.evidence["rank"]) == ("pass", "probable")


@pytest.mark.parametrize(
    "config",
    [
        {"XenCenter.CustomFields.Last backup": "2026-10-22"},
        {"XenCenter.CustomFields.Last backup": "2026-99-99"},
        {"XenCenter.CustomFields.backup_retain": "7"},
        {"XenCenter.CustomFields.owner since": "2026-11-22"},
        {"last backup": "2026-11-22"},
    ],
)
def test_other_fields_do_not_count(config: dict[str, str]) -> None:
    assert found(pool_with_vm(other_config=config)).outcome == "warning"


@pytest.mark.parametrize("tag", ["xo:no-bak", "xo:no-bak=rebuilt from git"])
def test_excluded(tag: str) -> None:
    judged = found(pool_with_vm(tags=[tag]))
    assert judged.outcome == "not-applicable"
    assert tag in judged.cause


def test_replica() -> None:
    blocked = {"start": "replica", "start_on": "replica"}
    judged = found(pool_with_vm(blocked_operations=blocked, other_config=mark(1)))
    assert judged.outcome == "not-applicable"
    tagged = pool_with_vm(blocked_operations=blocked, tags=["Continuous Replication"])
    assert found(tagged).outcome == "not-applicable"
    assert found(pool_with_vm(tags=["Continuous Replication"])).outcome == "warning"


@pytest.mark.parametrize("field", ["other_config", "tags", "blocked_operations", "uuid"])
def test_missing_fields_are_not_verified(field: str) -> None:
    pool = pool_with_vm()
    vm(pool, "web").pop(field)
    assert found(pool).outcome == "not-verified"


def test_the_limit_is_the_operators() -> None:
    pool = pool_with_vm()
    pool.inputs["xva"] = [file(pool, days=9)]
    pool.settings["max_backup_age"] = "10d"
    assert found(pool).outcome == "pass"
    assert [age_limit(timedelta(hours=h)) for h in (24, 36, 168, 1)] == [
        "1 day",
        "36 hours",
        "7 days",
        "1 hour",
    ]
