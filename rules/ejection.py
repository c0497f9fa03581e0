"""A clean installation takes a host out of its pool and back: what is lost, what is refused."""

from typing import Final

from fixtures.model import SR, Host, PoolFacts

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
        NotVerifiedError: a licence or an address is not known.
    """
    found = []
    others = [other for other in facts.hosts if other.ref != host.ref]
    restricted = [
        other.title for other in others if other.license_params.get("restrict_pool_size") == "true"
    ]
    if restricted and len(others) >= _SMALLEST_UNLICENSED_POOL:
        found.append(
            f"the licence limits pools to {_SMALLEST_UNLICENSED_POOL} hosts, and {len(others)} stay"
        )
    types = {(other.external_auth_type, other.external_auth_service_name) for other in others}
    joined = sorted(name for kind, name in types if kind)
    if joined:
        found.append(f"it has to join the domain {', '.join(joined)} again before")
    if any(other.has("tls_verification_enabled") for other in others):
        off = [other.title for other in others if not other.tls_verification_enabled]
        if off:
            found.append(
                "a new installation verifies TLS certificates and the pool does not: "
                "xe pool-enable-tls-verification comes first"
            )
    return tuple(found)
