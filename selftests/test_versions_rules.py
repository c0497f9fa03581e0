"""Versions that members have in common, and upgrades half done."""

from datetime import date

import pytest

from fixtures.audit import Audit
from fixtures.contract import check_of
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import judge
from fixtures.releases import Fact, Release, UpgradePath
from fixtures.waivers import WaiverBook
from reports.outcome import Outcome
from rules.versions import assert_stated, differences, in_words, rolling_upgrade
from simpool.builder import add_host, host, new_pool, pool_record
from simpool.data import SimPool
from simpool.direct import facts_of
from tests_pool import test_host_state, test_versions


def pool_of(release: str = "7.2") -> SimPool:
    pool = new_pool("versions", release=release)
    for name in ("one", "two", "three"):
        add_host(pool, name)
    return pool


def different(pool: SimPool) -> dict[str, tuple[str, str]]:
    facts = Audit(facts_of(pool)).facts
    return differences(next(h for h in facts.hosts if h.title == "two"), facts.pool.coordinator)


def test_equal() -> None:
    assert different(pool_of()) == {}


@pytest.mark.parametrize(
    "key", ["product_version", "platform_version", "build_number", "db_schema", "xen", "linux"]
)
def test_every_key_counts(key: str) -> None:
    pool = pool_of()
    ours = host(pool, "one")["software_version"][key]
    host(pool, "two")["software_version"][key] = "other"
    assert different(pool) == {key: (ours, "other")}
    assert in_words(different(pool).items()) == (f"{key} {ours}", f"{key} other")


def test_a_key_that_only_one_states() -> None:
    pool = pool_of()
    del host(pool, "two")["software_version"]["db_schema"]
    assert different(pool) == {"db_schema": ("5.120", "")}
    assert in_words(different(pool).items())[1] == "db_schema not stated"


@pytest.mark.parametrize("key", ["build_number", "db_schema", "xapi_build"])
def test_what_no_host_states_is_not_equal(key: str) -> None:
    pool = pool_of("8.3")
    for name in ("one", "two", "three"):
        del host(pool, name)["software_version"][key]
    with pytest.raises(NotVerifiedError, match=f"does not state its {key}"):
        assert_stated(Audit(facts_of(pool)).facts.hosts[0])


def test_no_product_version_is_not_verified() -> None:
    pool = pool_of()
    for name in ("one", "two"):
        del host(pool, name)["software_version"]["product_version"]
    with pytest.raises(NotVerifiedError, match="product version"):
        different(pool)


class TestRollingUpgrade:
    def state(self, pool: SimPool) -> str:
        return rolling_upgrade(Audit(facts_of(pool)).facts.pool).state

    def flag(self, pool: SimPool) -> None:
        pool_record(pool)["other_config"]["rolling_upgrade_in_progress"] = "true"

    def test_none(self) -> None:
        assert self.state(pool_of()) == ""

    def test_half_done(self) -> None:
        pool = pool_of()
        self.flag(pool)
        host(pool, "one")["software_version"]["platform_version"] = "2.7.0"
        assert self.state(pool) == "in progress, 2 of 3 hosts not upgraded"

    def test_a_key_left_behind(self) -> None:
        pool = pool_of()
        self.flag(pool)
        assert self.state(pool) == "all hosts of one version, but xapi's key is still set"

    def test_mixed_versions_before_xapi_noticed(self) -> None:
        pool = pool_of()
        host(pool, "two")["software_version"]["platform_version"] = "2.2.0"
        assert self.state(pool) == "1 of 3 hosts of another version than the coordinator"

    def test_one_platform_with_two_toolstacks(self) -> None:
        pool = pool_of("8.3")
        host(pool, "two")["software_version"]["xapi"] = "25.33"
        assert self.state(pool) == "1 of 3 hosts of another version than the coordinator"
        found = rolling_upgrade(Audit(facts_of(pool)).facts.pool).versions
        assert found == {
            "3.4.0 (xapi 25.33)": ("two",),
            "3.4.0 (xapi 26.1)": ("one", "three"),
        }

    def test_releases_that_state_no_platform(self) -> None:
        pool = pool_of()
        for name in ("one", "two", "three"):
            del host(pool, name)["software_version"]["platform_version"]
        assert self.state(pool) == ""

    def test_no_version_is_not_verified(self) -> None:
        pool = pool_of()
        host(pool, "two")["software_version"].clear()
        with pytest.raises(NotVerifiedError, match="states no version"):
            self.state(pool)


class TestPath:
    def judged(self, release: str, to: str, **settings: str) -> Outcome:
        pool = pool_of(release)
        pool.settings.update({"target": to, **settings})
        audit = Audit(facts_of(pool))
        check = check_of(test_versions.test_upgrade_path_is_supported)
        assert check is not None
        return judge(check, audit.facts.hosts[0], audit, WaiverBook({}, ()))

    def test_a_verified_way(self) -> None:
        assert self.judged("6.5", "xenserver-7.2").outcome == "pass"

    def test_older_than_the_installer_takes(self) -> None:
        found = self.judged("6.5", "citrix-hypervisor-8.2-cu1")
        assert found.outcome == "blocked"
        assert "accepts platform 2.1.0 or later" in found.message

    def test_a_target_older_than_the_host(self) -> None:
        found = self.judged("7.6", "xenserver-7.2")
        assert found.outcome == "blocked"
        assert "refuses a newer host" in found.message

    def test_another_product(self) -> None:
        assert self.judged("7.2", "xcp-ng-8.3").outcome in {"blocked", "not-verified"}

    @pytest.mark.parametrize(("kind", "outcome"), [
        ("direct", "not-verified"), ("unknown", "not-verified"), ("refused", "warning"),
        ("steps", "warning"),
    ])  # fmt: skip
    def test_what_nobody_could_verify(
        self, kind: str, outcome: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = ("xenserver-7.1", "xenserver-7.2") if kind == "steps" else ()
        fact = Fact("somebody says so", "a forum", date(2026, 11, 23), "unverified")
        path = UpgradePath(kind, steps, fact)  # type: ignore[arg-type]
        monkeypatch.setattr(Release, "path_from", lambda *_: path)
        found = self.judged("6.5", "xenserver-7.2")
        assert found.outcome == outcome
        assert "somebody says so" in found.message + found.cause

    def test_a_clean_installation_needs_none(self) -> None:
        assert self.judged("6.5", "xenserver-8", method="clean").outcome == "not-applicable"

    def test_afterwards_it_must_have_been_reached(self) -> None:
        assert self.judged("7.2", "xenserver-7.2", phase="after").outcome == "pass"
        found = self.judged("6.5", "xenserver-7.2", phase="after")
        assert found.outcome == "blocked"
        assert "expected: XenServer 7.2, found: XenServer 6.5" in found.message


class TestLive:
    def message(self, **changes: object) -> str:
        pool = pool_of()
        one = host(pool, "one")
        one["enabled"] = changes.get("enabled", True)
        pool.records["host_metrics"][one["metrics"]]["live"] = changes.get("live", True)
        one["other_config"].update(changes.get("other_config", {}))
        audit = Audit(facts_of(pool))
        check = check_of(test_host_state.test_host_is_live_and_enabled)
        assert check is not None
        return judge(check, audit.facts.hosts[0], audit, WaiverBook({}, ())).message

    def test_well(self) -> None:
        assert self.message(other_config={"MAINTENANCE_MODE": "false"}) == ""

    def test_everything_at_once(self) -> None:
        found = self.message(enabled=False, live=False, other_config={"MAINTENANCE_MODE": "true"})
        assert found.endswith("found: not live, disabled, in maintenance mode")
