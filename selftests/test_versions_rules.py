"""Versions that members have in common, and upgrades half done."""

import pytest

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from rules.versions import differences, in_words, rolling_upgrade
from simpool.builder import add_host, host, new_pool, pool_record
from simpool.data import SimPool
from simpool.direct import facts_of


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
