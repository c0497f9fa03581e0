"""What the tables of a pool's resources are made of: typed cells, each known, not known, or nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from fixtures.exceptions import NotVerifiedError
from fixtures.model import NotInReleaseError, Record, Ref
from fixtures.model.record import NULL

R = TypeVar("R", bound=Record)
T = TypeVar("T", bound=Record)

Kind: TypeAlias = Literal["text", "number", "bytes", "time", "duration", "truth"]

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_NEVER_YEAR: Final = 1970


class Left(Enum):
    """Why a cell that is no unknown has no value."""

    NOT_READ = "not read"
    """Performance data, which an audit never reads."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A cell whose value could not be read.

    Attributes:
        cause: why.
        gone: it names an object that is not among what was read although its class was.
    """

    cause: str
    gone: bool = False


# None: the object has no such thing, or its release does not.
Value: TypeAlias = str | int | float | bool | datetime | timedelta | Left | Unknown | None


class GoneError(NotVerifiedError):
    """An object is named that is not among what was read."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column and how its cell is read.

    Attributes:
        title: its header.
        read: from the record to the value; may raise `NotVerifiedError`.
        kind: of its values.
        momentary: measured at a moment, so that a list to rebuild by is complete without.
    """

    title: str
    read: Callable[[R], Value]
    kind: Kind = "text"
    momentary: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        title: name of the table.
        columns: title, kind, and whether it is momentary, of each column.
        rows: cells of each row.
        csv: the titles of XenCenter's CSV, in its order; empty if XenCenter has no such table.
        unread: why there are no rows; empty if there are all.
    """

    title: str
    columns: tuple[tuple[str, Kind, bool], ...]
    rows: tuple[tuple[Value, ...], ...]
    csv: tuple[str, ...] = ()
    unread: str = ""

    @property
    def titles(self) -> tuple[str, ...]:
        """The headers."""
        return tuple(title for title, _, _ in self.columns)


def table(
    title: str,
    columns: Iterable[Column[R]],
    records: Callable[[], Iterable[R]],
    csv: str = "",
) -> Table:
    """Read a table; what cannot be read becomes an `Unknown` cell or the table's `unread`.

    Args:
        title: of the table.
        columns: in the order of the sheet.
        records: gives the rows' records; may raise `NotVerifiedError`.
        csv: titles of XenCenter's CSV, separated by `|`.
    """
    columns = tuple(columns)
    heads = tuple((column.title, column.kind, column.momentary) for column in columns)
    titles = tuple(csv.split("|")) if csv else ()
    try:
        found = tuple(records())
    except NotVerifiedError as unknown:
        return Table(title, heads, (), titles, str(unknown))
    rows = tuple(tuple(_cell(column, record) for column in columns) for record in found)
    return Table(title, heads, rows, titles)


def _cell(column: Column[R], record: R) -> Value:
    try:
        return column.read(record)
    except NotInReleaseError:
        return None
    except GoneError as gone:
        return Unknown(str(gone), gone=True)
    except NotVerifiedError as unknown:
        return Unknown(str(unknown))


def by_name(records: Iterable[R]) -> tuple[R, ...]:
    """Records in the order of their names and references."""
    return tuple(sorted(records, key=lambda record: (record.title, record.ref)))


def follow(record: Record, record_class: type[T], ref: Ref) -> T | None:
    """The record behind a reference of another; None for the null reference.

    Raises:
        GoneError: there is none.
        NotVerifiedError: its class was not read.
    """
    if ref == NULL:
        return None
    found = record.facts.find(record_class, ref)
    if found is None:
        raise GoneError(
            f"{record.xenapi_class} {record.title} names a {record_class.xenapi_class} that is "
            f"not among what was read"
        )
    return found


def named(record: Record, record_class: type[Any], ref: Ref) -> str | None:
    """The name of the object behind a reference; None for the null reference; raises as `follow`."""
    found = follow(record, record_class, ref)
    return None if found is None else str(found.name_label)


def size(number: int) -> int | None:
    """A size; xapi writes what it does not know as a negative one."""
    return number if number >= 0 else None


def size_words(number: int | None) -> str:
    """A number of bytes for people: `40.0 GiB`."""
    if number is None:
        return "-"
    value, unit = float(number), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{number} B"


def share(part: int, whole: int) -> float | None:
    """A part of a whole as a fraction; None if there is no whole."""
    return part / whole if whole > 0 <= part else None


def percent_words(fraction: float | None) -> str:
    """A fraction for people: `12.5%`."""
    return "unknown" if fraction is None else f"{100 * fraction:.1f}%"


def stated(when: datetime) -> datetime | None:
    """A time; None for the beginning of the epoch, by which xapi says `never`."""
    return when if when.year > _NEVER_YEAR else None


def since(record: Record, begun: datetime | None) -> timedelta | None:
    """For how long something has lasted when the facts were read.

    Raises:
        NotVerifiedError: nobody knows when that was, or it began after it.
    """
    if begun is None:
        return None
    if record.facts.raw.source.get("kind") == "dump":
        raise NotVerifiedError("a database dump does not say when it was made")
    lasted = record.facts.now - begun
    if lasted < timedelta(0):
        raise NotVerifiedError(f"{record.xenapi_class} {record.title}: dated in the future")
    return lasted


def joined(parts: Iterable[str]) -> str | None:
    """Texts each followed by a semicolon, as XenCenter lists them; None if there are none."""
    return "".join(f"{part};" for part in parts) or None
