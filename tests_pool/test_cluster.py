"""Pool preconditions: a cluster of the hosts is whole before one of them goes down."""

from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import Cluster, ClusterHost, Pool, PoolFacts
from rules.clusters import cluster_objections
from rules.confidence import lighter


@check("POOL-CLUSTER-02", blocker)
def test_cluster_is_whole(pool: Pool, facts: PoolFacts, evidence: Evidence) -> None:
    """The hosts form no cluster, or all are live members of it, and it is quorate.

    Why: xapi attaches no GFS2 storage on a host that has not joined or without a quorum, so no VM
        can move there; while a member is down it refuses to restart the others.
    Source: xapi, ocaml/xapi/xapi_clustering.ml, xapi_cluster_host.ml and xapi_host_helpers.ml
        (CLUSTERED_SR_DEGRADED).
    Remedy: `xe cluster-host-list` names the members; bring back the host that is named, then `xe
        cluster-host-enable uuid=...`; one that is gone for good is removed with `xe
        cluster-host-force-destroy uuid=...`.
    Risk: data loss; a member destroyed by force that still runs writes to disks which others take
        over.
    """
    found = cluster_objections(facts)
    evidence(clusters=len(facts.table(Cluster)), members=len(facts.table(ClusterHost)))
    for member in facts.table(ClusterHost).values():
        if not member.enabled:
            evidence.remedy("xe", "cluster-host-enable", f"uuid={member.uuid}")
    if why := lighter(found):
        evidence.weigh(warning, why)

    assert not found, (
        f"pool {pool.title}: cluster - expected: none, or quorate with every host in it, "
        f"found: {'; '.join(one.words for one in found)}"
    )
