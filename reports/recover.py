"""Renders a run that was killed from its facts and the outcomes it had streamed: INCOMPLETE.

`python -m reports.recover BUNDLE` finishes the bundle as the run's own end would have. What had no
outcome by then is *not reached*. Ends with 40, with 1 if something blocked already, with 0 if only
a leftover had to go, and with 2 if there is nothing to finish.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fixtures.audit import Audit
from fixtures.catalogue import Catalogue
from fixtures.exceptions import CannotAuditError
from fixtures.facts_store import read_facts
from fixtures.raw import Json
from fixtures.reading import Reading
from reports.account import Account, loud_notes, open_account, settle
from reports.bundle import results_of, subject_of_run, write_results
from reports.gate import since_lines
from reports.manifest import MANIFEST, UNDER_WAY
from reports.outcome import CheckInfo
from reports.outcome_stream import Streamed, of_a_dead_run, read_stream
from reports.progress import Progress
from reports.terminal import findings_lines
from reports.text import for_terminal

EXIT_NOTHING_TO_FINISH: Final = 2
# What `write_private` was about to give its name.
_HALF_WRITTEN: Final = re.compile(r"\..{1,100}\.[0-9a-f]{16}")


def recover(bundle: Path) -> tuple[list[str], int]:
    """Finish the bundle of a killed run.

    Returns:
        The lines to print, harmless, and the exit code.

    Raises:
        ValueError: it is finished, its run still lives, or its facts were never whole.
        OSError: it cannot be written.
    """
    if not bundle.is_dir():
        raise ValueError("there is no such bundle")
    with of_a_dead_run(bundle):
        if (bundle / MANIFEST).exists() and (bundle / UNDER_WAY).exists():
            (bundle / UNDER_WAY).unlink()
            return [f"The run had finished; {UNDER_WAY}, which it no longer needs, is removed."], 0
        if (bundle / MANIFEST).exists() or (
            (bundle / "results.json").exists() and not (bundle / UNDER_WAY).exists()
        ):
            raise ValueError("the run came to its end; a finished bundle is never changed")
        if not (bundle / "facts" / "source.json").exists():
            raise ValueError("the run was killed before its facts were on disk: remove it")
        return _render(bundle)


def _render(bundle: Path) -> tuple[list[str], int]:
    try:
        audit = Audit(read_facts(bundle / "facts"))
        streamed = read_stream(bundle)
        reading = _reading(bundle, audit, streamed)
        account = _account(reading, audit, streamed)
        notes = [*_killed(account, streamed), *loud_notes(account, reading, audit)]
    except CannotAuditError as problem:
        raise ValueError(str(problem)) from problem
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError("its facts have another form") from problem
    outcomes, ledger, verdict = settle(account, reading)
    for path in [one for one in bundle.iterdir() if _HALF_WRITTEN.fullmatch(one.name)]:
        path.unlink()
    results = results_of(reading, audit, ledger, verdict, notes, outcomes)
    page = str(write_results(reading, audit, verdict, results))
    (bundle / UNDER_WAY).unlink(missing_ok=True)
    subject = subject_of_run(audit)
    said, since = list(results["notes"]), since_lines(results)
    lines = findings_lines(outcomes, verdict, ledger, said, page, subject=subject, since=since)
    return lines, verdict.exit_code()


def _reading(bundle: Path, audit: Audit, streamed: Streamed) -> Reading:
    """What the session knew: from the facts and from the head of the stream."""
    promised = tuple(CheckInfo(**one) for one in audit.inputs["checks"])
    notes = tuple(map(str, streamed.head.get("notes", ())))
    replay: dict[str, Json] | None = streamed.head.get("replay")
    return Reading(Catalogue({}, promised, ()), bundle, notes, replay)


def _account(reading: Reading, audit: Audit, streamed: Streamed) -> Account:
    account = open_account(reading, audit, Progress(sys.stdout, live=False))
    account.interrupted = True
    for outcome in streamed.outcomes:
        account.add(outcome)
    for outcome in streamed.doubted:
        account.outcomes[outcome.finding] = outcome
    account.deselected |= streamed.deselected
    account.problems += streamed.problems
    return account


def _killed(account: Account, streamed: Streamed) -> list[str]:
    kept, planned = len(account.outcomes), len(account.planned)
    torn = "; the last one was being written and is lost" if streamed.torn else ""
    note = (
        f"the run was killed; {kept} of {planned} outcomes were on disk{torn}. "
        "Its facts are whole: --pool=BUNDLE judges them again, to the end"
    )
    return [note, *streamed.problems]


def main(words: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m reports.recover", description=__doc__)
    parser.add_argument("bundle", type=Path)
    asked = parser.parse_args(words)
    try:
        lines, code = recover(asked.bundle)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"ERROR: {for_terminal(f'{asked.bundle}: {problem}')}\n")
        return EXIT_NOTHING_TO_FINISH
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
