"""Hotfixes, packages, and the restarts that they wait for."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.audit import Audit
from fixtures.contract import check_of
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import judge
from fixtures.probes import PACKAGES
from fixtures.waivers import WaiverBook
from rules.hotfixes import difference, generation
from rules.package_reading import PackageDifference, package_difference
from rules.packages import compare_packages, described, parse_packages
from rules.restarts import INSTALL_TIMES, parse_install_times, pending, xapi_marker
from simpool.builder import (
    add_host,
    add_hotfix,
    change_dom0,
    host,
    new_pool,
    pool_record,
)
from simpool.data import CannedAnswer, SimPool
from simpool.direct import facts_of
from tests_host import test_hotfixes


def pool_of(release: str = "7.2", **fields: Any) -> SimPool:
    pool = new_pool("hotfixed", release=release)
    for name in ("one", "two"):
        add_host(pool, name, **fields)
    return pool


def marked(pool: SimPool) -> bool | None:
    audit = Audit(facts_of(pool))
    return xapi_marker(audit.facts.hosts[1], audit.dom0_of)


def compared(pool: SimPool) -> Any:
    audit = Audit(facts_of(pool))
    two = audit.facts.hosts[1]
    return difference(two, audit.facts.pool.coordinator, generation(audit.release_of(two)))


def packages_compared(pool: SimPool) -> PackageDifference:
    audit = Audit(facts_of(pool))
    return package_difference(audit.facts.hosts[1], audit.facts.pool.coordinator, audit.dom0_of)


def waiting(pool: SimPool) -> Any:
    audit = Audit(facts_of(pool))
    return pending(audit.facts.hosts[1], audit.release_of(audit.facts.hosts[1]), audit.dom0_of)


@pytest.mark.parametrize("release", ["6.5", "7.0", "7.1", "7.2", "7.6", "8.2"])
class TestEveryGeneration:
    def test_the_same(self, release: str) -> None:
        pool = pool_of(release)
        add_hotfix(pool, "XS-E001")
        assert compared(pool).words == ""

    def test_missing_and_extra(self, release: str) -> None:
        pool = pool_of(release)
        add_hotfix(pool, "XS-E001", hosts=["one"])
        add_hotfix(pool, "XS-E002", hosts=["two"])
        found = compared(pool)
        assert found.words == "missing XS-E001; extra XS-E002"

    def test_records_that_vanished_are_not_verified(self, release: str) -> None:
        pool = pool_of(release)
        add_hotfix(pool, "XS-E001")
        pool.records["pool_patch"].clear()
        pool.records.get("pool_update", {}).clear()
        with pytest.raises(NotVerifiedError):
            compared(pool)


def test_merely_uploaded_is_not_applied() -> None:
    pool = pool_of("6.5")
    add_hotfix(pool, "XS65E001", hosts=[])
    assert compared(pool).words == ""


def test_an_interrupted_application_is_a_finding_also_on_both() -> None:
    pool = pool_of("6.5")
    add_hotfix(pool, "XS65E001")
    for patch in pool.records["host_patch"].values():
        patch["applied"] = False
    found = compared(pool)
    assert found.words == "not completely applied XS65E001"
    assert found.enforced


def test_an_update_that_need_not_be_everywhere() -> None:
    pool = pool_of("7.6")
    ref = add_hotfix(pool, "driver-disk", hosts=["one"])
    assert not compared(pool).enforced
    pool.records["pool_update"][ref]["enforce_homogeneity"] = True
    assert compared(pool).enforced


@pytest.mark.parametrize(
    ("value", "enforced"), [("Pack, version 1", False), ("Pack, version 1, homogeneous", True)]
)
def test_supplemental_packs(value: str, enforced: bool) -> None:
    pool = pool_of()
    host(pool, "two")["software_version"]["vendor:pack"] = value
    found = compared(pool)
    assert found.words == f"extra vendor:pack ({value})"
    assert found.enforced is enforced


class TestSynced:
    def pool(self, ours: str = "a" * 64, theirs: str = "a" * 64) -> SimPool:
        pool = new_pool("synced", release="8.3")
        for name, state in (("one", ours), ("two", theirs)):
            add_host(
                pool,
                name,
                brand="XenServer",
                last_update_hash=state,
                latest_synced_updates_applied="yes",
            )
        return pool

    def test_states(self) -> None:
        assert compared(self.pool()).words == ""
        assert "missing updates of state aaaaaaaaaaaa" in compared(self.pool(theirs="b" * 64)).words

    def test_no_state_is_not_verified(self) -> None:
        with pytest.raises(NotVerifiedError, match="no recorded state"):
            compared(self.pool(theirs=""))

    def test_up_to_date_or_not_must_be_known(self) -> None:
        pool = self.pool()
        for name in ("one", "two"):
            host(pool, name)["latest_synced_updates_applied"] = "unknown"
        with pytest.raises(NotVerifiedError, match="whether its latest updates are applied"):
            compared(pool)

    def test_guidance_that_nobody_knows(self) -> None:
        pool = self.pool()
        host(pool, "two")["pending_guidances"] = ["reboot_rack"]
        with pytest.raises(NotVerifiedError, match="reboot_rack is no guidance"):
            waiting(pool)
        host(pool, "two")["pending_guidances"].append("reboot_host")
        assert waiting(pool).sure == ("reboot (reboot_host)",)

    def test_guidance(self) -> None:
        pool = self.pool()
        host(pool, "two")["pending_guidances"] = ["restart_toolstack", "restart_vm"]
        host(pool, "two")["pending_guidances_full"] = ["reboot_host"]
        found = waiting(pool)
        assert found.sure == ("toolstack restart (restart_toolstack)",)
        assert found.recommended == ("reboot (reboot_host)",)


class TestRestarts:
    def test_none(self) -> None:
        pool = pool_of("6.5")
        add_hotfix(pool, "XS65E001", guidance=["restartHost", "restartXAPI"])
        assert waiting(pool).sure == ()

    @pytest.mark.parametrize(
        ("release", "guidance", "words"),
        [
            ("6.5", "restartHost", ("reboot for E1",)),
            ("6.5", "restartXAPI", ("toolstack restart for E1",)),
            ("6.5", "restartHVM", ()),
            ("7.2", "restartXAPI", ("toolstack restart for E1",)),
            ("7.2", "restartHost", ()),  # live patched: xapi says that it needs no reboot
        ],
    )
    def test_applied_after_the_start(
        self, release: str, guidance: str, words: tuple[str, ...]
    ) -> None:
        pool = pool_of(release)
        add_hotfix(pool, "E1", guidance=[guidance], applied=pool.now - timedelta(days=1))
        assert waiting(pool).sure == words

    def test_by_xapis_own_word(self) -> None:
        pool = pool_of()
        add_hotfix(pool, "E1", requires_reboot=True)
        assert waiting(pool).sure == ("reboot for E1",)

    @pytest.mark.parametrize("text", ["", "soon", "nan", "-1", "1e9", "\u0661" * 9])
    def test_a_boot_time_that_is_none(self, text: str) -> None:
        pool = pool_of("6.5")
        add_hotfix(pool, "E1")
        host(pool, "two")["other_config"]["boot_time"] = text
        with pytest.raises(NotVerifiedError, match="boot_time"):
            waiting(pool)

    def test_marker(self) -> None:
        pool = pool_of()
        assert marked(pool) is False
        change_dom0(pool, "two", reboot_marker=True)
        assert marked(pool) is True
        pool.dom0.clear()
        assert marked(pool) is None


class TestXcpNg:
    def pool(self, installed: float = 120) -> SimPool:
        pool = new_pool("ng", release="8.2")
        for name in ("one", "two"):
            add_host(pool, name, brand="XCP-ng", up_days=90)
        when = int((pool.now - timedelta(days=installed)).timestamp())
        lines = f"{when}\tkernel\n{when}\tglibc\n{when}\txapi-core\n"
        for answers in pool.dom0.values():
            answers[INSTALL_TIMES.command] = CannedAnswer(lines)
        return pool

    def test_packages_older_than_the_boot(self) -> None:
        assert waiting(self.pool()).sure == ()

    def test_packages_newer_than_the_boot(self) -> None:
        found = waiting(self.pool(installed=2)).sure
        assert found == ("reboot for kernel", "toolstack restart for xapi-core")

    def test_what_the_update_plugin_recorded(self) -> None:
        pool = self.pool()
        when = int((pool.now - timedelta(days=2)).timestamp())
        host(pool, "two")["other_config"]["rpm_patch_installation_time"] = f"{when}.5"
        assert waiting(pool).sure[0].startswith("reboot for packages of 20")

    def test_without_ssh_nobody_knows(self) -> None:
        pool = self.pool()
        pool.dom0.clear()
        with pytest.raises(NotVerifiedError):
            waiting(pool)


class TestTheCheck:
    def judged(self, pool: SimPool) -> list[tuple[str, str, str]]:
        audit = Audit(facts_of(pool))
        check = check_of(test_hotfixes.test_hotfixes_match_the_coordinator)
        assert check is not None
        found = [judge(check, one, audit, WaiverBook({}, ())) for one in audit.facts.hosts]
        return [(one.outcome, one.message, one.cause) for one in found]

    def pool(self, brand: str) -> SimPool:
        pool = new_pool("checked", release="8.2")
        for name in ("one", "two"):
            add_host(pool, name, brand=brand)
        change_dom0(pool, "two", packages=(("netdata", "1.0-1"),))
        return pool

    def test_packages_alone_are_a_warning_where_updates_are_records(self) -> None:
        first, second = self.judged(self.pool("Citrix Hypervisor"))
        assert first[0] == "pass"
        assert second[0] == "warning"
        assert "found: packages extra netdata-1.0-1" in second[1]

    def test_packages_decide_on_xcp_ng(self) -> None:
        assert [one[0] for one in self.judged(self.pool("XCP-ng"))] == ["pass", "blocked"]

    def test_without_ssh_the_xenapi_decides_where_it_can(self) -> None:
        pool = self.pool("Citrix Hypervisor")
        pool.dom0.clear()
        assert [one[0] for one in self.judged(pool)] == ["pass", "pass"]

    def test_without_ssh_nobody_knows_of_xcp_ng(self) -> None:
        pool = self.pool("XCP-ng")
        pool.dom0.clear()
        first, second = self.judged(pool)
        assert first[0] == "pass"
        assert second[0] == "not-verified"
        assert "packages of host one" in second[2]

    def test_what_need_not_be_everywhere_is_a_warning_while_versions_agree(self) -> None:
        pool = new_pool("checked", release="7.6")
        for name in ("one", "two"):
            add_host(pool, name)
        add_hotfix(pool, "driver-disk", hosts=["one"])
        assert self.judged(pool)[1][0] == "warning"
        host(pool, "two")["software_version"]["xen"] = "another"
        assert self.judged(pool)[1][0] == "blocked"


def rows(*packages: tuple[str, str, str]) -> str:
    listed = (("glibc", "2.17", "106.el7"), *packages)
    return "".join(f"{n}\t(none)\t{v}\t{r}\tx86_64\tCitrix, Inc.\n" for n, v, r in listed)


class TestPackages:
    def compare(self, ours: str, theirs: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return compare_packages(parse_packages(ours), parse_packages(theirs))

    def test_differences(self) -> None:
        found = self.compare(
            rows(("sm", "1.17", "1")), rows(("sm", "1.18", "1"), ("nagios", "1", "2"))
        )
        assert found == (("sm-1.17-1.x86_64",), ("nagios-1-2.x86_64", "sm-1.18-1.x86_64"))
        assert (
            described(*found)
            == "missing sm-1.17-1.x86_64; extra nagios-1-2.x86_64, sm-1.18-1.x86_64"
        )

    def test_old_kernels_and_keys_do_not_count(self) -> None:
        ours = rows(("kernel", "4.4.0", "10"), ("kernel", "4.4.0", "9"), ("gpg-pubkey", "1", "2"))
        assert self.compare(ours, rows(("kernel", "4.4.0", "10"))) == ((), ())

    def test_the_newest_kernel_counts(self) -> None:
        ours = rows(("kernel", "4.4.0", "10"), ("kernel", "4.4.0", "9"))
        missing, extra = self.compare(ours, rows(("kernel", "4.4.0", "9")))
        assert (missing, extra) == (("kernel-4.4.0-10.x86_64",), ("kernel-4.4.0-9.x86_64",))

    def test_a_long_difference_is_counted(self) -> None:
        assert described([f"p{n}" for n in range(7)], []) == "missing p0, p1, p2, p3, p4 and 2 more"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "bash\n",
            rows() + "error: rpmdb: damaged\n",
            rows()[:30],
            "\x00\t" * 5,
            "a\tb\tc\td\te\tf\n",
        ],
    )
    def test_rubbish_is_not_verified(self, text: str) -> None:
        with pytest.raises(NotVerifiedError):
            parse_packages(text)

    @given(st.text())
    def test_never_another_error(self, text: str) -> None:
        for parse in (parse_packages, parse_install_times):
            with pytest.raises(NotVerifiedError):
                parse(text)

    def test_of_two_dom0s(self) -> None:
        pool = pool_of()
        change_dom0(pool, "two", packages=(("netdata", "1.0-1"),))
        found = packages_compared(pool)
        assert found.extra
        assert not found.missing
        assert not found.unknown

    def test_of_dom0s_that_were_not_read(self) -> None:
        pool = pool_of()
        pool.dom0[str(pool.records["host"][pool_record(pool)["master"]]["uuid"])][
            PACKAGES.command
        ] = CannedAnswer(rows(), "error: rpmdb open failed\n")
        assert "rpm complained" in packages_compared(pool).unknown
