"""Whether the backup partition can take the copy that an upgrade keeps of the old system."""

import re
from typing import Final

from rules.disk_layout import Generation
from rules.partition_table import GIB, MIB, PartitionTable

_LEAST: Final = {"new": 17 * GIB, "old": int(3.85 * GIB)}


def backup_problem(table: PartitionTable, named: str, generation: Generation) -> str:
    """What is wrong with the backup partition; empty if nothing.

    Args:
        table: of the primary disk.
        named: BACKUP_PARTITION of the inventory.
        generation: of the layout, which decides the size.
    """
    number = re.search(r"[^0-9]([0-9]{1,3})\Z", named)
    if number is None:
        return "the inventory names none"
    found = table.partition(int(number[1]))
    if found is None:
        return f"{named}, which the partition table does not have"
    least = _LEAST[generation]
    return f"{named} of {found.size // MIB} MiB" if found.size < least else ""
