"""Whether a cluster of the hosts is whole: every member on, joined and alive, and enough of them."""

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Cluster, ClusterHost, Host, PoolFacts
from fixtures.version_order import compare_versions, parse_version
from rules.confidence import Objection

_EMPTY = "no storage lies on the cluster"
_FROM_75 = "2.5.50"
_BELOW_76 = "2.6.50"
_PASSES = "it concerns no storage that is in use"


def cluster_objections(facts: PoolFacts) -> tuple[Objection, ...]:
    """What is wrong with the clusters of a pool; nothing where there is none.

    Raises:
        NotVerifiedError: a cluster or a member is not known, or only half known.
    """
    clusters = facts.table(Cluster).values()
    members = facts.table(ClusterHost).values()
    if not clusters and not members:
        return ()
    found = [one for cluster in clusters for one in _of_cluster(cluster)]
    if not clusters:
        found.append(Objection(f"{len(members)} members, but no cluster"))
    for member in sorted(members, key=lambda member: member.ref):
        found += _of_member(facts.get(Host, member.host), member)
    belong = {member.host for member in members}
    found += [
        Objection(f"{host.title} is no member") for host in facts.hosts if host.ref not in belong
    ]
    if found and not any(sr.type == "gfs2" or sr.clustered for sr in facts.srs):
        return tuple(Objection(one.words, one.lighter or _EMPTY) for one in found)
    return tuple(found)


def refused_from_75(facts: PoolFacts) -> str:
    """What of a pool of exactly 7.5 XenCenter does not upgrade, whatever the target; else empty.

    Source: xenadmin, XenAdmin/Diagnostics/Checks (PoolHasGFS2SR).

    Raises:
        NotVerifiedError: there may be some, and the coordinator's release is not known.
    """
    on = [
        facts.get(Host, one.host).title for one in facts.table(ClusterHost).values() if one.enabled
    ]
    srs = [sr.title for sr in facts.srs if sr.type == "gfs2"]
    if not on and not srs:
        return ""
    platform = facts.pool.coordinator.software_version.get("platform_version", "")
    if parse_version(platform) is None:
        raise NotVerifiedError("whether the pool runs 7.5, with its clustering, is not known")
    if not compare_versions(_FROM_75, platform) <= 0 < compare_versions(_BELOW_76, platform):
        return ""
    words = f"clustering on {', '.join(sorted(on))}" if on else f"GFS2 in SR {', '.join(srs)}"
    return f"{words}: XenCenter refuses to upgrade 7.5 with it"


def _of_cluster(cluster: Cluster) -> list[Objection]:
    found = []
    if cluster.has("is_quorate") and not cluster.is_quorate:
        found.append(Objection(f"{cluster.live_hosts} live hosts, {cluster.quorum} make a quorum"))
    if cluster.current_operations:
        words = ", ".join(sorted(set(cluster.current_operations.values())))
        found.append(Objection(f"{words} of the cluster under way"))
    if cluster.has("pending_forget") and cluster.pending_forget:
        words = f"lost members to be forgotten: {', '.join(sorted(cluster.pending_forget))}"
        found.append(Objection(words, _PASSES))
    if not cluster.pool_auto_join:
        found.append(Objection("hosts do not join it by themselves", _PASSES))
    return found


def _of_member(host: Host, member: ClusterHost) -> list[Objection]:
    found = []
    if not member.enabled:
        found.append(Objection(f"clustering is off on {host.title}"))
    elif not member.joined:
        found.append(Objection(f"{host.title} has not joined"))
    elif member.has("live") and not member.live:
        found.append(Objection(f"{host.title} is not live in it"))
    if member.current_operations:
        words = ", ".join(sorted(set(member.current_operations.values())))
        found.append(Objection(f"{words} of the member {host.title} under way"))
    return found
