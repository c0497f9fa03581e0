"""POOL-STORAGE-01, VM-LOCAL-01 and VM-SUSPENDED-01."""

from typing import Any

import pytest

from selftests.vm_judging import outcome, raw_of, small_pool, without_class
from simpool.builder import (
    NULL,
    add_disk,
    add_sr,
    add_vm,
    find,
    host,
    pool_record,
    ref_of,
    vm,
)
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.hardware import DISK

STORAGE = "POOL-STORAGE-01"
LOCAL = "VM-LOCAL-01"
SUSPENDED = "VM-SUSPENDED-01"
WANTED = "storage - expected: attached on every host, of a type that the target supports, found: "
OTHER_ID = "/dev/disk/by-id/scsi-36848f690e6a4cd001e6b7c1f0a4d2e99"


def unplug(pool: SimPool, sr: str, *names: str) -> None:
    hosts = {ref_of(pool, "host", name) for name in names}
    for pbd in pool.records["PBD"].values():
        if pbd["SR"] == ref_of(pool, "SR", sr) and pbd["host"] in hosts:
            pbd["currently_attached"] = False


def judged(pool: SimPool, name: str) -> tuple[str, str]:
    found = outcome(raw_of(pool), STORAGE, name)
    return found.outcome, found.message or found.cause


def test_attached_everywhere() -> None:
    assert judged(small_pool(), "san") == ("pass", "")
    assert judged(small_pool(), "local") == ("pass", "")


def test_unused_and_detached_is_a_warning() -> None:
    pool = small_pool()
    add_sr(pool, "spare", "nfs", shared=True)
    unplug(pool, "spare", "beta")
    assert judged(pool, "spare") == ("warning", f"SR spare: {WANTED}not attached on beta")
    found = outcome(raw_of(pool), STORAGE, "spare")
    assert found.remedy.count("\n`xe pbd-plug uuid=") == 1
    assert "default or suspend SR" in found.evidence["weighed"]


def test_a_missing_connection_counts_as_detached() -> None:
    pool = small_pool()
    add_sr(pool, "spare", "nfs", shared=True, hosts=["alpha", "beta"])
    assert judged(pool, "spare")[1] == f"SR spare: {WANTED}not attached on gamma"
    add_sr(pool, "orphan", "nfs", shared=True, hosts=[])
    assert judged(pool, "orphan")[0] == "warning"
    add_sr(pool, "forgotten", "ext", shared=False, hosts=[])
    assert "no host has a connection to it" in judged(pool, "forgotten")[1]


@pytest.mark.parametrize(
    ("need", "words"),
    [
        (lambda p: add_vm(p, "web", host="alpha", disks=[("spare", 1)]), "running VM web"),
        (
            lambda p: add_vm(p, "web", host="alpha", power_state="Paused", disks=[("spare", 1)]),
            "paused VM web",
        ),
        (
            lambda p: pool_record(p).update(default_SR=ref_of(p, "SR", "spare")),
            "the pool as its default SR",
        ),
        (
            lambda p: pool_record(p).update(suspend_image_SR=ref_of(p, "SR", "spare")),
            "the pool for suspend images",
        ),
        (
            lambda p: host(p, "beta").update(suspend_image_sr=ref_of(p, "SR", "spare")),
            "host beta for suspend images",
        ),
        (
            lambda p: pool_record(p).update(ha_statefiles=[add_disk(p, "statefile", "spare", 1)]),
            "HA for its statefile",
        ),
    ],
)
def test_needed_and_detached_blocks(need: Any, words: str) -> None:
    pool = small_pool()
    add_sr(pool, "spare", "nfs", shared=True)
    need(pool)
    unplug(pool, "spare", "beta")
    assert judged(pool, "spare") == (
        "blocked",
        f"SR spare: {WANTED}not attached on beta, needed by {words}",
    )


def test_a_halted_vm_does_not_need_it() -> None:
    pool = small_pool()
    add_sr(pool, "spare", "nfs", shared=True)
    add_vm(pool, "web", power_state="Halted", disks=[("spare", 1)])
    unplug(pool, "spare", "alpha", "beta", "gamma")
    assert judged(pool, "spare")[0] == "warning"


def test_detached_local_sr() -> None:
    pool = small_pool()
    unplug(pool, "local", "alpha")
    assert judged(pool, "local")[0] == "warning"
    add_vm(pool, "web", host="alpha", disks=[("local", 1)])
    assert judged(pool, "local")[0] == "blocked"


def test_who_needs_it_is_not_known() -> None:
    pool = small_pool()
    add_sr(pool, "spare", "nfs", shared=True)
    unplug(pool, "spare", "beta")
    add_vm(pool, "web", host="alpha", disks=[("san", 1)])
    found = outcome(without_class(raw_of(pool), "VBD"), STORAGE, "spare")
    assert found.outcome == "blocked"
    assert any("timed out" in cause for cause in found.evidence["unknown"])


def test_without_a_target_the_type_is_not_verified() -> None:
    pool = small_pool()
    pool.settings = {}
    state, cause = judged(pool, "san")
    assert state == "not-verified"
    assert "no --target was given; possible are citrix-hypervisor-8.0," in cause
    unplug(pool, "san", "beta")
    assert judged(pool, "san")[0] == "blocked"


def test_a_mere_warning_hides_no_unknown() -> None:
    pool = small_pool()
    pool.settings = {}
    add_sr(pool, "spare", "nfs", shared=True)
    unplug(pool, "spare", "beta")
    state, cause = judged(pool, "spare")
    assert state == "not-verified"
    assert "no --target was given" in cause
    assert "not attached on beta" in cause


def test_types() -> None:
    pool = small_pool()
    add_sr(pool, "old", "netapp", shared=True)
    add_sr(pool, "alien", "moosefs", shared=True)
    state, message = judged(pool, "old")
    assert (state, message) == (
        "warning",
        f"SR old: {WANTED}Citrix Hypervisor 8.0 has no SRs of type netapp",
    )
    assert judged(pool, "alien")[0] == "not-verified"


def test_a_type_that_is_gone_for_sure_blocks() -> None:
    pool = small_pool()
    raw = raw_of(pool)
    for rule in raw.inputs["releases"]["citrix-hypervisor-8.0"]["storage"]:
        if "lvmoiscsi" in rule["types"]:
            rule.update(state="gone", confidence="verified")
    assert outcome(raw, STORAGE, "san").outcome == "blocked"
    assert outcome(without_class(raw, "PBD"), STORAGE, "san").outcome == "blocked"


def test_a_deprecated_type_is_a_warning() -> None:
    raw = raw_of(small_pool())
    for rule in raw.inputs["releases"]["citrix-hypervisor-8.0"]["storage"]:
        if "lvmoiscsi" in rule["types"]:
            rule.update(state="deprecated", confidence="verified")
    assert outcome(raw, STORAGE, "san").outcome == "warning"


def test_an_unread_connection_is_not_verified() -> None:
    raw = without_class(raw_of(small_pool()), "PBD")
    assert outcome(raw, STORAGE, "san").outcome == "not-verified"


def with_local_disk(state: str = "Halted", device: str = "/dev/sda3", **settings: str) -> SimPool:
    pool = small_pool()
    for pbd in pool.records["PBD"].values():
        if pbd["SR"] == ref_of(pool, "SR", "local"):
            pbd["device_config"] = {"device": device} if device else {}
    on = "alpha" if state in {"Running", "Paused"} else None
    add_vm(pool, "web", power_state=state, host=on, disks=[("local", 1)], suspend_sr="san")
    pool.settings.update(settings)
    return pool


@pytest.mark.parametrize("state", ["Running", "Paused", "Suspended"])
def test_local_disk_of_a_vm_that_is_not_shut_down(state: str) -> None:
    found = outcome(raw_of(with_local_disk(state)), LOCAL, "web")
    assert (found.outcome, found.message) == (
        "blocked",
        (
            "VM web: local disks - expected: shut down for the rolling upgrade, "
            f"found: {state.lower()}, with web 0 on SR local"
        ),
    )


@pytest.mark.parametrize(
    ("settings", "state", "expected"),
    [
        ({}, "Halted", "pass"),
        ({"layout": "keep"}, "Halted", "pass"),
        ({"layout": "switch"}, "Halted", "blocked"),
        ({"method": "standalone"}, "Running", "pass"),
        ({"method": "standalone", "layout": "switch"}, "Halted", "blocked"),
        ({"method": "clean"}, "Halted", "blocked"),
        ({"method": "clean", "layout": "keep"}, "Running", "blocked"),
    ],
)
def test_local_disk_by_method(settings: dict[str, str], state: str, expected: str) -> None:
    found = outcome(raw_of(with_local_disk(state, **settings)), LOCAL, "web")
    assert found.outcome == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (f"{DISK}-part3", "blocked"),
        (DISK, "not-verified"),
        ("/dev/sdb", "not-verified"),
        ("/dev/sdb,/dev/sda3", "blocked"),
        ("/dev/nvme0n1p3", "blocked"),
        ("/dev/nvme1n1", "not-verified"),
        ("/dev/mapper/something", "not-verified"),
        ("", "not-verified"),
    ],
)
def test_what_the_layout_switch_erases_by_name_alone(device: str, expected: str) -> None:
    found = outcome(raw_of(with_local_disk(device=device, layout="switch")), LOCAL, "web")
    assert found.outcome == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("/dev/sda3", "blocked"),
        (f"{DISK}-part3", "blocked"),
        ("/dev/sdb,/dev/sda3", "blocked"),
        ("/dev/sdb", "pass"),
        ("/dev/sdb1", "pass"),
        ("/dev/nvme0n1p3", "pass"),
        (f"{OTHER_ID}-part3", "blocked"),  # a name that dom0's own does not tell apart
        (OTHER_ID, "not-verified"),
        ("/dev/mapper/something", "not-verified"),
        ("", "not-verified"),
    ],
)
def test_what_the_layout_switch_erases_by_the_primary_disk(device: str, expected: str) -> None:
    pool = with_local_disk(device=device, layout="switch")
    assert outcome(facts_of(pool), LOCAL, "web").outcome == expected


def test_no_local_disk() -> None:
    pool = small_pool()
    add_vm(pool, "web", host="alpha", disks=[("san", 1)])
    add_sr(pool, "dvd", "udev", shared=False, hosts=["alpha"])
    owner = ref_of(pool, "VM", "web")
    drives = (d for d in pool.records["VBD"].values() if d["VM"] == owner and d["type"] == "CD")
    next(drives).update(VDI=add_disk(pool, "game", "dvd", 1), empty=False)
    assert outcome(raw_of(pool), LOCAL, "web").outcome == "not-applicable"


@pytest.mark.parametrize("name", ["VBD", "VDI", "SR"])
def test_unread_disks_are_not_verified(name: str) -> None:
    raw = without_class(raw_of(with_local_disk()), name)
    assert outcome(raw, LOCAL, "web").outcome == "not-verified"


def test_suspended() -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state="Suspended", disks=[("san", 1)], suspend_sr="local")
    start = "VM web: power state - expected: running or shut down, found: suspended, "
    found = outcome(raw_of(pool), SUSPENDED, "web")
    assert found.message == f"{start}image Suspend image of web on SR local"
    found = outcome(without_class(raw_of(pool), "VDI"), SUSPENDED, "web")
    assert found.message == f"{start}on an image that is not among what was read"
    vm(pool, "web")["suspend_VDI"] = NULL
    assert outcome(raw_of(pool), SUSPENDED, "web").message == f"{start}without a suspend image"


@pytest.mark.parametrize("state", ["Running", "Halted", "Paused"])
def test_not_suspended(state: str) -> None:
    pool = small_pool()
    add_vm(pool, "web", power_state=state, host="alpha")
    assert outcome(raw_of(pool), SUSPENDED, "web").outcome == "pass"
    find(pool, "VM", "web")[1].pop("power_state")
    assert outcome(raw_of(pool), SUSPENDED, "web").outcome == "not-verified"
