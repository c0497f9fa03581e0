"""Bonds: have all their links, and be the same on all hosts."""

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, Bond, Host, PIFMetrics


def bonds_of(host: Host) -> tuple[Bond, ...]:
    """The bonds of a host.

    Raises:
        NotVerifiedError: the interface of a bond, or the bond of an interface, is not known.
    """
    facts = host.facts
    if not host.pifs:
        raise NotVerifiedError(f"host {host.title}: no interface is known")
    for pif in host.pifs:
        if pif.bond_slave_of:
            facts.get(Bond, pif.bond_slave_of)
    bonds = facts.table(Bond).values()
    return tuple(bond for bond in bonds if facts.get(PIF, bond.master).host == host.ref)


def members_of(bond: Bond) -> tuple[PIF, ...]:
    """The interfaces that a bond is made of, by device."""
    members = bond.facts.referring(PIF, "bond_slave_of", bond.ref)
    return tuple(sorted(members, key=lambda pif: pif.device))


def bond_problems(host: Host, coordinator: Host) -> tuple[str, ...]:
    """What is wrong with the bonds of a host: links that are down, other bonds than the coordinator.

    Raises:
        NotVerifiedError: a link or an interface is not known.
    """
    found: list[str] = []
    for bond in bonds_of(host):
        name, members = bond.facts.get(PIF, bond.master).device, members_of(bond)
        down = [pif.device for pif in members if not _carrier(pif)]
        if len(members) < 2:
            found.append(f"{name} has {len(members)} members")
        if down:
            found.append(f"{name}: {', '.join(down)} without link")
        elif bond.has("links_up") and bond.links_up < len(members):
            found.append(f"{name}: {bond.links_up} of {len(members)} links up")
    own, wanted = _shapes(host), _shapes(coordinator)
    found += [f"no {words} as on {coordinator.title}" for words in wanted if words not in own]
    found += [f"{words}, not on {coordinator.title}" for words in own if words not in wanted]
    return tuple(found)


def _carrier(pif: PIF) -> bool:
    return pif.facts.get(PIFMetrics, pif.metrics).carrier


def _shapes(host: Host) -> tuple[str, ...]:
    """The bonds of a host in words that are the same for the same bond of another host."""
    shapes = []
    for bond in bonds_of(host):
        master = bond.facts.get(PIF, bond.master)
        mode = f" ({bond.mode})" if bond.has("mode") else ""
        members = "+".join(pif.device for pif in members_of(bond))
        shapes.append(f"bond of {members or 'nothing'}{mode} on {master.on_network.title}")
    return tuple(sorted(shapes))
