"""The synchronisation of updates: what is stale, what never was, and what cannot be."""

from datetime import timedelta

import pytest

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from rules.update_sources import fetches, sync_state
from selftests.faulty_pools import NOW, pool_named
from selftests.release_data import source
from simpool.builder import pool_record, wire
from simpool.direct import facts_of
from simpool.records import NEVER


def state(last: str, days: int = 90, **fields: object) -> tuple[tuple[str, ...], bool]:
    pool = pool_named("xs8")
    pool_record(pool).update(last_update_sync=last, **fields)
    return sync_state(Audit(facts_of(pool, NOW, ())).facts.pool, days)


def ago(**age: float) -> str:
    return str(wire(NOW - timedelta(**age)))


@pytest.mark.parametrize(
    ("last", "days", "expected"),
    [
        (ago(days=6, hours=23), 90, ((), False)),
        (ago(days=7), 90, (("last synchronised 7 days ago",), True)),
        (ago(days=89), 90, (("last synchronised 89 days ago",), True)),
        (ago(days=90), 90, (("last synchronised 90 days ago",), False)),
        (ago(days=3), 2, (("last synchronised 3 days ago",), False)),
        (NEVER, 90, (("never synchronised",), False)),
    ],
)
def test_ages(last: str, days: int, expected: tuple[tuple[str, ...], bool]) -> None:
    assert state(last, days) == expected


def test_what_is_more_than_old_is_not_made_lighter() -> None:
    found, only_old = state(ago(days=10), repositories=[])
    assert found == ("no repository is set up", "last synchronised 10 days ago")
    assert not only_old


def test_a_time_to_come_says_nothing() -> None:
    with pytest.raises(NotVerifiedError, match="future"):
        state(ago(days=-2))


def test_a_repository_that_is_not_known() -> None:
    with pytest.raises(NotVerifiedError):
        state(ago(days=1), repositories=["OpaqueRef:nowhere"])


def test_who_fetches_packages() -> None:
    assert fetches(source("xenserver-8"))
    assert fetches(source("xcp-ng-7.6"))
    assert not fetches(source("citrix-hypervisor-8.2-cu1"))
