"""What may stand in a report as evidence: plain JSON, finite, capped, the same on every machine."""

import enum
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Final

from fixtures.raw import Json
from reports.text import whole

STRING_BYTES: Final = 4096
LIST_ITEMS: Final = 200
DEPTH: Final = 8
VALUES: Final = 5000
_INT_BITS: Final = 64
MORE: Final = "..."
_USUAL: Final = frozenset({str, bool, int, float, type(None), datetime})


class Settled(dict[str, Json]):
    """Evidence that `plain` has been through already; cutting it again would count wrongly."""

    __slots__ = ()


_NO_EVIDENCE: Final = Settled()


def settled(evidence: Mapping[str, object]) -> Settled:
    """Evidence made plain once and for all; outcomes without any share theirs, and change it never."""
    if not evidence:
        return _NO_EVIDENCE
    return evidence if isinstance(evidence, Settled) else Settled(plain(evidence))


def plain(value: object) -> Json:
    """Evidence as JSON: strings to 4 KB, lists and maps to 200 entries, 5,000 values, 8 levels.

    What is cut says so and by how much. Numbers that JSON lacks (NaN, infinities) become words,
    half surrogates become escapes. An object that is none of JSON's is named by its type alone,
    because its repr may differ between two runs.
    """
    return value if isinstance(value, Settled) else _plain(value, DEPTH, _Budget())


def plain_text(text: str) -> str:
    """A string that encodes as UTF-8 and has at most 4 KB, with a note of what was cut."""
    if len(text) <= STRING_BYTES and text.isascii():
        return text
    data = whole(text).encode()
    if len(data) <= STRING_BYTES:
        return data.decode()
    kept = data[:STRING_BYTES].decode(errors="ignore")
    return f"{kept} ... and {len(data) - len(kept.encode())} more bytes"


class _Budget:
    """Counts values, so that nesting cannot multiply the other caps."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = VALUES

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _plain(value: object, depth: int, budget: _Budget) -> Json:
    if not budget.spend():
        return "... left out: too many values"
    if type(value) in _USUAL:  # asking for abstract kinds is ten times slower
        return _plain_scalar(value)
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth, budget)
    if isinstance(value, Mapping | Sequence | AbstractSet) and not isinstance(value, str | bytes):
        if depth == 0:
            return "... left out: nested too deeply"
        if isinstance(value, Mapping):
            return _plain_map(value, depth - 1, budget)
        return _plain_list(value, depth - 1, budget)
    return _plain_scalar(value)


def _plain_scalar(value: object) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, int):
        bits = value.bit_length()
        return value if bits <= _INT_BITS else f"an integer of {bits} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat()
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"<{type(value).__name__}>"


def _plain_map(value: Mapping[object, object], depth: int, budget: _Budget) -> Json:
    # Sorted before it is cut: which entries survive must not depend on who filled the map.
    entries = sorted(((_key(key), item) for key, item in value.items()), key=lambda pair: pair[0])
    shown = {key: _plain(item, depth, budget) for key, item in entries[:LIST_ITEMS]}
    rest = len(entries) - LIST_ITEMS
    if rest > 0:
        shown[MORE] = f"and {rest} more"
    return shown


def _key(key: object) -> str:
    if type(key) is str:
        return plain_text(key)
    scalar = _plain_scalar(key)
    return scalar if isinstance(scalar, str) else str(scalar)


def _plain_list(value: Sequence[object] | AbstractSet[object], depth: int, budget: _Budget) -> Json:
    rest = len(value) - LIST_ITEMS
    if isinstance(value, AbstractSet):
        # A set's order changes with the hash seed of the process.
        value = sorted(value, key=lambda item: repr(_plain(item, depth, _Budget())))
    shown = [_plain(item, depth, budget) for item in value[:LIST_ITEMS]]
    if rest > 0:
        shown.append(f"... and {rest} more")
    return shown
