"""By which addresses and names the hosts of a pool are reached."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PIF, SCHEMA_MINOR, Host
from fixtures.releases import Release
from rules.management import management_of

_KINDS = ("IPv4", "IPv6")


def management_kind(host: Host) -> str:
    """Over which protocol a host is managed; IPv4 where its release knows nothing else.

    Raises:
        NotVerifiedError: it has not one management interface, or the kind has another name.
    """
    kinds = {_kind(pif) for pif in management_of(host)}
    if len(kinds) != 1:
        raise NotVerifiedError(f"host {host.title}: its management interface is not known")
    return kinds.pop()


def _kind(pif: PIF) -> str:
    kind = pif.primary_address_type if pif.has("primary_address_type") else "IPv4"
    if kind not in _KINDS:
        raise NotVerifiedError(f"PIF {pif.device}: primary_address_type is {kind!r}")
    return kind


def managed_over_ipv6(target: Release) -> bool:
    """Whether somebody says that hosts of a release may be managed over IPv6.

    Source: xcp-ng.org, blog, IPv6 in XCP-ng: there since 8.3, and in no release of XenServer.
    """
    return target.brand == "xcp-ng" and target.schema_minor.value >= SCHEMA_MINOR["8.3"]


def address_objections(host: Host) -> tuple[str, ...]:
    """What is wrong with the address and the name of a host.

    Raises:
        NotVerifiedError: an interface, an address or the name of a host is not known.
    """
    found = []
    stated = _address(host.address)
    own = {_address(text) for pif in management_of(host) for text in _addresses(pif)} - {None}
    if not own:
        raise NotVerifiedError(f"host {host.title}: its management interface states no address")
    if stated is None:
        found.append(
            f"{host.address or 'nothing'} is no numeric address, so others must resolve it"
        )
    elif stated not in own:
        words = ", ".join(sorted(map(str, own)))
        found.append(f"{stated} is not the address of its management interface ({words})")
    name = host.hostname.casefold()
    others = [
        other.title
        for other in host.facts.hosts
        if other.ref != host.ref and other.hostname.casefold() == name
    ]
    if not name or name.partition(".")[0] == "localhost":
        found.append(f"its host name is {host.hostname or 'empty'}")
    elif others:
        found.append(f"its host name {host.hostname} is also that of {', '.join(others)}")
    return tuple(found)


def _addresses(pif: PIF) -> tuple[str, ...]:
    return tuple(pif.IPv6) if _kind(pif) == "IPv6" else (pif.IP,)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("/")[0])
    except ValueError:
        return None
