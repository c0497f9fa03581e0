"""Room for updates: what a host lacks, what that takes, and what states no size."""

from collections.abc import Mapping

import pytest

from fixtures.audit import Audit
from fixtures.exceptions import NotVerifiedError
from rules.hotfixes import Generation
from rules.update_room import in_mib, missing_updates
from selftests.faulty_pools import NOW, pool_named
from simpool.builder import GIB, add_hotfix, find, wire
from simpool.data import SimPool
from simpool.direct import facts_of


def missing(pool: SimPool, kind: Generation) -> Mapping[str, int]:
    return missing_updates(Audit(facts_of(pool, NOW, ())).facts.pool.coordinator, kind)


def test_what_the_host_has_needs_no_room() -> None:
    assert missing(pool_named("default"), "updates") == {}


def test_an_update_states_what_it_takes() -> None:
    pool = pool_named("default")
    add_hotfix(pool, "XS72E014", hosts=())
    find(pool, "pool_update", "XS72E014")[1]["installation_size"] = wire(3 * GIB)
    assert missing(pool, "updates") == {"XS72E014": 3 * GIB}


def test_a_hotfix_takes_its_size_twice() -> None:
    pool = pool_named("xs65")
    add_hotfix(pool, "XS65E020", hosts=())
    find(pool, "pool_patch", "XS65E020")[1]["size"] = wire(GIB)
    assert missing(pool, "patches") == {"XS65E020": 2 * GIB}


def test_no_size_is_not_no_room() -> None:
    pool = pool_named("default")
    add_hotfix(pool, "XS72E014", hosts=())
    find(pool, "pool_update", "XS72E014")[1]["installation_size"] = wire(0)
    with pytest.raises(NotVerifiedError, match="XS72E014 states no size"):
        missing(pool, "updates")


def test_mib_are_rounded_up() -> None:
    assert [in_mib(size) for size in (0, 1, 2**20, 2**20 + 1)] == [0, 1, 1, 2]
