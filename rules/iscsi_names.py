"""The names by which hosts present themselves to iSCSI targets."""

from typing import Final

from fixtures.model import SR, Host, PoolFacts

_ISCSI: Final = frozenset({"lvmoiscsi", "iscsi"})


def uses_iscsi(facts: PoolFacts) -> bool:
    """Whether a pool has storage over iSCSI; GFS2 says in its connections what it is reached by."""
    return any(sr.type in _ISCSI or _is_gfs2_on_iscsi(sr) for sr in facts.srs)


def _is_gfs2_on_iscsi(sr: SR) -> bool:
    return sr.type == "gfs2" and any(
        pbd.device_config.get("provider", "iscsi") == "iscsi" for pbd in sr.pbds
    )


def initiator_name(host: Host) -> str:
    """The IQN of a host; empty if it has none. Until 7.5 it was a key of `other_config`."""
    if host.has("iscsi_iqn"):
        return host.iscsi_iqn.strip()
    return host.other_config.get("iscsi_iqn", "").strip()


def sharing_name(host: Host) -> tuple[str, ...]:
    """The other hosts that have the same IQN; targets compare without regard to case."""
    own = initiator_name(host).casefold()
    names = {o.ref: initiator_name(o).casefold() for o in host.facts.hosts}
    return tuple(
        other.title
        for other in host.facts.hosts
        if own and other.ref != host.ref and names[other.ref] == own
    )
