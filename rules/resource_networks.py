"""The tables of networks, of the interfaces of hosts, and of bonds.

Columns: xenadmin, XenAdmin/Actions/GUIActions/ExportResourceReportAction.cs.
"""

from typing import Final

from fixtures.model import PIF, Bond, Host, Network, PIFMetrics, PoolFacts, Tunnel
from rules.resource_cells import Column, Table, by_name, follow, joined, named, table

_NETWORK_CSV: Final = "Name|Link Status|MAC|MTU|VLAN|Location"


def networks(facts: PoolFacts) -> Table:
    """The table `Networks`; none is left out, also not what XenCenter hides."""
    columns: tuple[Column[Network], ...] = (
        Column("Name", lambda network: network.name_label),
        Column("Link Status", _link, momentary=True),
        Column("MAC", lambda network: _first(network).MAC if network.pifs else None),
        Column("MTU", lambda network: network.MTU, "number"),
        Column("VLAN", _vlan, "number"),
        Column("Type", _type),
        Column("Location", lambda network: joined(_seen_by(network))),
        Column("UUID", lambda network: network.uuid),
        Column("Bridge", lambda network: network.bridge),
        Column("Description", lambda network: network.name_description),
    )
    return table("Networks", columns, lambda: by_name(facts.table(Network).values()), _NETWORK_CSV)


def interfaces(facts: PoolFacts) -> Table:
    """Every interface of every host."""
    columns: tuple[Column[PIF], ...] = (
        Column("Server", lambda pif: named(pif, Host, pif.host)),
        Column("Device", lambda pif: pif.device),
        Column("Network", lambda pif: named(pif, Network, pif.network)),
        Column("Management", lambda pif: pif.management, "truth"),
        Column("Attached", lambda pif: pif.currently_attached, "truth"),
        Column("Link", _carrier, "truth"),
        Column("MAC", lambda pif: pif.MAC),
        Column("MTU", lambda pif: pif.MTU, "number"),
        Column("VLAN", lambda pif: pif.VLAN if pif.VLAN >= 0 else None, "number"),
        Column("IP mode", lambda pif: pif.ip_configuration_mode),
        Column("IP", lambda pif: pif.IP),
        Column("Netmask", lambda pif: pif.netmask),
        Column("Gateway", lambda pif: pif.gateway),
        Column("DNS", lambda pif: pif.DNS),
        Column("IPv6", lambda pif: "; ".join(pif.IPv6)),
        Column("Member of a bond", lambda pif: pif.bond_slave_of != "", "truth"),
        Column("UUID", lambda pif: pif.uuid),
    )
    return table("Interfaces", columns, lambda: _by_host(facts))


def bonds(facts: PoolFacts) -> Table:
    """Every bond."""
    columns: tuple[Column[Bond], ...] = (
        Column("Server", lambda bond: named(_master(bond), Host, _master(bond).host)),
        Column("Device", lambda bond: _master(bond).device),
        Column("Mode", lambda bond: bond.mode),
        Column("Members", lambda bond: "; ".join(_members(bond))),
        Column("Links up", lambda bond: bond.links_up, "number"),
        Column("UUID", lambda bond: bond.uuid),
    )
    return table("Bonds", columns, lambda: by_name(facts.table(Bond).values()))


def _by_host(facts: PoolFacts) -> tuple[PIF, ...]:
    place = {host.ref: number for number, host in enumerate(facts.hosts)}
    last = len(place)
    return tuple(
        sorted(
            facts.table(PIF).values(),
            key=lambda pif: (place.get(pif.host, last), pif.device, pif.VLAN, pif.ref),
        )
    )


def _master(bond: Bond) -> PIF:
    return bond.facts.get(PIF, bond.master)


def _members(bond: Bond) -> list[str]:
    return sorted(pif.device for pif in bond.facts.referring(PIF, "bond_slave_of", bond.ref))


def _first(network: Network) -> PIF:
    """The coordinator's interface if it has one."""
    pifs = network.pifs
    return next((p for p in pifs if p.host == network.facts.coordinator_ref), pifs[0])


def _carrier(pif: PIF) -> bool | None:
    metrics = follow(pif, PIFMetrics, pif.metrics)
    return None if metrics is None else metrics.carrier


def _link(network: Network) -> str:
    links = [_carrier(pif) for pif in network.pifs]
    if not links:
        return "None"
    if None in links:
        return "Unknown"
    if all(links):
        return "Connected"
    return "Partially connected" if any(links) else "Disconnected"


def _vlan(network: Network) -> int | None:
    if not network.pifs:
        return None
    tag = _first(network).VLAN
    return tag if tag >= 0 else None


def _type(network: Network) -> str:
    if not network.pifs:
        return "single-server private"
    pif = _first(network)
    if network.facts.referring(Tunnel, "access_PIF", pif.ref):
        return "cross-server private"
    if pif.VLAN >= 0:
        return "external"
    if network.facts.referring(Bond, "master", pif.ref):
        return "bonded"
    return "built-in" if pif.physical else "other"


def _seen_by(network: Network) -> list[str]:
    """`name:uuid` of the hosts with an interface on it; without any, every host has it."""
    if not network.pifs:
        return [f"{host.name_label}:{host.uuid}" for host in network.facts.hosts]
    hosts = [follow(pif, Host, pif.host) for pif in network.pifs]
    return sorted({f"{host.name_label}:{host.uuid}" for host in hosts if host is not None})
