"""`findings.csv`: every outcome as one row, for the spreadsheet of a change board.

RFC 4180, UTF-8 with a byte order mark (by which Excel knows it), every cell quoted.
"""

import csv
import functools
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from fixtures.raw import Json
from reports.comparison import since_of
from reports.results import finding_of
from reports.text import visible

COLUMNS: Final = (
    "finding", "outcome", "severity", "check", "title", "object class", "object name",
    "object uuid", "message", "cause", "remedy", "risk", "look again", "source", "waived by",
    "waiver approved by", "waiver reason", "waiver ticket", "compensating measure",
    "waived for all objects because", "waived until", "outcome before waiver", "since the baseline",
)  # fmt: skip
_WAIVER: Final = (
    "owner",
    "approver",
    "reason",
    "ticket",
    "measure",
    "why_all",
    "until",
    "original",
)
_ROWS_AT_ONCE: Final = 1000
_NOT_WAIVED: Final = ("",) * len(_WAIVER)
# What a spreadsheet takes for a formula, also in full width; a blank before it does not help.
_FORMULA: Final = tuple("=+-@|%\t\r\n＝＋－＠")
# Where the list separator is a semicolon, a spreadsheet takes that, and the end of a line, for the end
# of a cell, quotes or not.
_FORMULA_WITHIN: Final = re.compile(r'([;\n][ "]*)(?=[=+\-@|%＝＋－＠])')


def findings_table(results: Mapping[str, Json]) -> bytes:
    """The bytes of `findings.csv`, from the content of `results.json`."""
    return b"".join(findings_pieces(results))


def findings_pieces(results: Mapping[str, Json]) -> Iterator[bytes]:
    """The same piece by piece: a large run has a hundred megabytes of it."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield text.getvalue().encode("utf-8-sig")
    # The same titles, sources and remedies come back in thousands of rows, objects in each check's; what
    # stands in one row alone would only push these out.
    known = functools.lru_cache(maxsize=1 << 16)(cell)
    rows = rows_of(results)
    while some := list(itertools.islice(rows, _ROWS_AT_ONCE)):
        text.seek(0)
        text.truncate()
        writer.writerows(
            [cell(row[0]), *(known(one) if type(one) is str else cell(one) for one in row[1:])]
            for row in some
        )
        yield text.getvalue().encode()


def rows_of(results: Mapping[str, Json]) -> Iterator[list[Json]]:
    """The cells of every outcome, in the order of `COLUMNS`, as they are."""
    catalogue = {check["id"]: check for check in results["catalogue"]}
    since = since_of(results.get("comparison"))
    for one in results["outcomes"]:
        check, object_ = catalogue.get(one["check"], {}), one["object"]
        waiver = one["waiver"] or {}
        yield [
            finding_of(one),
            one["outcome"],
            one["severity"],
            one["check"],
            check.get("title", ""),
            object_["class"],
            object_["name"],
            object_["uuid"],
            one["message"],
            one["cause"],
            one["remedy"],
            check.get("risk", ""),
            one["recheck"],
            check.get("source", ""),
            *([waiver.get(key, "") for key in _WAIVER] if waiver else _NOT_WAIVED),
            since(one),
        ]


def cell(value: Json) -> str:
    """A value as a cell that no spreadsheet computes: what would be a formula gets an apostrophe."""
    text = visible("" if value is None else str(value), keep="\n")
    if ";" in text or "\n" in text:
        text = _FORMULA_WITHIN.sub(r"\1'", text)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
