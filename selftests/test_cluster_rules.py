"""A cluster that is whole passes, and only while everything of it is known."""

import pytest

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PoolFacts
from rules.clusters import cluster_objections
from rules.confidence import lighter
from selftests.faulty_pools import NOW, pool_named
from simpool.data import SimPool
from simpool.direct import facts_of
from simpool.faults.cluster import make_cluster


def clustered(name: str = "xs8", **fields: object) -> SimPool:
    pool = pool_named(name)
    make_cluster(pool, **fields)
    return pool


def words(pool: SimPool) -> list[str]:
    return [one.words for one in cluster_objections(PoolFacts(facts_of(pool, NOW, ())))]


@pytest.mark.parametrize("name", ["ch82", "xs8"])
def test_a_whole_cluster_passes(name: str) -> None:
    assert words(clustered(name)) == []


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *(("Cluster", field) for field in ("is_quorate", "current_operations", "pending_forget")),
        *(("Cluster", field) for field in ("pool_auto_join",)),
        *(("Cluster_host", field) for field in ("host", "enabled", "joined", "live")),
        ("Cluster_host", "current_operations"),
    ],
)
def test_a_cluster_half_known_is_not_verified(name: str, field: str) -> None:
    pool = clustered()
    for record in pool.records[name].values():
        del record[field]
    with pytest.raises(NotVerifiedError, match=field):
        words(pool)


def test_a_member_of_a_host_that_is_gone_is_not_verified() -> None:
    pool = clustered()
    next(iter(pool.records["Cluster_host"].values()))["host"] = "OpaqueRef:gone"
    with pytest.raises(NotVerifiedError):
        words(pool)


def test_members_without_a_cluster_are_named() -> None:
    pool = clustered()
    pool.records["Cluster"].clear()
    assert words(pool) == ["2 members, but no cluster"]


def test_what_touches_no_storage_in_use_only_warns() -> None:
    pool = clustered(pool_auto_join=False, pending_forget=["192.0.2.77"])
    found = cluster_objections(PoolFacts(facts_of(pool, NOW, ())))
    assert len(found) == 2
    assert lighter(found)


@pytest.mark.parametrize(
    ("name", "operation"), [("Cluster", "remove"), ("Cluster_host", "disable")]
)
def test_an_operation_under_way_is_named(name: str, operation: str) -> None:
    pool = clustered()
    next(iter(pool.records[name].values()))["current_operations"] = {"OpaqueRef:t": operation}
    assert [operation in one for one in words(pool)] == [True]
