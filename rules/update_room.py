"""Room in dom0 for the updates that the pool knows and the host does not have yet."""

from collections.abc import Iterator, Mapping

from fixtures.exceptions import NotVerifiedError
from fixtures.model import Host, PoolFacts, PoolPatch, PoolUpdate
from rules.hotfixes import Generation, applied
from rules.partition_table import MIB


def missing_updates(host: Host, kind: Generation) -> Mapping[str, int]:
    """Hotfixes or updates that the host lacks: name -> bytes that it needs for it.

    An update states what it takes. A hotfix, up to 7.0, is uploaded and unpacked: twice its size.
    Source: xenadmin, XenAdmin/Diagnostics/Checks/DiskSpaceForAutomatedUpdatesCheck.cs.

    Raises:
        NotVerifiedError: a record is not known, or states no size.
    """
    have = applied(host, kind)
    found: dict[str, int] = {}
    for name, uuid, size in _known(host.facts, kind):
        if uuid in have:
            continue
        if size <= 0:
            raise NotVerifiedError(f"update {name} states no size")
        found[name] = found.get(name, 0) + size
    return found


def _known(facts: PoolFacts, kind: Generation) -> Iterator[tuple[str, str, int]]:
    if kind == "patches":
        for patch in facts.table(PoolPatch).values():
            yield patch.name_label, patch.uuid, 2 * patch.size
    else:
        for update in facts.table(PoolUpdate).values():
            yield update.name_label, update.uuid, update.installation_size


def in_mib(size: int) -> int:
    """Bytes as whole MiB, rounded up."""
    return -(-size // MIB)
