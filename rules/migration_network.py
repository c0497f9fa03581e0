"""Is the network that Xen Orchestra moves VMs over there, and usable on every host.

Source: Xen Orchestra, xo-server (the pool's key `xo:migrationNetwork`); xapi, ocaml/xapi/xapi_vm.ml.
"""

from typing import Final

from fixtures.model import PIF, Host, Network, Pool
from rules.reach import is_bond_member, other_hosts

KEY: Final = "xo:migrationNetwork"


def migration_network(pool: Pool, stated: str) -> Network | None:
    """The network whose uuid is stated; None if there is none (any more)."""
    networks = pool.facts.table(Network).values()
    return next((network for network in networks if network.uuid == stated), None)


def network_problems(pool: Pool, network: Network) -> tuple[str, ...]:
    """What prevents the use of a network for migrations, host by host."""
    found = ((host, problem) for host in pool.hosts if (problem := _problem(host, network)))
    return tuple(f"{problem} on {host.title}" for host, problem in found)


def _problem(host: Host, network: Network) -> str:
    pifs = [pif for pif in network.pifs if pif.host == host.ref]
    if not pifs:
        return "no interface"
    if all(is_bond_member(pif) for pif in pifs):
        return "only a member of a bond"
    usable = [pif for pif in pifs if not is_bond_member(pif)]
    if not any(pif.currently_attached for pif in usable):
        return "not attached"
    if not any(pif.currently_attached and _has_address(pif) for pif in usable):
        return "no IP address"
    return ""


def _has_address(pif: PIF) -> bool:
    if pif.IP:
        return True
    return pif.has("IPv6") and any(pif.IPv6)


def sends_vms(pool: Pool) -> bool:
    """Whether a rolling upgrade of this pool moves VMs at all."""
    return bool(other_hosts(pool.facts, pool.master))
