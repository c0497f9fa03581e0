"""What else leaves a run, beside `results.json` and the report: made from that and from the facts.

`python -m reports.exports BUNDLE DIR` makes it again from an old bundle; the bundle is not touched.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from fixtures.exceptions import CannotAuditError
from fixtures.facts_store import read_facts
from fixtures.model import PoolFacts
from fixtures.private_files import private_directory, write_private
from fixtures.raw import Json
from reports.findings_table import findings_pieces
from reports.junit import junit_pieces
from reports.manifest import MANIFEST, verify
from reports.metrics import metrics
from reports.remedies import script
from reports.resource_data import resource_csv, resource_workbook
from reports.results import SCHEMA_ID
from reports.summary import summary
from reports.text import for_terminal

EXPORTS: Final[Mapping[str, Callable[[Mapping[str, Json]], bytes | Iterator[bytes]]]] = {
    "junit.xml": junit_pieces,
    "findings.csv": findings_pieces,
    "summary.md": summary,
    "remedies.sh": script,
    "poolproof.prom": metrics,
}

FACT_EXPORTS: Final[Mapping[str, Callable[[Mapping[str, Json], PoolFacts], bytes]]] = {
    "resource-data.csv": resource_csv,
    "resource-data.xlsx": resource_workbook,
}


def exports(results: Mapping[str, Json]) -> Iterator[tuple[str, bytes]]:
    """Every export of one run: name of its file, content."""
    for name, make in EXPORTS.items():
        made = make(results)
        yield name, made if isinstance(made, bytes) else b"".join(made)


def fact_exports(results: Mapping[str, Json], facts: PoolFacts) -> Iterator[tuple[str, bytes]]:
    """Every export that also needs the facts of the run: name of its file, content."""
    for name, make in FACT_EXPORTS.items():
        yield name, make(results, facts)


def write_exports(folder: Path, results: Mapping[str, Json], facts: PoolFacts) -> Iterator[Path]:
    """Write all of them, none kept in memory beside another.

    Args:
        folder: where to.
        results: the content of `results.json`.
        facts: of the same run.

    Yields:
        Each file that is written.

    Raises:
        OSError: one cannot be written.
    """
    for name, make in EXPORTS.items():
        write_private(folder / name, make(results))
        yield folder / name
    for name, make_from_facts in FACT_EXPORTS.items():
        write_private(folder / name, make_from_facts(results, facts))
        yield folder / name


def main(words: Sequence[str] | None = None) -> int:
    """Make the exports of an old bundle again; 0, or 1 if it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m reports.exports", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("folder", type=Path, metavar="DIR")
    asked = parser.parse_args(words)
    try:
        results = json.loads((asked.bundle / "results.json").read_bytes())
        if not isinstance(results, dict) or results.get("schema") != SCHEMA_ID:
            raise ValueError("its results.json has another form")
        if asked.folder.resolve().is_relative_to(asked.bundle.resolve()):
            raise ValueError("a bundle is never added to; name another directory")
        altered = verify(asked.bundle) if (asked.bundle / MANIFEST).exists() else ()
        sys.stderr.writelines(f"WARNING: altered: {for_terminal(line)}\n" for line in altered)
        facts = PoolFacts(read_facts(asked.bundle / "facts"))
        private_directory(asked.folder)
        for path in write_exports(asked.folder, results, facts):
            sys.stdout.write(for_terminal(str(path)) + "\n")
    except (CannotAuditError, OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"ERROR: {for_terminal(f'{asked.bundle}: {error}')}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
