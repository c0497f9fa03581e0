"""All tables of a pool's resources, made from the facts alone, and whether they are complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PBD, PIF, SR, VBD, VDI, VIF, VM, Host, Network, PoolFacts, Record
from rules import (
    resource_networks,
    resource_pool,
    resource_servers,
    resource_storage,
    resource_vms,
)
from rules.once_per_pool import once_per_pool
from rules.resource_cells import Table, Unknown

# What must not name an object that is in no table: class, field, class of what it names.
_NAMES: Final[tuple[tuple[type[Record], str, type[Record]], ...]] = (
    (VBD, "VM", VM),
    (VBD, "VDI", VDI),
    (VIF, "VM", VM),
    (VIF, "network", Network),
    (VDI, "SR", SR),
    (PBD, "SR", SR),
    (PBD, "host", Host),
    (PIF, "network", Network),
    (PIF, "host", Host),
)
_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the tables that XenCenter exports lack; each a sentence that begins with the table.

    Attributes:
        missing: objects that others name and that are in no table.
        unknown: rows and cells that could not be read.
    """

    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@once_per_pool
def resource_tables(facts: PoolFacts) -> tuple[Table, ...]:
    """XenCenter's tables in its order, then what it does not export."""
    return (
        resource_servers.servers(facts),
        resource_networks.networks(facts),
        resource_storage.storage(facts),
        resource_storage.images(facts),
        resource_vms.vms(facts),
        resource_servers.gpus(facts),
        resource_pool.settings(facts),
        resource_pool.hosts(facts),
        resource_storage.connections(facts),
        resource_networks.interfaces(facts),
        resource_networks.bonds(facts),
        resource_vms.drives(facts),
        resource_vms.interfaces(facts),
        resource_vms.snapshots(facts),
        resource_pool.virtual_gpus(facts),
        resource_pool.certificates(facts),
    )


def row_counts(facts: PoolFacts) -> dict[str, int]:
    """How many rows each of the tables has that XenCenter exports, by title."""
    return {found.title: len(found.rows) for found in resource_tables(facts) if found.csv}


@once_per_pool
def gaps(facts: PoolFacts) -> Gaps:
    """What keeps the tables from being a list by which the pool could be rebuilt.

    What is measured at a moment is no part of such a list.
    """
    missing: list[str] = []
    unknown: list[str] = []
    for found in resource_tables(facts):
        if found.csv:
            missing += table_gaps(found, gone=True)
            unknown += table_gaps(found, gone=False)
    for record_class, field, named_class in _NAMES:
        try:
            missing += _unlisted(facts, record_class, field, named_class)
        except NotVerifiedError as problem:
            unknown.append(str(problem))
    if facts.raw.interrupted:
        unknown.append("the reading was interrupted")
    try:
        _ = facts.pool.uuid
    except NotVerifiedError as problem:
        unknown.append(str(problem))
    return Gaps(tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(unknown)))


def table_gaps(found: Table, *, gone: bool) -> Iterator[str]:
    """What one table lacks: for each cause the columns, and how many rows.

    Args:
        found: the table.
        gone: cells that name an object that is not there, else cells that could not be read.
    """
    if found.unread and not gone:
        yield f"{found.title}: {found.unread}"
    columns: dict[tuple[int, str], list[str]] = {}
    for number, (title, _, momentary) in enumerate(found.columns):
        cells = [row[number] for row in found.rows if not momentary]
        causes = [one.cause for one in cells if isinstance(one, Unknown) and one.gone is gone]
        if causes:
            columns.setdefault((len(causes), causes[0]), []).append(title)
    for (count, cause), titles in columns.items():
        yield f"{found.title}: {', '.join(titles)} of {count} of {len(found.rows)} rows ({cause})"


def _is_empty(record: Record, field: str) -> bool:
    """Old releases leave anything at all as the image of an empty drive."""
    return isinstance(record, VBD) and field == "VDI" and record.empty


def _unlisted(
    facts: PoolFacts, record_class: type[Record], field: str, named_class: type[Record]
) -> Iterator[str]:
    listed = facts.table(named_class)
    wrong = sorted(
        record.title
        for record in facts.table(record_class).values()
        if (ref := getattr(record, field)) and ref not in listed and not _is_empty(record, field)
    )
    if wrong:
        yield (
            f"{named_class.xenapi_class}: {len(wrong)} that a {record_class.xenapi_class} names "
            f"are in no table ({', '.join(wrong[:_MOST_SHOWN])})"
        )
