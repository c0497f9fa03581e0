"""Long lists of names, cut short for people."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names with commas between them; beyond `most` only their number: `a, b and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
