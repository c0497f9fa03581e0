"""Pool preconditions: can the pool do without any one host."""

from fixtures.contract import check, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.model import Pool, PoolFacts
from fixtures.releases import Release
from rules.spare import spare_memory


@check("POOL-SPARE-01", warning)
def test_pool_can_spare_any_host(
    pool: Pool, facts: PoolFacts, chosen_target: Release | None, evidence: Evidence
) -> None:
    """All running VMs still have memory with any one host away.

    Why: a rolling upgrade takes one host after the other out of service, and a host can be ejected
        for a trial only if the others carry its VMs.
    Source: From the Field, XenServer 7.X Pool Upgrades, part 1; xapi, ocaml/xapi/memory_check.ml.
    Remedy: shut down VMs that can wait (`xe vm-shutdown uuid=...`), or lower their dynamic minimum
        (`xe vm-memory-dynamic-range-set uuid=... min=... max=...`), until what is missing is free.
    Risk: VM outage; a lower dynamic minimum costs none, but guests with too little memory fail.
    """
    if len(pool.hosts) == 1:
        not_applicable("a pool of one host has none to spare: its VMs are shut down")
    found = spare_memory(facts, chosen_target)
    evidence(without={away.host: away for away in found.hosts}, unknown=found.unknown)
    evidence(dom0_growth_counted_for=chosen_target and chosen_target.name)

    assert not found.short, (
        f"pool {pool.title}: spare memory - expected: all running VMs fit with any one host away, "
        f"found: {'; '.join(away.words for away in found.short)}"
    )
