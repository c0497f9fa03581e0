"""A clean installation takes a host out of its pool and back: what is lost, what is refused."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, Host, PoolFacts
from rules.host_addresses import management_kind
from rules.licence import FREE, edition

_NO_CONTENT: Final = frozenset({"udev", "iso"})  # drives of the host, images that can be had again
_SMALLEST_UNLICENSED_POOL: Final = 3


def local_srs(host: Host) -> tuple[SR, ...]:
    """The SRs that only this host has, without its drives.

    Raises:
        NotVerifiedError: a connection or its SR is not known.
    """
    found = {pbd.SR: pbd.sr for pbd in host.pbds}
    own = [sr for sr in found.values() if not sr.shared and sr.type not in _NO_CONTENT]
    return tuple(sorted(own, key=lambda sr: (sr.title, sr.ref)))


def lost_disks(host: Host) -> tuple[str, ...]:
    """Images on the host's own SRs, with their SR in words; xapi forgets them when the host goes.

    Images that xapi does not manage are named as well: something is there.
    """
    return tuple(
        f"{disk.title} on SR {sr.title}"
        for sr in local_srs(host)
        for disk in sorted(sr.vdis, key=lambda disk: (disk.title, disk.ref))
    )


def rejoin_objections(facts: PoolFacts, host: Host) -> tuple[str, ...]:
    """Why a reinstalled host could not join the pool again (xenadmin, XenModel/PoolJoinRules.cs).

    Raises:
        NotVerifiedError: a licence, a directory or an address is not known.
    """
    others = [other for other in facts.hosts if other.ref != host.ref]
    found = [words for words in (_size_objection(others), _kind_objection(facts)) if words]
    types = {(other.external_auth_type, other.external_auth_service_name) for other in others}
    joined = sorted(name for kind, name in types if kind)
    if joined:
        found.append(f"it has to join the domain {', '.join(joined)} again before")
    if facts.pool.has("tls_verification_enabled"):
        on = [other.tls_verification_enabled for other in others]
        if not all([facts.pool.tls_verification_enabled, *on]):
            found.append(
                "a new installation verifies TLS certificates and the pool does not: "
                "xe pool-enable-tls-verification comes first"
            )
    return tuple(found)


def _size_objection(others: list[Host]) -> str:
    """Why the licence lets no further host join; xapi counts what is not stated as restricted.

    Before 7.3 no licence stated it; the free edition is restricted from then on.
    """
    stated = {_pool_size_of(other) for other in others}
    if len(others) < _SMALLEST_UNLICENSED_POOL or stated <= {"false"}:
        return ""
    return f"the licence limits pools to {_SMALLEST_UNLICENSED_POOL} hosts, and {len(others)} stay"


def _pool_size_of(host: Host) -> str:
    if not host.license_params:
        raise NotVerifiedError(f"host {host.title} states nothing about its licence")
    stated = host.license_params.get("restrict_pool_size")
    if stated is None:
        newer = host.facts.at_least("7.3")
        if newer is None:
            raise NotVerifiedError("whether the release limits the size of pools is not known")
        return "true" if newer or edition(host) in FREE else "false"
    if stated not in ("true", "false"):
        raise NotVerifiedError(
            f"host {host.title}: license_params restrict_pool_size is neither true nor false"
        )
    return stated


def _kind_objection(facts: PoolFacts) -> str:
    """Why the address that an installer gives by itself is none of the coordinator's kind."""
    if management_kind(facts.pool.coordinator) == "IPv4":
        return ""
    return "the coordinator is managed over IPv6: give the new installation such an address too"
