"""Where a pool gets its updates from, and when it last fetched them."""

from datetime import timedelta
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Pool, Repository
from fixtures.releases import SourceRelease
from rules.hotfixes import generation

WIZARD: Final = timedelta(days=7)
"""From when on XenCenter's update wizard asks for a new synchronisation.

Source: xenadmin, XenAdmin/Diagnostics/Checks/OutOfSyncWithCdnCheck.cs.
"""

_SYNC: Final = "sync_updates"


def fetches(release: SourceRelease) -> bool:
    """Whether hosts of a release fetch packages themselves, from the vendor or a mirror."""
    return generation(release) in ("synced", "packages")


def repository_names(pool: Pool) -> tuple[str, ...]:
    """Names of the repositories that the pool uses.

    Raises:
        NotVerifiedError: one is not known.
    """
    return tuple(sorted(pool.facts.get(Repository, ref).name_label for ref in pool.repositories))


def sync_state(pool: Pool, days: int) -> tuple[tuple[str, ...], bool]:
    """What is wrong with the synchronisation of updates, and whether it is no more than old.

    Args:
        pool: one that synchronises with a repository.
        days: the oldest synchronisation wanted.

    Raises:
        NotVerifiedError: a field is missing, or the last one lies in the future.
    """
    found = []
    if not repository_names(pool):
        found.append("no repository is set up")
    if _SYNC in pool.current_operations.values():
        found.append("a synchronisation is under way")
    last, now = pool.last_update_sync, pool.facts.now
    if last.year == 1970:
        return (*found, "never synchronised"), False
    if last > now + timedelta(days=1):
        raise NotVerifiedError(f"the last synchronisation of updates lies in the future: {last}")
    old = (now - last).days
    if now - last >= min(WIZARD, timedelta(days=days)):
        found.append(f"last synchronised {old} days ago")
        return tuple(found), len(found) == 1 and now - last < timedelta(days=days)
    return tuple(found), False
