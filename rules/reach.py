"""Which hosts reach an SR or a network, as xapi sees it."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, SR, Bond, Host, Network, NetworkSriov, PoolFacts, Ref
from rules.listing import listed
from rules.once_per_pool import once_per_pool

_SRIOV_SINCE: Final = "7.5"


@once_per_pool
def enabled_hosts(facts: PoolFacts) -> frozenset[Ref]:
    """The hosts that may start and take VMs."""
    return frozenset(host.ref for host in facts.hosts if host.enabled)


@once_per_pool
def attached_hosts(facts: PoolFacts, sr: Ref) -> frozenset[Ref]:
    """The hosts on which some PBD of an SR is attached."""
    pbds = facts.get(SR, sr).pbds
    return frozenset(pbd.host for pbd in pbds if pbd.currently_attached)


@once_per_pool
def interfaces(facts: PoolFacts, network: Ref) -> tuple[PIF, ...]:
    """The PIFs, of all hosts, on a network."""
    return facts.get(Network, network).pifs


def is_bond_member(pif: PIF) -> bool:
    """Whether a PIF is part of a bond that exists, so that it carries no traffic of its own."""
    bond = pif.bond_slave_of
    return bool(bond) and pif.facts.find(Bond, bond) is not None


@once_per_pool
def connected_hosts(facts: PoolFacts, network: Ref) -> frozenset[Ref]:
    """The hosts with a PIF on a network that is not part of a bond.

    Raises:
        NotVerifiedError: the network is one of SR-IOV: whether it can come up without a reboot of
            the host is not among the facts.
    """
    if is_sriov(facts, network):
        name = facts.get(Network, network).title
        raise NotVerifiedError(f"whether every host can use the SR-IOV network {name} is not known")
    return frozenset(pif.host for pif in interfaces(facts, network) if not is_bond_member(pif))


@once_per_pool
def is_sriov(facts: PoolFacts, network: Ref) -> bool:
    """Whether a network is one of SR-IOV, or a VLAN on one.

    Raises:
        NotVerifiedError: it is a VLAN beside an SR-IOV network on the same device, and on which of
            the two it stands is not among the facts.
    """
    if facts.at_least(_SRIOV_SINCE) is False:
        return False
    logical = {sriov.logical_PIF for sriov in facts.table(NetworkSriov).values()}
    if not logical:
        return False
    pifs = interfaces(facts, network)
    if any(pif.ref in logical for pif in pifs):
        return True
    devices = {(pif.host, pif.device) for ref in logical if (pif := facts.find(PIF, ref))}
    if any(pif.VLAN >= 0 and (pif.host, pif.device) in devices for pif in pifs):
        name = facts.get(Network, network).title
        raise NotVerifiedError(f"whether the VLAN network {name} stands on SR-IOV is not known")
    return False


def host_names(facts: PoolFacts, refs: frozenset[Ref]) -> str:
    """Names of hosts for people, at most three, in the order of the pool."""
    names = [host.title for host in facts.hosts if host.ref in refs]
    return listed(names, most=3)


def other_hosts(facts: PoolFacts, host: Ref) -> tuple[Host, ...]:
    """All hosts of the pool but one."""
    return tuple(other for other in facts.hosts if other.ref != host)
