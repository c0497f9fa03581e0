"""iSCSI sessions as the storage manager recorded them, against the paths that they make."""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, Host
from rules.multipath import is_multipathed, paths_of

ISCSI: Final = frozenset({"lvmoiscsi", "iscsi"})
_KEY: Final = "iscsi_sessions"


def session_counts(sr: SR) -> dict[str, tuple[int, int]]:
    """Name of a host -> its iSCSI sessions, and the most paths to a LUN; of hosts with several paths.

    Source: sm, drivers/BaseISCSI.py (iscsi_sessions) and drivers/mpathcount.py.

    Raises:
        NotVerifiedError: a host with several paths records no sessions, or no paths.
    """
    paths = paths_of(sr)
    found: dict[str, tuple[int, int]] = {}
    for pbd in sr.pbds:
        if not pbd.currently_attached or not is_multipathed(pbd):
            continue
        host = sr.facts.get(Host, pbd.host).title
        text = pbd.other_config.get(_KEY, "")
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise NotVerifiedError(f"host {host} does not record its iSCSI sessions")
        counted = int(text), max(path.total for path in paths if path.host == host)
        # Of two hosts that share a name the one with a problem counts.
        if host not in found or found[host][0] == found[host][1]:
            found[host] = counted
    return found


def session_problems(counts: dict[str, tuple[int, int]]) -> tuple[str, ...]:
    """On which hosts there is not one session for each path."""
    return tuple(
        f"{sessions} for {paths} paths on {host}"
        for host, (sessions, paths) in sorted(counts.items())
        if sessions != paths
    )
