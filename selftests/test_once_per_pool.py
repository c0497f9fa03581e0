"""What rules remember about a pool goes with the pool."""

import gc
import weakref

from fixtures.model import Host, PoolFacts
from rules.once_per_pool import once_per_pool
from simpool.direct import facts_of
from simpool.pools import build

asked: list[str] = []


@once_per_pool
def hosts_of(facts: PoolFacts) -> tuple[Host, ...]:
    asked.append("asked")
    return facts.hosts


def test_an_answer_that_leads_back_to_its_pool_does_not_keep_it() -> None:
    facts = PoolFacts(facts_of(build("default"), probes=()))
    assert hosts_of(facts) is hosts_of(facts)
    assert asked == ["asked"]
    pool = weakref.ref(facts)
    del facts
    gc.collect()
    assert pool() is None
