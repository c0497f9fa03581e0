"""Real audits of real parts: what each host's state or fault leads to, and that nothing else does."""

from typing import Final

import pytest

from lab.conftest import Audited
from lab.hosts import ELSEWHERE

UNREAD: Final = {
    "down": "10.77.0.5 (port 22) refused the SSH connection",
    "silent": "10.77.0.6 (port 22) did not answer within",
    "swapped": f"the machine that answered at 10.77.0.7 is {ELSEWHERE} by its inventory, not ",
    "rekeyed": "is not the one in known_hosts",
    "full": "10.77.0.9",
}
READ: Final = ("first", "mbr", "small", "timeless", "stubborn", "read-only", "neglected")
# These hold on every dom0 that was read, whatever else is wrong with it.
SOUND: Final = (
    "HOST-CARRIED-01", "HOST-DISK-01", "HOST-FIRSTBOOT-01", "HOST-KERNEL-01", "HOST-REPOS-01",
    "HOST-RPM-01", "HOST-SERVICES-02", "HOST-SPACE-01",
)  # fmt: skip
# A fault, and what must be said of exactly this host.
FOUND: Final = (
    ("HOST-LAYOUT-01", "small", "blocked", "found: old (B)"),
    ("HOST-SPACE-02", "neglected", "blocked", "/var/log - expected: below 80 % used, found: 92 %"),
    ("HOST-SERVICES-01", "neglected", "warning", "found: xapi (failed)"),
    ("HOST-FOREIGN-01", "neglected", "warning", "found: storcli-1.0-1 (Broadcom)"),
    ("HOST-HOTFIX-01", "neglected", "warning", "packages extra storcli-1.0-1.x86_64"),
    ("HOST-TIME-01", "timeless", "blocked", "s apart from first"),
    ("HOST-TIME-01", "stubborn", "not-verified", "chronyc -n tracking did not end within"),
    ("HOST-FOREIGN-01", "bare", "not-verified", "rpm"),
    ("HOST-INVENTORY-01", "mbr", "not-verified", "blkid"),
)
# And it passes where there is no fault.
PASSED: Final = (
    ("HOST-LAYOUT-01", ("first", "read-only", "neglected")),
    ("HOST-INVENTORY-01", ("first", "neglected")),
    ("HOST-SPACE-02", ("first", "mbr", "small", "bare", "read-only", "timeless", "stubborn")),
    ("HOST-SERVICES-01", ("first", "mbr", "small", "read-only")),
    ("HOST-FOREIGN-01", ("first", "mbr", "small", "read-only", "timeless")),
    ("HOST-DISK-01", ("bare",)),
    ("HOST-CARRIED-01", ("bare",)),
)
# The table of the field report: number, first and last sector.
FIELD_REPORT: Final = (
    (1, 46139392, 83888127), (2, 8390656, 46139391), (3, 87033856, 285474782),
    (4, 83888128, 84936703), (5, 2048, 8390655), (6, 84936704, 87033855),
)  # fmt: skip


def printed(audited: Audited, host: str, start: str) -> str:
    """What the only command of this start printed."""
    probes = audited.dom0[host].probes
    (found,) = [probe for command, probe in probes.items() if start in command]
    return str(found.stdout)


@pytest.mark.parametrize("name", UNREAD)
def test_a_host_that_cannot_be_read_says_why_in_every_check(faulty: Audited, name: str) -> None:
    raw = faulty.dom0[name]
    assert not raw.probes
    assert UNREAD[name] in raw.cause
    assert "\n" not in raw.cause
    for check in SOUND:
        outcome, words = faulty.words(check, name)
        assert (outcome, raw.cause in words) == ("not-verified", True), (check, words)


@pytest.mark.parametrize("check", SOUND)
def test_the_other_hosts_are_judged_as_if_nothing_were_wrong(faulty: Audited, check: str) -> None:
    outcomes = faulty.run.outcomes(check)
    assert {name: outcomes[name] for name in READ} == dict.fromkeys(READ, "pass")


@pytest.mark.parametrize(("check", "name", "outcome", "words"), FOUND)
def test_a_fault_is_found_on_its_host(
    faulty: Audited, check: str, name: str, outcome: str, words: str
) -> None:
    found = faulty.words(check, name)
    assert found[0] == outcome, found
    assert words in found[1]


@pytest.mark.parametrize(("check", "names"), PASSED)
def test_what_is_well_passes(faulty: Audited, check: str, names: tuple[str, ...]) -> None:
    outcomes = faulty.run.outcomes(check)
    assert {name: outcomes[name] for name in names} == dict.fromkeys(names, "pass")


def test_the_run_ends_in_order(faulty: Audited) -> None:
    assert faulty.run.code == 1, faulty.run.out[-2000:]
    assert faulty.run.results["verdict"] == "BLOCKED"
    assert not faulty.run.results["flags"]["incomplete"]
    assert "Traceback" not in faulty.run.out
    assert "INTERNALERROR" not in faulty.run.out
    assert all(cause in faulty.run.out for cause in ("refused the SSH", ELSEWHERE))


def test_no_process_of_the_audit_stays_behind(faulty: Audited) -> None:
    """The one that ignores every polite signal is among those that must be gone."""
    assert faulty.left == []


def test_the_real_partition_table_is_read_sector_for_sector(faulty: Audited) -> None:
    rows = [line.split() for line in printed(faulty, "first", "sgdisk -p").splitlines()]
    found = [(int(r[0]), int(r[1]), int(r[2])) for r in rows if r and r[0].isdigit()]
    assert tuple(found) == FIELD_REPORT
    assert "285474816 sectors" in printed(faulty, "first", "sgdisk -p")


def test_the_log_partition_is_a_mount_of_its_own(faulty: Audited) -> None:
    for name, kind in (("first", "ext4"), ("read-only", "tmpfs")):
        mounts = printed(faulty, name, "cat /proc/mounts").splitlines()
        assert any(line.startswith(f"/dev/sda5 /var/log {kind} ") for line in mounts), mounts
    mounts = printed(faulty, "read-only", "cat /proc/mounts").splitlines()
    assert any(line.startswith("/dev/sda1 / overlay ro,") for line in mounts), mounts


def test_an_old_disk_is_recognised_by_its_real_table(faulty: Audited) -> None:
    assert "Found invalid GPT and valid MBR" in printed(faulty, "mbr", "sgdisk -p")
    assert ":msdos:" in printed(faulty, "mbr", "parted -s")
    assert faulty.run.of("HOST-LAYOUT-01", "mbr")["evidence"]["layout"] == "old (A)"


def test_a_host_with_busybox_alone_runs_the_whole_script(faulty: Audited) -> None:
    """Every probe comes to its end with a status, though half of the programs are not there."""
    raw = faulty.dom0["bare"]
    assert raw.connection["ended"] == "complete"
    assert {probe.state for probe in raw.probes.values()} == {"done"}
    assert len(raw.probes) == len(faulty.dom0["first"].probes)
    good = sum(probe.status == 0 for probe in raw.probes.values())
    assert good >= len(raw.probes) // 3


def test_sysvinit_is_not_taken_for_a_stopped_toolstack(old: Audited) -> None:
    assert set(old.run.outcomes("HOST-SERVICES-01").values()) == {"not-applicable"}


def test_an_old_pool_is_read_from_far_away(old: Audited) -> None:
    assert {name: raw.cause for name, raw in old.dom0.items() if raw.cause} == {}
    assert "Traceback" not in old.run.out
    layouts = {
        name: old.run.of("HOST-LAYOUT-01", name)["evidence"].get("layout")
        for name in ("old-mbr", "old-gpt", "lab-01")
    }
    assert layouts == {"old-mbr": "old (A)", "old-gpt": "old (B)", "lab-01": "new (D)"}
    assert old.left == []
