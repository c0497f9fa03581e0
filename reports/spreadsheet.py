"""A workbook (Office Open XML): typed cells, frozen headers, filters; equal tables, equal bytes.

No text becomes a formula or a link: every one is written as a string, whatever it looks like.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import xlsxwriter

from reports.text import visible
from rules.resource_cells import Kind, Left, Unknown, Value

# Excel's own limits, and the whole numbers that it keeps exactly.
MOST_ROWS: Final = 1_048_576
MOST_CHARACTERS: Final = 32_767
_MOST_EXACT: Final = 10**15
_LEAST_YEAR: Final = 1900

NOT_VERIFIED: Final = "not verified"
NOTHING: Final = "-"
_FORMATS: Final[dict[Kind, str]] = {
    "number": "0",
    "bytes": '#,##0" B"',
    "time": 'yyyy-mm-dd hh:mm:ss" UTC"',
    "duration": "[h]:mm:ss",
}
_WIDTHS: Final[dict[Kind, int]] = {"text": 28, "bytes": 24, "time": 25, "duration": 14}


@dataclass(frozen=True, slots=True)
class Sheet:
    r"""One sheet.

    Attributes:
        title: at most 31 characters, none of `[]:*?/\`.
        columns: title and kind of each.
        rows: the cells; what is beyond `MOST_ROWS` is left out, and the last row says so.
    """

    title: str
    columns: Sequence[tuple[str, Kind]]
    rows: Iterable[Sequence[Value]]


def workbook(sheets: Iterable[Sheet], title: str, created: datetime) -> bytes:
    """The bytes of an `.xlsx` file.

    Args:
        sheets: in order.
        title: of the document.
        created: what it says of its making, aware; no other clock is in it.
    """
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(target, options)
    made = created.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": visible(title, keep="")[:255], "created": made})
    writer = _Writer(book)
    for sheet in sheets:
        writer.add(sheet)
    book.close()
    return target.getvalue()


class _Writer:
    """Adds sheets to a workbook, sharing its formats."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._header = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._unknown = book.add_format({"bold": True, "bg_color": "#FFE699"})
        self._formats = {
            kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()
        }

    def add(self, sheet: Sheet) -> None:
        """Add one sheet."""
        page = self._book.add_worksheet(sheet.title)
        page.freeze_panes(1, 0)
        for number, (title, kind) in enumerate(sheet.columns):
            page.write_string(0, number, title, self._header)
            page.set_column(number, number, _WIDTHS.get(kind, 12))
        last = 0
        for last, row in enumerate(_fitting(sheet.rows), start=1):
            for number, (value, (_, kind)) in enumerate(zip(row, sheet.columns, strict=False)):
                self._write(page, last, number, value, kind)
        page.autofilter(0, 0, last, max(len(sheet.columns) - 1, 0))

    def _write(self, page: Any, row: int, column: int, value: Value, kind: Kind) -> None:
        if type(value) is str:  # nearly all are
            page.write_string(row, column, _shortened(visible(value, keep="\n")))
        elif isinstance(value, Unknown):
            page.write_string(row, column, NOT_VERIFIED, self._unknown)
        elif _is_number(value):
            page.write_number(row, column, value, self._formats.get(kind))
        elif isinstance(value, datetime) and value.year >= _LEAST_YEAR:
            plain = value.astimezone(UTC).replace(tzinfo=None)
            page.write_datetime(row, column, plain, self._formats["time"])
        elif isinstance(value, timedelta):
            page.write_number(row, column, value / timedelta(days=1), self._formats["duration"])
        else:
            page.write_string(row, column, _shortened(words(value)))


def words(value: Value) -> str:
    """A value as text, as it stands where cells have no types."""
    if value is None:
        return NOTHING
    if isinstance(value, Unknown):
        return NOT_VERIFIED
    if isinstance(value, Left):
        return str(value.value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, timedelta):
        hours = int(value.total_seconds()) // 3600
        return f"{hours // 24} days {hours % 24} hours"
    return visible(str(value), keep="\n")


def _is_number(value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _MOST_EXACT


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _fitting(rows: Iterable[Sequence[Value]]) -> Iterator[Sequence[Value]]:
    for number, row in enumerate(rows, start=2):
        if number == MOST_ROWS:
            yield ["CUT SHORT: a sheet holds no more rows; resource-data.csv has them all"]
            return
        yield row
