"""How fast the interfaces of a host are, beside those of the other hosts on the same networks."""

from typing import Final

from fixtures.model import PIF, Host, PIFMetrics
from rules.interfaces import interface_name, kept_pifs

_UNKNOWN: Final = (65_535, 4_294_967_295)
"""What drivers that do not know the speed report: -1 in 16 and in 32 bits."""


def linked_pifs(host: Host) -> tuple[PIF, ...]:
    """The physical interfaces of a host that are attached and have a link.

    Raises:
        NotVerifiedError: an interface or its link is not known.
    """
    own = [pif for pif in kept_pifs(host) if pif.physical and pif.currently_attached]
    return tuple(pif for pif in own if _measured(pif).carrier)


def speed(pif: PIF) -> int:
    """Mbit/s; 0 if the interface does not state it."""
    stated = _measured(pif).speed
    return 0 if stated <= 0 or stated in _UNKNOWN else stated


def speed_problems(host: Host) -> tuple[str, ...]:
    """Interfaces that state no speed, and such as are slower than another host's on their network.

    Raises:
        NotVerifiedError: an interface, its link or its speed is not known.
    """
    found = []
    for pif in linked_pifs(host):
        own, name = speed(pif), interface_name(pif)
        if not own:
            found.append(f"{name} is linked and states no speed")
            continue
        faster = {peer.facts.get(Host, peer.host).title: speed(peer) for peer in _peers(pif)}
        most = max(faster.values(), default=0)
        if most > own:
            where = min(title for title, value in faster.items() if value == most)
            found.append(f"{name} has {own} Mbit/s, on {where} {most} Mbit/s")
    return tuple(found)


def _peers(pif: PIF) -> tuple[PIF, ...]:
    """The linked physical interfaces of other hosts on the same network."""
    others = (one for one in pif.on_network.pifs if one.host != pif.host and one.physical)
    return tuple(one for one in others if one.currently_attached and _measured(one).carrier)


def _measured(pif: PIF) -> PIFMetrics:
    return pif.facts.get(PIFMetrics, pif.metrics)
