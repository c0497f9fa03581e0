"""Licences: until when, and for what."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Release, load_releases, release
from fixtures.settings import Settings, load_settings
from rules.licence import edition, expiry, judged
from simpool.builder import add_host, host, new_pool
from simpool.data import SimPool
from simpool.direct import facts_of

DATA = load_releases(Path(__file__).resolve().parent.parent / "releases")


def pool_of(**changes: Any) -> SimPool:
    pool = new_pool("licensed", now=datetime(2026, 11, 23, tzinfo=UTC))
    add_host(pool, "one", **changes)
    return pool


def settings(**options: Any) -> Settings:
    return load_settings(None, options)


def target(name: str = "xenserver-7.2") -> Release:
    return release(DATA, name)


def words(pool: SimPool, to: Release | None = None, **options: Any) -> list[tuple[str, bool]]:
    one = Audit(facts_of(pool)).facts.hosts[0]
    found = judged(one, to or target(), settings(**options), expiry(one), pool.now)
    return [(objection.words, not objection.lighter) for objection in found]


def window(days: int) -> str:
    return (datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=days)).isoformat()


class TestExpiry:
    @pytest.mark.parametrize(
        ("stated", "when"),
        [
            ("20270101T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
            ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
            ("never", None),
        ],
    )
    def test_forms(self, stated: str, when: datetime | None) -> None:
        pool = pool_of()
        host(pool, "one")["license_params"]["expiry"] = stated
        assert expiry(Audit(facts_of(pool)).facts.hosts[0]) == when

    def test_no_date_means_no_end(self) -> None:
        pool = pool_of()
        del host(pool, "one")["license_params"]["expiry"]
        assert expiry(Audit(facts_of(pool)).facts.hosts[0]) is None

    @pytest.mark.parametrize("stated", ["", "soon", "20271301T00:00:00Z", "20270101", "\u0662" * 8])
    def test_no_date_at_all(self, stated: str) -> None:
        pool = pool_of()
        host(pool, "one")["license_params"]["expiry"] = stated
        with pytest.raises(NotVerifiedError, match="not a date"):
            expiry(Audit(facts_of(pool)).facts.hosts[0])


class TestTime:
    def test_long_enough(self) -> None:
        assert words(pool_of(licence_days=400)) == []
        assert words(pool_of(licence_days=400), window=window(300)) == []

    def test_expired(self) -> None:
        assert words(pool_of(licence_days=-1)) == [("expired on 2026-11-22", True)]

    def test_ends_before_the_change(self) -> None:
        found = words(pool_of(licence_days=20), window=window(21))
        assert found == [("expires on 2026-12-13, before the change", True)]

    def test_ends_soon_but_after_the_change(self) -> None:
        assert words(pool_of(licence_days=20), window=window(5)) == []

    def test_ends_soon_and_nobody_said_when_the_change_is(self) -> None:
        with pytest.raises(NotVerifiedError, match="--window"):
            words(pool_of(licence_days=20))

    def test_what_is_sure_needs_no_window(self) -> None:
        pool = pool_of(licence_days=20)
        host(pool, "one")["license_params"]["restrict_xen_motion"] = "true"
        assert len(words(pool)) == 1


class TestFeatures:
    def restricted(self, **keys: str) -> SimPool:
        pool = pool_of(edition="free")
        host(pool, "one")["license_params"].update(keys)
        return pool

    def test_wizard(self) -> None:
        expected = [("edition free does not allow the rolling upgrade wizard", True)]
        assert words(self.restricted(restrict_rpu="true")) == expected
        assert words(self.restricted(restrict_rpu="true"), no_xencenter=True) == []
        assert words(self.restricted(restrict_rpu="true"), method="standalone") == []

    def test_free_before_the_key_existed(self) -> None:
        pool = self.restricted()
        del host(pool, "one")["license_params"]["restrict_rpu"]
        assert words(pool) == [("edition free may not allow the rolling upgrade wizard", False)]

    def test_migration(self) -> None:
        found = words(self.restricted(restrict_xen_motion="true"))
        assert found == [("it does not allow live migration, so no host can be evacuated", True)]

    def test_editions_of_xenserver_8(self) -> None:
        to = target("xenserver-8")
        assert words(pool_of(edition="premium-per-socket"), to) == []
        name = (
            f"edition standard-per-socket does not allow the rolling upgrade wizard for {to.name}"
        )
        assert words(pool_of(edition="standard-per-socket"), to) == [(name, True)]
        assert words(pool_of(edition="desktop"), to, method="clean") == [
            (f"edition desktop is void in {to.name}", to.void_editions.is_verified)
        ]

    def test_xcp_ng_asks_for_nothing(self) -> None:
        assert words(self.restricted(restrict_rpu="true"), target("xcp-ng-8.2")) == []

    def test_edition(self) -> None:
        assert edition(Audit(facts_of(pool_of(edition="free"))).facts.hosts[0]) == "free"
