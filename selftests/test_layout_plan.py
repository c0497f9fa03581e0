"""What an upgrade would do to a partition layout, and that nothing is switched in passing."""

from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.contract import check_of
from fixtures.judgement import judge
from fixtures.probes import PRIMARY_DISK, TABLE_PARTED, TABLE_SGDISK
from fixtures.releases import load_releases, release
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from simpool.builder import GIB, add_disk, add_host, add_sr, change_dom0, new_pool
from simpool.data import CannedAnswer, SimPool
from simpool.direct import facts_of
from simpool.hardware import DISK
from tests_host import test_disk_layout, test_file_systems

RELEASES = Path(__file__).resolve().parent.parent / "releases"
ERASES = "the installer would erase the local SR on the primary disk and partition it anew"
EXPECTED = "host one: partition layout - expected: new, or old and kept as it is, found: "


def pool_of(letter: str = "B", to: str = "xenserver-7.2", **settings: Any) -> SimPool:
    pool = new_pool("layouts", release="6.5")
    add_host(pool, "one")
    change_dom0(pool, "one", layout=letter)
    pool.settings.update({"target": to, "xencenter": "7.2", **settings})
    if "no_xencenter" in settings:
        del pool.settings["xencenter"]
    return pool


def judged(
    pool: SimPool, function: Any = test_disk_layout.test_partition_layout_is_not_switched
) -> Outcome:
    audit = Audit(facts_of(pool))
    check = check_of(function)
    assert check is not None
    return judge(check, audit.facts.hosts[0], audit, WaiverBook({}, ()))


def local_sr(pool: SimPool, images: int = 0, gib: int = 200, device: str = f"{DISK}-part3") -> None:
    """A local SR, on the primary disk unless said otherwise."""
    add_sr(pool, "Local storage", "lvm", shared=False, hosts=["one"], size_gib=gib, device=device)
    for number in range(images):
        add_disk(pool, f"disk {number}", "Local storage", 8)


@pytest.mark.parametrize("to", ["xenserver-7.2", "citrix-hypervisor-8.2-cu1", "xenserver-8"])
def test_the_new_layout_stays(to: str) -> None:
    assert judged(pool_of("D", to)).outcome == "pass"
    assert judged(pool_of("D", to, layout="switch")).outcome == "pass"


@pytest.mark.parametrize("layout", ["A", "B", "C"])
class TestOldLayouts:
    def test_unstated(self, layout: str) -> None:
        pool = pool_of(layout)
        local_sr(pool, images=1)
        found = judged(pool)
        assert found.outcome == "not-verified"
        assert "--layout=keep or --layout=switch" in found.cause

    def test_kept(self, layout: str) -> None:
        pool = pool_of(layout, layout="keep")
        local_sr(pool, images=1)
        assert judged(pool).outcome == "pass"

    @pytest.mark.parametrize("method", ["rolling", "standalone"])
    def test_to_be_switched(self, layout: str, method: str) -> None:
        found = judged(pool_of(layout, layout="switch", method=method))
        assert found.outcome == "blocked"
        assert "--layout=switch" in found.message

    @pytest.mark.parametrize("to", ["xenserver-8", "xcp-ng-8.3"])
    @pytest.mark.parametrize("stated", ["keep", None])
    def test_a_target_that_keeps_none(self, layout: str, to: str, stated: str | None) -> None:
        pool = pool_of(layout, to)
        if stated:
            pool.settings["layout"] = stated
        local_sr(pool, images=1)
        found = judged(pool)
        assert found.outcome in {"blocked", "warning"}
        verified = release(load_releases(RELEASES), to).layouts[layout].keep
        assert (found.outcome == "blocked") == verified.is_verified
        assert "its installer would stop" in found.message

    def test_a_clean_installation_makes_the_new_one(self, layout: str) -> None:
        found = judged(pool_of(layout, method="clean"))
        assert found.outcome == "not-applicable"
        assert "erases the disk" in found.cause


def test_a_wizard_that_may_switch_hides_no_unstated_layout() -> None:
    pool = pool_of("B", "xcp-ng-8.2")
    local_sr(pool)
    assert judged(pool).outcome == "not-verified"
    pool.settings["layout"] = "keep"
    found = judged(pool)
    assert found.outcome == "warning"
    assert "would order the switch by itself" in found.message


class TestMarker:
    @pytest.mark.parametrize("layout", ["B", "C"])
    def test_orders_a_switch_whatever_was_stated(self, layout: str) -> None:
        pool = pool_of(layout, layout="keep")
        local_sr(pool, images=1)
        change_dom0(pool, "one", safe2upgrade=True)
        words = f"old ({layout}), to be switched (the marker /var/preserve/safe2upgrade is there)"
        assert judged(pool).message == f"{EXPECTED}{words}: {ERASES}"

    def test_is_passed_over_on_a_dos_table(self) -> None:
        pool = pool_of("A", layout="keep")
        change_dom0(pool, "one", safe2upgrade=True)
        assert judged(pool).outcome == "pass"


class TestAutomaticMode:
    def test_an_empty_local_sr(self) -> None:
        pool = pool_of("B", layout="keep")
        local_sr(pool)
        words = (
            "old (B), and XenCenter's automatic mode would order the switch by itself, because "
            f"SR Local storage is empty: {ERASES}"
        )
        assert judged(pool).message == f"{EXPECTED}{words}"

    def test_no_local_sr_at_all(self) -> None:
        pool = pool_of("B", layout="keep")
        assert "there is no attached local SR on it" in judged(pool).message

    def test_of_which_nobody_verified_that_it_orders_a_switch(self) -> None:
        pool = pool_of("B", "xcp-ng-8.2", layout="keep")
        local_sr(pool)
        sure = release(load_releases(RELEASES), "xcp-ng-8.2").automatic_mode_sets_marker.is_verified
        assert judged(pool).outcome == ("blocked" if sure else "warning")

    def test_an_sr_that_is_too_small(self) -> None:
        pool = pool_of("B", layout="keep")
        local_sr(pool, gib=30)
        assert judged(pool).outcome == "pass"

    @pytest.mark.parametrize("change", [{"method": "standalone"}, {"no_xencenter": True}])
    def test_plays_no_part_without_the_wizard(self, change: dict[str, Any]) -> None:
        pool = pool_of("B", layout="keep", **change)
        local_sr(pool)
        assert judged(pool).outcome == "pass"

    @pytest.mark.parametrize(
        ("letter", "to", "outcome"),
        [
            ("B", "xenserver-7.2", "not-verified"),
            ("A", "xenserver-7.2", "pass"),  # never switched
            ("B", "xenserver-8", "blocked"),
        ],
    )
    def test_an_sr_that_a_plugin_may_not_see(self, letter: str, to: str, outcome: str) -> None:
        pool = pool_of(letter, to, layout="keep")
        local_sr(pool, images=3, device="/dev/sda3")
        found = judged(pool)
        assert found.outcome == outcome
        if outcome == "not-verified":
            assert "SR Local storage calls it /dev/sda3" in found.cause

    def test_an_sr_on_a_disk_that_cannot_be_told(self) -> None:
        pool = pool_of("B", layout="keep")
        local_sr(pool, device="/dev/disk/by-id/wwn-0x5000-part3")
        found = judged(pool)
        assert found.outcome == "not-verified"
        assert "cannot be told" in found.cause


class TestSigns:
    def test_the_table_by_parted_where_sgdisk_is_missing(self) -> None:
        pool = pool_of("C", layout="keep", no_xencenter=True)
        for answers in pool.dom0.values():
            answers[TABLE_SGDISK.command] = CannedAnswer("", "sh: sgdisk: command not found", 127)
        found = judged(pool)
        assert (found.outcome, found.evidence["layout"]) == ("pass", "old (C)")

    def test_no_table_at_all(self) -> None:
        pool = pool_of("C", layout="keep", no_xencenter=True)
        for answers in pool.dom0.values():
            for probe in (TABLE_SGDISK, TABLE_PARTED):
                answers[probe.command] = CannedAnswer("\x00<b>garbage</b>\u202e")
        found = judged(pool)
        # Every old layout is kept by this target, whichever it is.
        assert (found.outcome, found.evidence["layout"]) == ("pass", "old (A or B or C)")

    def test_a_dom0_that_was_not_read(self) -> None:
        pool = pool_of()
        pool.dom0.clear()
        assert judged(pool).outcome == "not-verified"

    def test_a_primary_disk_that_leads_nowhere(self) -> None:
        pool = pool_of("B", layout="keep")
        for answers in pool.dom0.values():
            answers[PRIMARY_DISK.command] = CannedAnswer("\n")
        assert "primary disk cannot be told" in judged(pool).cause


class TestDisk:
    def judged(self, gib: float, **settings: Any) -> Outcome:
        pool = pool_of("B", **settings)
        change_dom0(pool, "one", disk_bytes=int(gib * GIB) // 512 * 512)
        return judged(pool, test_disk_layout.test_primary_disk_is_large_enough)

    @pytest.mark.parametrize(
        ("gib", "settings", "outcome"),
        [
            (46, {"method": "clean"}, "pass"),
            (45.99, {"method": "clean"}, "blocked"),
            (45.99, {"layout": "switch"}, "blocked"),
            (45.99, {"target": "xenserver-8"}, "blocked"),
            (46.5, {"target": "xenserver-8"}, "pass"),
            (45.99, {"layout": "keep"}, "pass"),
            (12, {}, "pass"),
            (11.9, {}, "blocked"),
        ],
    )
    def test_sizes(self, gib: float, settings: dict[str, Any], outcome: str) -> None:
        assert self.judged(gib, **settings).outcome == outcome

    def test_message(self) -> None:
        found = self.judged(40, method="clean")
        assert found.message == "host one: primary disk - expected: at least 46 GiB, found: 40 GiB"

    def test_the_marker_asks_for_the_new_layout(self) -> None:
        pool = pool_of("B")
        change_dom0(pool, "one", disk_bytes=40 * GIB, safe2upgrade=True)
        assert judged(pool, test_disk_layout.test_primary_disk_is_large_enough).outcome == "blocked"


class TestLogs:
    def judged(self, layout: str, used_kib: int) -> Outcome:
        pool = pool_of(layout)
        change_dom0(pool, "one", logs_used_kib=used_kib)
        return judged(pool, test_file_systems.test_logs_have_room)

    def test_of_their_own(self) -> None:
        assert self.judged("D", 500_000).outcome == "pass"
        found = self.judged("D", 3_500_000)
        assert found.message.startswith("host one: /var/log - expected: below 80 % used, found: 9")

    def test_as_a_part_of_the_root(self) -> None:
        found = self.judged("B", 1_000_000)
        assert found.message.startswith("host one: /var/log (judged as a part of /) - expected")
        assert found.evidence["judged"] == "/var/log (judged as a part of /)"
