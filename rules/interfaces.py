"""Interfaces: the same on all hosts, linked, and addressed as they should be."""

from ipaddress import IPv4Interface
from itertools import combinations
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, Host, PIFMetrics
from rules.starts import firmware

LEAST_MTU: Final = 1280
MOST_MTU: Final = 9216
_NO_TAG: Final = -1


def kept_pifs(host: Host) -> tuple[PIF, ...]:
    """The interfaces that xapi manages, by device and VLAN.

    Raises:
        NotVerifiedError: none is known.
    """
    pifs = [pif for pif in host.pifs if not pif.has("managed") or pif.managed]
    if not pifs:
        raise NotVerifiedError(f"host {host.title}: no interface is known")
    return tuple(sorted(pifs, key=lambda pif: (pif.device, pif.VLAN, pif.ref)))


def interface_name(pif: PIF) -> str:
    """`eth1`, or `eth1 VLAN 120`."""
    return pif.device if pif.VLAN == _NO_TAG else f"{pif.device} VLAN {pif.VLAN}"


def position_problems(host: Host, coordinator: Host) -> tuple[str, ...]:
    """Networks whose interface is not the one that the coordinator has, and interfaces without link.

    Raises:
        NotVerifiedError: an interface, its network or its link is not known.
    """
    own, found = kept_pifs(host), []
    for wanted in kept_pifs(coordinator):
        network = wanted.on_network
        there = [pif for pif in own if pif.network == network.ref]
        if not there:
            found.append(f"network {network.title} not on this host")
        elif not any(_alike(pif, wanted) for pif in there):
            seen = ", ".join(_described(pif) for pif in there)
            found.append(f"network {network.title} on {seen} instead of {_described(wanted)}")
    found += [
        f"{pif.device} is attached and has no link"
        for pif in own
        if pif.physical and pif.currently_attached and not _measured(pif).carrier
    ]
    return (*found, *_slot_problems(own, host, coordinator))


def _alike(pif: PIF, other: PIF) -> bool:
    return (pif.device, pif.VLAN, pif.MTU) == (other.device, other.VLAN, other.MTU)


def _described(pif: PIF) -> str:
    return f"{interface_name(pif)} (MTU {pif.MTU})"


def _measured(pif: PIF) -> PIFMetrics:
    return pif.facts.get(PIFMetrics, pif.metrics)


def _slot_problems(own: tuple[PIF, ...], host: Host, coordinator: Host) -> list[str]:
    """Interfaces of machines of one model whose names do not mean the same socket."""
    if firmware(host)[0] != firmware(coordinator)[0]:
        return []
    wanted = {p.device: _measured(p).pci_bus_path for p in kept_pifs(coordinator) if p.physical}
    found = []
    for pif in own:
        path, other = _measured(pif).pci_bus_path if pif.physical else "", wanted.get(pif.device)
        if path and other and path != other:
            found.append(f"{pif.device} is PCI {path}, on {coordinator.title} {other}")
    return found


def address_problems(host: Host) -> tuple[str, ...]:
    """MTUs, gateways, subnets and VLANs that work by luck.

    Raises:
        NotVerifiedError: an interface is only half known, or an address is none.
    """
    found: list[str] = []
    pifs = kept_pifs(host)
    below = {pif.device: pif for pif in pifs if pif.VLAN == _NO_TAG}
    for pif in pifs:
        name = interface_name(pif)
        if not LEAST_MTU <= pif.MTU <= MOST_MTU:
            found.append(f"{name} has MTU {pif.MTU}")
        elif pif.on_network.has("MTU") and pif.MTU != pif.on_network.MTU:
            found.append(f"{name} has MTU {pif.MTU}, its network {pif.on_network.MTU}")
        carrier = below.get(pif.device, pif)
        if pif.MTU > carrier.MTU:
            found.append(f"{name} has MTU {pif.MTU}, what carries it {carrier.MTU}")
        if pif.VLAN == 0:
            found.append(f"{name} is a VLAN that switches give no tag")
        if pif.gateway and not pif.management and pif.ip_configuration_mode == "Static":
            found.append(f"{name} has gateway {pif.gateway} and is not the management interface")
    subnets = [(interface_name(pif), _subnet(pif)) for pif in pifs if _has_address(pif)]
    for (first, one), (second, other) in combinations(subnets, 2):
        if one.network.overlaps(other.network):
            found.append(f"{first} ({one}) and {second} ({other}) share a subnet")
    return tuple(found)


def _has_address(pif: PIF) -> bool:
    return pif.currently_attached and bool(pif.IP)


def _subnet(pif: PIF) -> IPv4Interface:
    try:
        return IPv4Interface(f"{pif.IP}/{pif.netmask}")
    except ValueError as problem:
        name = interface_name(pif)
        raise NotVerifiedError(f"{name}: its address or netmask is none") from problem
