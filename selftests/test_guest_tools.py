"""VM-TOOLS-01 by release and kind of guest."""

from datetime import timedelta
from typing import Any

import pytest

from fixtures.times import xenapi_time
from selftests.vm_judging import NOW, outcome, raw_of, small_pool, without_class
from simpool.builder import add_vm, vm
from simpool.data import SimPool

CHECK = "VM-TOOLS-01"
WINDOWS = "Microsoft Windows Server 2016 Standard"


def pool_with_vm(release: str = "7.2", **fields: Any) -> SimPool:
    pool = small_pool(release)
    add_vm(pool, "web", host="alpha", **fields)
    return pool


def guest(pool: SimPool) -> dict[str, Any]:
    return pool.records["VM_guest_metrics"][vm(pool, "web")["guest_metrics"]]


def found(pool: SimPool) -> tuple[str, str]:
    judged = outcome(raw_of(pool), CHECK, "web")
    return judged.outcome, (judged.message or judged.cause).rpartition("found: ")[2]


@pytest.mark.parametrize("release", ["6.5", "7.2", "8.3"])
def test_current(release: str) -> None:
    assert found(pool_with_vm(release)) == ("pass", "")


def test_absent() -> None:
    assert found(pool_with_vm(tools=False)) == ("warning", "none have ever reported")
    pool = pool_with_vm()
    guest(pool)["PV_drivers_version"] = {}
    assert found(pool) == ("warning", "none report a version")


def test_a_guest_that_has_just_started() -> None:
    pool = pool_with_vm(tools=False)
    metrics = pool.records["VM_metrics"][vm(pool, "web")["metrics"]]
    metrics["start_time"] = xenapi_time(NOW - timedelta(seconds=90))
    assert found(pool)[0] == "not-verified"


def test_out_of_date_before_7_0() -> None:
    pool = pool_with_vm("6.5")
    guest(pool)["PV_drivers_up_to_date"] = False
    assert found(pool) == ("warning", "6.5.0, which is out of date")


@pytest.mark.parametrize(
    ("version", "expected"),
    [((6, 2, 0), "warning"), ((7, 0, 0), "pass"), ((9, 4, 0), "pass"), ((1, 0, 0), "not-verified")],
)
def test_versions_from_7_0_on(version: tuple[int, int, int], expected: str) -> None:
    pool = pool_with_vm(tools=version)
    guest(pool)["PV_drivers_up_to_date"] = True
    assert found(pool)[0] == expected


def test_windows() -> None:
    pool = pool_with_vm(os=WINDOWS)
    guest(pool)["other"] = {"feature-static-ip-setting": "1"}
    assert found(pool) == ("pass", "")
    guest(pool)["other"] = {}
    assert found(pool) == ("warning", "I/O drivers, but no management agent")
    guest(pool)["PV_drivers_detected"] = False
    assert found(pool) == ("warning", "no I/O drivers")
    guest(pool)["other"] = {"feature-static-ip-setting": "1"}
    assert found(pool) == ("warning", "no I/O drivers, only the management agent")


@pytest.mark.parametrize("state", ["Halted", "Suspended", "Paused"])
def test_only_a_running_vm_reports(state: str) -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state=state, host="alpha", suspend_sr="san", tools=False)
    assert found(pool)[0] == "not-applicable"


def test_wording_by_phase() -> None:
    pool = pool_with_vm(tools=False)
    start = "VM web: XenTools - expected: present and current"
    assert outcome(raw_of(pool), CHECK, "web").message.startswith(f"{start}, found")
    pool.settings["phase"] = "after"
    judged = outcome(raw_of(pool), CHECK, "web")
    assert judged.message.startswith(f"{start} after the upgrade, found")


@pytest.mark.parametrize("name", ["VM_guest_metrics"])
def test_unread_is_not_verified(name: str) -> None:
    assert outcome(without_class(raw_of(pool_with_vm()), name), CHECK, "web").outcome == (
        "not-verified"
    )


@pytest.mark.parametrize("field", ["PV_drivers_version", "os_version", "PV_drivers_up_to_date"])
def test_missing_fields_are_not_verified(field: str) -> None:
    pool = pool_with_vm()
    guest(pool).pop(field)
    assert found(pool)[0] == "not-verified"
