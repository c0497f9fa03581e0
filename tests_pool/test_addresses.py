"""Preconditions that the XenAPI knows: by which addresses and names hosts are reached."""

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host, Pool
from fixtures.releases import Release
from rules.host_addresses import address_objections, managed_over_ipv6, management_kind


@check("POOL-ADDRESS-01", warning)
def test_hosts_are_managed_over_one_protocol(
    pool: Pool, target: Release, evidence: Evidence
) -> None:
    """All hosts are managed over the same protocol, and over IPv6 only if the target knows that.

    Why: xapi lets no host join whose management address is of another kind than the coordinator's,
        so one that has to be installed afresh stays outside; until then the pool runs.
    Source: xapi, ocaml/xapi/xapi_pool.ml (assert_homogeneous_primary_address_type); xcp-ng.org,
        IPv6 in XCP-ng.
    Remedy: give the hosts named an address like the coordinator's, with the host empty: `xe
        pif-list host-uuid=...` names its interfaces, `xe host-management-reconfigure pif-uuid=...`
        chooses one.
    Risk: host outage; a host is lost to its pool until the new address works.
    """
    usual = management_kind(pool.coordinator)
    kinds = [(management_kind(host), host) for host in pool.hosts]
    evidence(coordinator=usual, kinds=[f"{kind} on {host.title}" for kind, host in kinds])
    others = [(kind, host) for kind, host in kinds if kind != usual]
    for _, host in others:
        evidence.remedy("xe", "pif-list", f"host-uuid={host.uuid}")
    found = [f"{kind} on {host.title}" for kind, host in others]
    if usual == "IPv6" and not managed_over_ipv6(target):
        found.append(f"IPv6, and nobody says that hosts of {target.name} are managed over it")

    assert not found, (
        f"pool {pool.title}: management addresses - expected: {usual} everywhere, fit for the "
        f"target, found: {'; '.join(found)}"
    )


@check("HOST-ADDRESS-01", warning)
def test_host_is_reached_by_its_own_address_and_name(host: Host, evidence: Evidence) -> None:
    """The pool knows the host by the address of its management interface, and its name is its own.

    Why: members find each other by this address, and name services and logs by the name; a host
        that comes back under another is not found. The pool works until then, so this warns.
    Source: docs.xenserver.com, hosts and resource pools (static addresses); xapi,
        ocaml/xapi/xapi_mgmt_iface.ml.
    Remedy: for a wrong address `xe pif-reconfigure-ip uuid=... mode=static IP=... netmask=...
        gateway=... DNS=...`, with the host empty; for a wrong name `xe host-set-hostname-live
        host-uuid={host.uuid} host-name=...`.
    Risk: host outage; a host whose address changes is lost to its pool until the others know it.
    """
    found = address_objections(host)
    evidence(address=host.address, hostname=host.hostname)

    assert not found, (
        f"host {host.title}: address and name - expected: those of its management interface, its "
        f"own, found: {'; '.join(found)}"
    )
