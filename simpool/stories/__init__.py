"""What can go wrong with an upgrade, and what others check before one: told by the faults."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent
OPEN: Final = "open"
MARKS: Final = frozenset({"reported by users", "documented", "read in code", "partly read"})


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a fault of `simpool/faults` should tell.

    Attributes:
        id: what `Fault.tells` names.
        says: what happens, or what must hold.
        mark: how it is known.
        not_ours: why no check can tell it; empty if one should.
        same_as: the ids that say the same when taken together.
    """

    id: str
    says: str
    mark: str
    not_ours: str = ""
    same_as: tuple[str, ...] = ()


def stories(folder: Path = FOLDER) -> Mapping[str, tuple[Told, ...]]:
    """All that is to be told: source (the name of its file) -> its list, in the file's order.

    Raises:
        ValueError: a list is not written as it must be.
    """
    found = {
        path.stem: tuple(_told(row, path.name) for row in _rows(path, "told"))
        for path in sorted(folder.glob("*.toml"))
        if path.stem != OPEN
    }
    known = _once(told.id for lists in found.values() for told in lists)
    for told in (told for lists in found.values() for told in lists):
        if unknown := set(told.same_as) - known:
            raise ValueError(f"{told.id}: same as what is not listed: {sorted(unknown)}")
    return found


def open_reasons(folder: Path = FOLDER) -> Mapping[str, str]:
    """What nothing tells yet: id -> reason.

    Raises:
        ValueError: the list is not written as it must be.
    """
    rows = _rows(folder / f"{OPEN}.toml", OPEN)
    for row in rows:
        if set(row) != {"id", "reason"} or not all(row.values()):
            raise ValueError(f"{OPEN}.toml: needs exactly id and reason: {row}")
    _once(row["id"] for row in rows)
    return {row["id"]: row["reason"] for row in rows}


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := set(read) - {table}:
        raise ValueError(f"{path.name}: unknown key {min(unknown)}")
    rows: list[dict[str, Any]] = read.get(table, [])
    return rows


def _told(row: dict[str, Any], name: str) -> Told:
    if unknown := set(row) - {one.name for one in fields(Told)}:
        raise ValueError(f"{name}: unknown key {min(unknown)}")
    if missing := {"id", "says", "mark"} - {key for key, value in row.items() if value}:
        raise ValueError(f"{name}: {row.get('id', 'a row')} lacks {min(missing)}")
    if row["mark"] not in MARKS:
        raise ValueError(f"{name}: {row['id']} has an unknown mark: {row['mark']}")
    told = Told(**{**row, "same_as": tuple(row.get("same_as", ()))})
    if told.not_ours and told.same_as:
        raise ValueError(f"{name}: {told.id} is either not ours or the same as others")
    return told


def _once(ids: Iterator[str]) -> set[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"{one} is listed twice")
        seen.add(one)
    return seen
