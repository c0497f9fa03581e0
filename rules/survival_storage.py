"""How hosts reached their SRs before the upgrade, and how they reach them now."""

from fixtures.model import PBD, SR, Host
from fixtures.settings import Settings
from rules.multipath import paths_of
from rules.survival import is_same_host


def detached_since(sr: SR, old: SR, settings: Settings) -> tuple[tuple[Host, PBD | None], ...]:
    """The hosts on which an SR was attached and is not any more, with the connection to plug.

    Hosts that left the pool do not count here.
    """
    pbds = [(sr.facts.get(Host, pbd.host), pbd) for pbd in sr.pbds]
    attached_then = [old.facts.get(Host, pbd.host) for pbd in old.pbds if pbd.currently_attached]
    found = []
    for host in sr.facts.hosts:
        if not any(is_same_host(one, host, settings) for one in attached_then):
            continue
        own = [pbd for on, pbd in pbds if on.ref == host.ref]
        if not any(pbd.currently_attached for pbd in own):
            found.append((host, own[0] if own else None))
    return tuple(found)


def lost_paths(sr: SR, old: SR) -> tuple[str, ...]:
    """Fewer live paths to a LUN than a host had before, in words.

    Raises:
        NotVerifiedError: paths were not counted, then or now.
    """
    names = {host.title for host in sr.facts.hosts}
    now = {(path.host, path.lun): path.live for path in paths_of(sr)}
    return tuple(
        f"{now.get((path.host, path.lun), 'none counted')} instead of {path.live} paths to "
        f"{path.lun} on {path.host}"
        for path in paths_of(old)
        if path.host in names and now.get((path.host, path.lun), 0) < path.live
    )
