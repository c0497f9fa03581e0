"""JSON as `results.json` has it: sorted keys, one space of indent, ASCII alone.

The same text as `json.dumps(..., sort_keys=True, indent=1, allow_nan=False)`, which has no fast way
to indent and keeps all pieces of a document until the last one: large lists come item by item here.
"""

import json.encoder
import math
from collections.abc import Iterator, Mapping
from typing import Final

from fixtures.raw import Json

_quoted: Final = json.encoder.encode_basestring_ascii


def indented(document: Mapping[str, Json]) -> Iterator[str]:
    """The text of a document in pieces: every item of a list that stands directly in it is one.

    Raises:
        ValueError: a number is not finite.
        TypeError: something is not JSON, or a key no text.
    """
    if not document:
        yield "{}"
        return
    opening = "{"
    for name in sorted(document):
        value = document[name]
        yield f"{opening}\n {_quoted(name)}: "
        opening = ","
        if isinstance(value, list | tuple) and value:
            yield from _items(value)
        else:
            yield _text(value, "\n ")
    yield "\n}"


def _items(values: list[Json] | tuple[Json, ...]) -> Iterator[str]:
    opening = "[\n  "
    for value in values:
        yield opening + _text(value, "\n  ")
        opening = ",\n  "
    yield "\n ]"


def _text(value: Json, margin: str) -> str:
    out: list[str] = []
    _add(value, margin, out)
    return "".join(out)


def _add(value: Json, margin: str, out: list[str]) -> None:
    """Add a value; `margin` is the line break and the indent of what it stands in."""
    if isinstance(value, dict):
        _add_map(value, margin, out)
    elif isinstance(value, list | tuple):
        _add_list(value, margin, out)
    else:
        out.append(_scalar(value))


def _add_map(values: dict[str, Json], margin: str, out: list[str]) -> None:
    if not values:
        out.append("{}")
        return
    inner = margin + " "
    opening = "{" + inner
    for name in sorted(values):
        value = values[name]
        out.append(opening)
        opening = "," + inner
        if type(value) is str:  # nearly all are
            out += (_quoted(name), ": ", _quoted(value))
        else:
            out += (_quoted(name), ": ")
            _add(value, inner, out)
    out += (margin, "}")


def _add_list(values: list[Json] | tuple[Json, ...], margin: str, out: list[str]) -> None:
    if not values:
        out.append("[]")
        return
    inner = margin + " "
    opening = "[" + inner
    for value in values:
        out.append(opening)
        opening = "," + inner
        _add(value, inner, out)
    out += (margin, "]")


def _scalar(value: Json) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("Out of range float values are not JSON compliant")
        return float.__repr__(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
