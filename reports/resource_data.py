"""`resource-data.csv` and `resource-data.xlsx`: what XenCenter's Export Resource Data lists, and more.

The CSV has XenCenter's layout, so that whoever reads one reads the other; the workbook has its tables
with typed cells, and sheets of what it does not export. Both are made from the facts alone.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PoolFacts
from fixtures.raw import Json
from reports.findings_table import COLUMNS, cell, rows_of
from reports.spreadsheet import MOST_CHARACTERS, Sheet, words, workbook
from reports.text import one_line
from rules.ages import parse_time
from rules.resource_cells import Table, Unknown, Value, size_words
from rules.resource_tables import gaps, resource_tables, table_gaps

_SETTLED: Final = frozenset({"pass", "not-applicable"})
_MEANINGS: Final = (
    ("-", "The object has no such thing, or its release does not."),
    ("not read", "Performance data (use of CPU, memory, network, GPU): an audit never reads them."),
    ("not verified", "It should be there and could not be read; see the table's line above."),
)


def resource_csv(_results: Mapping[str, Json], facts: PoolFacts) -> bytes:
    """The bytes of `resource-data.csv`: two lines about the pool, then XenCenter's tables."""
    text = io.StringIO()
    text.write(f"Pool:{one_line(facts.pool.title)}\nUUID:{_pool_uuid(facts)}\n")
    writer = csv.writer(text, lineterminator="\n")
    for table in resource_tables(facts):
        if table.csv:
            text.write("\n\n")
            writer.writerow([table.title])
            writer.writerow(table.csv)
            places = [table.titles.index(title) for title in table.csv]
            writer.writerows(
                [_csv_cell(row[place], table.columns[place][1]) for place in places]
                for row in _rows(table)
            )
    return text.getvalue().encode()


def resource_workbook(results: Mapping[str, Json], facts: PoolFacts) -> bytes:
    """The bytes of `resource-data.xlsx`."""
    pool = one_line(facts.pool.title)
    return workbook(
        _sheets(results, facts), f"Resources of pool {pool}", parse_time(results["run"]["ended"])
    )


def _sheets(results: Mapping[str, Json], facts: PoolFacts) -> Iterator[Sheet]:
    yield Sheet("About", (("What", "text"), ("Says", "text")), _about(results, facts))
    for table in resource_tables(facts):
        yield Sheet(table.title, [(title, kind) for title, kind, _ in table.columns], _rows(table))
    place = COLUMNS.index("outcome")
    findings = (row for row in rows_of(results) if row[place] not in _SETTLED)
    yield Sheet("Findings", [(name.capitalize(), "text") for name in COLUMNS], findings)


def _rows(table: Table) -> tuple[tuple[Value, ...], ...]:
    """The rows; one that is unknown throughout where the table could not be read."""
    return ((Unknown(table.unread),) * len(table.columns),) if table.unread else table.rows


def _about(results: Mapping[str, Json], facts: PoolFacts) -> Iterator[tuple[Value, ...]]:
    run = results["run"]
    yield "Pool", facts.pool.title
    yield "UUID", _pool_uuid(facts)
    yield "Read from", f"{run['source'].get('kind', '')} {run['source'].get('address', '')}"
    yield "As of", facts.now
    yield "Made by", f"{run['tool']['name']} {run['tool']['version']}"
    yield "Verdict", results["sentence"]
    lacking = gaps(facts)
    incomplete = [*lacking.missing, *lacking.unknown]
    yield "XenCenter's tables", "complete" if not incomplete else "NOT COMPLETE, see below"
    for sentence in incomplete:
        yield "Not complete", sentence
    for table in resource_tables(facts):
        yield f"Sheet {table.title}", _state(table)
    yield "Sheet Findings", "what did not pass; every outcome is in findings.csv"
    for sign, meaning in _MEANINGS:
        yield f"Cell {sign}", meaning


def _state(table: Table) -> str:
    lacking = [*table_gaps(table, gone=True), *table_gaps(table, gone=False)]
    if table.unread:
        return f"not verified: {table.unread}"
    count = f"{len(table.rows)} row{'' if len(table.rows) == 1 else 's'}"
    return f"{count}; not complete: {'; '.join(lacking)}" if lacking else count


def _pool_uuid(facts: PoolFacts) -> str:
    try:
        return one_line(facts.pool.uuid)
    except NotVerifiedError:
        return "not verified"


def _csv_cell(value: Value, kind: str) -> str:
    """A line break would end the row for readers of XenCenter's layout, so it is an escape."""
    if kind == "bytes" and isinstance(value, int):
        return size_words(value)
    text = one_line(words(value), MOST_CHARACTERS)
    return text if value is None else cell(text)
