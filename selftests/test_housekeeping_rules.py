"""What is left over: the rules that no single fault shows."""

import pytest

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VM, PoolFacts, PoolUpdate, Ref
from fixtures.model.vm import VMGuestMetrics
from rules.housekeeping import crash_dumps, homeless, leftover_images, old_snapshots
from rules.housekeeping_drivers import judge_drivers
from rules.housekeeping_sessions import session_counts, session_problems
from selftests.faulty_pools import NOW, pool_named
from simpool.builder import add_disk, add_record, find, ref_of
from simpool.data import SimPool
from simpool.direct import facts_of

ARRAY = "iSCSI array"
NFS = "NFS virtual disks"


def facts(pool: SimPool) -> PoolFacts:
    return PoolFacts(facts_of(pool, NOW, ()))


def sr_of(pool: SimPool, name: str) -> SR:
    found = facts(pool)
    return found.get(SR, Ref(ref_of(pool, "SR", name)))


def guest_with(version: dict[str, str]) -> VMGuestMetrics:
    pool = pool_named("default")
    metrics = find(pool, "VM", "dc-01")[1]["guest_metrics"]
    pool.records["VM_guest_metrics"][metrics]["PV_drivers_version"] = version
    guest = facts(pool).get(VM, Ref(ref_of(pool, "VM", "dc-01"))).guest
    assert guest is not None
    return guest


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ({"xenbus": "XenServer 9.1.11.115 ", "xeniface": "XenServer 9.1.12.94"}, ""),
        ({"xenbus": "Citrix 9.1.11.116 x", "xeniface": "Citrix 9.1.13.1 x"}, ""),
        ({"xenbus": "XCP_ng 9.0.9065.0 ", "xeniface": "XCP_ng 9.1.100.0 "}, ""),
        (
            {"xenbus": "XenServer 9.1.11.114 ", "xeniface": "XenServer 9.1.12.94 "},
            "xenbus 9.1.11.114 (mended: 9.1.11.115)",
        ),
        (
            {"xenbus": "XCP_ng 9.1.0 ", "xeniface": "XCP_ng 9.1.0 ", "xencons": "XCP_ng 9.0.1 "},
            "xencons 9.0.1 (mended: 9.0.9065)",
        ),
        ({"xeniface": "Xen_Project 9.1.0.0 "}, "xeniface 9.1.0.0 (mended: 9.1.0.1)"),
        (
            {"major": "8", "minor": "2", "micro": "2"},
            "those of tools 8.2.2, older than any that are mended",
        ),
        (
            {"major": "9", "minor": "4", "micro": "1", "build": "1"},
            "not told: tools 9.4.1 do not report their drivers here",
        ),
    ],
)  # fmt: skip
def test_drivers(version: dict[str, str], problem: str) -> None:
    assert judge_drivers(guest_with(version)).problem == problem


@pytest.mark.parametrize(
    "version",
    [
        {},
        {"major": "9", "minor": "", "micro": "1"},
        {"major": "²", "minor": "0", "micro": "1"},
        {"xenbus": "XenServer 9.1.11.115 "},
        {"xenbus": "XenServer 9.1.11.115 ", "xeniface": "XenServer nine"},
        {"xenbus": "Somebody 99.0.0.0 ", "xeniface": "XenServer 9.1.12.94 "},
        {"xenbus": "", "xeniface": ""},
    ],
)
def test_drivers_that_nobody_can_judge(version: dict[str, str]) -> None:
    with pytest.raises(NotVerifiedError):
        judge_drivers(guest_with(version))


def multipathed(sessions: str | None, paths: str = "[4, 4]") -> SimPool:
    pool = pool_named("default")
    for pbd in pool.records["PBD"].values():
        if pbd["SR"] == ref_of(pool, "SR", ARRAY):
            pbd["other_config"] = {"multipathed": "true", "mpath-1": paths, "mpath-2": "[2, 2]"}
            if sessions is not None:
                pbd["other_config"]["iscsi_sessions"] = sessions
    return pool


@pytest.mark.parametrize(("sessions", "problems"), [("4", 0), ("2", 3), ("5", 3), ("0", 3)])
def test_sessions(sessions: str, problems: int) -> None:
    counts = session_counts(sr_of(multipathed(sessions), ARRAY))
    assert len(counts) == 3
    assert len(session_problems(counts)) == problems


@pytest.mark.parametrize("sessions", [None, "", "-1", "many", "²", "1" * 9])
def test_sessions_that_are_not_recorded(sessions: str | None) -> None:
    with pytest.raises(NotVerifiedError, match="does not record"):
        session_counts(sr_of(multipathed(sessions), ARRAY))


def test_images_that_belong_there() -> None:
    pool = pool_named("default")
    add_disk(pool, "base copy", NFS, 8, managed=False)
    add_disk(pool, "HA statefile", NFS, 1, type="ha_statefile")
    add_disk(pool, "Pool Metadata Backup", NFS, 1, other_config={"ctxs-pool-backup": "true"})
    update = add_disk(pool, "XS72E010", NFS, 1)
    add_record(pool, "pool_update", "XS72E010", {"name_label": "XS72E010", "vdi": update})
    assert leftover_images(sr_of(pool, NFS)) == ()
    assert facts(pool).table(PoolUpdate)
    add_disk(pool, "left over", NFS, 8)
    assert [image.title for image in leftover_images(sr_of(pool, NFS))] == ["left over"]


def test_nothing_is_of_the_future() -> None:
    pool = pool_named("default")
    later = "20301201T00:00:00Z"
    add_record(pool, "host_crashdump", "x", {"host": ref_of(pool, "host", "xen-01")})
    for record in pool.records["host_crashdump"].values():
        record["timestamp"] = later
    for record in pool.records["VM"].values():
        if record["is_a_snapshot"]:
            record["snapshot_time"] = later
    found = facts(pool)
    with pytest.raises(NotVerifiedError, match="in the future"):
        crash_dumps(found.hosts[0])
    with pytest.raises(NotVerifiedError, match="in the future"):
        old_snapshots(found.get(VM, Ref(ref_of(pool, "VM", "web-01"))), 30)


def test_homeless() -> None:
    pool = pool_named("default")
    assert homeless(facts(pool).get(VM, Ref(ref_of(pool, "VM", "web-01")))) == ""
