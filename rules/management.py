"""The management interface of a host, and the bond below it."""

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, Bond, Host
from rules.confidence import Objection

_NO_TAG = -1


def management_of(host: Host) -> tuple[PIF, ...]:
    """The interfaces that a host calls its management interface; there should be one.

    Raises:
        NotVerifiedError: no interface of the host is known, or one is only half known.
    """
    pifs = host.pifs
    if not pifs:
        raise NotVerifiedError(f"host {host.title}: no interface is known")
    return tuple(pif for pif in pifs if pif.management)


def management_objections(host: Host) -> tuple[Objection, ...]:
    """What would keep an installer from reaching its source through the management interface."""
    pifs = management_of(host)
    if len(pifs) != 1:
        names = ", ".join(sorted(pif.device for pif in pifs))
        return (Objection(f"{len(pifs)} management interfaces{f' ({names})' if names else ''}"),)
    (pif,) = pifs
    found: list[Objection] = []
    if not pif.currently_attached:
        found.append(Objection(f"{pif.device} is not attached"))
    mode = pif.ipv6_configuration_mode if _speaks_v6(pif) else pif.ip_configuration_mode
    wanted = _addresses_v6(pif, mode) if _speaks_v6(pif) else _addresses_v4(pif, mode)
    if missing := [name for name, value in wanted.items() if not value]:
        found.append(Objection(f"{pif.device} has no {', '.join(missing)}"))
    if mode == "Static" and not pif.DNS:
        light = "the installer needs it only for a source that is named, not numbered"
        found.append(Objection(f"{pif.device} has no DNS server", light))
    return tuple(found)


def _speaks_v6(pif: PIF) -> bool:
    return pif.has("primary_address_type") and pif.primary_address_type == "IPv6"


def _addresses_v4(pif: PIF, mode: str) -> dict[str, str]:
    """What must be stated; the gateway of a lease xapi records late or never (helpers.ml)."""
    if mode not in ("Static", "DHCP"):
        return {"IPv4 configuration": ""}
    leased = {"IP address": pif.IP, "netmask": pif.netmask}
    return {**leased, "gateway": pif.gateway} if mode == "Static" else leased


def _addresses_v6(pif: PIF, mode: str) -> dict[str, str]:
    if mode not in ("Static", "DHCP", "Autoconf"):
        return {"IPv6 configuration": ""}
    given = {"IPv6 address": "".join(pif.IPv6)}
    return {**given, "IPv6 gateway": pif.ipv6_gateway} if mode == "Static" else given


def bond_of_management(host: Host) -> Bond | None:
    """The bond that carries the management interface, also below a VLAN; None if there is none.

    Raises:
        NotVerifiedError: there is not exactly one management interface, or its carrier is unknown.
    """
    pifs = management_of(host)
    if len(pifs) != 1:
        raise NotVerifiedError(f"host {host.title} has {len(pifs)} management interfaces")
    (pif,) = pifs
    below = [p for p in host.pifs if p.device == pif.device and p.VLAN == _NO_TAG]
    if len(below) != 1:
        raise NotVerifiedError(f"host {host.title}: what carries {pif.device} is not known")
    bonds = host.facts.referring(Bond, "master", below[0].ref)
    if len(bonds) > 1:
        raise NotVerifiedError(f"host {host.title}: {pif.device} belongs to several bonds")
    return bonds[0] if bonds else None
