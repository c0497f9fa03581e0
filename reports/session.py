"""From items to a bundle: gathers outcomes while pytest runs, then closes the account."""

import gc
import os
import sys
from collections.abc import Sequence

import pytest

from fixtures.check_item import CheckItem
from fixtures.reading import INTERRUPTION, READING, VERBOSE, watched
from fixtures.subjects import AUDIT
from reports.account import Account, loud_notes, open_account, settle
from reports.bundle import results_of, subject_of_run, write_results
from reports.gate import EXIT_GATE_CLOSED, exit_code, since_lines
from reports.ledger import Ledger
from reports.outcome import Outcome
from reports.progress import Progress
from reports.protocol import ACCOUNT
from reports.terminal import findings_lines
from reports.text import reason
from reports.verdict import EXIT_CODES, EXIT_CONDITIONS_REFUSED, Verdict


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Plan the run before pytest collects anything."""
    _account_of(session.config)


def _account_of(config: pytest.Config) -> Account:
    if ACCOUNT not in config.stash:
        progress = Progress(sys.stdout, live=watched())
        config.stash[INTERRUPTION].announce = progress.announce
        config.stash[ACCOUNT] = open_account(config.stash[READING], config.stash[AUDIT], progress)
    return config.stash[ACCOUNT]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Judge what was planned: in a replay only the checks of the run that is judged again, and
    never a test that is no check.
    """
    account = session.config.stash[ACCOUNT]
    others = [item.nodeid for item in items if not isinstance(item, CheckItem)]
    if others:
        account.problems.append(f"{len(others)} tests are no checks and were not run: {others[0]}")
    if session.testsfailed:
        account.problems.append(f"{session.testsfailed} files of checks could not be collected")
    planned = {info.id for info in session.config.stash[READING].catalogue.promised}
    items[:] = [i for i in items if isinstance(i, CheckItem) and i.check.info.id in planned]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep on disk what the collection left out, before the first outcome."""
    # Facts and items stay to the end. The garbage collector would go through all of them again and
    # again while outcomes pile up, and find nothing.
    gc.freeze()
    account = session.config.stash.get(ACCOUNT, None)
    if account is not None and account.stream is not None:
        account.stream.collected(account.deselected, account.problems)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what a filter took out, so that the ledger can say so."""
    for item in items:
        if isinstance(item, CheckItem):
            item.config.stash[ACCOUNT].deselected.add(item.finding)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the ledger, give the verdict, write the bundle, print what needs a person's time."""
    config = session.config
    if READING not in config.stash:
        return
    # The verdict says that it was interrupted; pytest would add a line of our code and an option.
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        terminal._report_keyboardinterrupt = lambda: None  # noqa: SLF001
    if config.option.collectonly:
        _discard_stream(config)
        session.exitstatus = EXIT_CODES["INCOMPLETE"]
        return
    account, reading, audit = _account_of(config), config.stash[READING], config.stash[AUDIT]
    internal = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    account.interrupted |= internal or exitstatus == pytest.ExitCode.INTERRUPTED
    account.progress.close()
    outcomes, ledger, verdict = settle(account, reading)
    results = results_of(
        reading, audit, ledger, verdict, loud_notes(account, reading, audit), outcomes
    )
    # Of a large pool the results and what they were made from would be too much beside the exports.
    outcomes = [one for one in outcomes if one.outcome != "pass"]
    account.let_go()
    notes = list(results["notes"])
    code = verdict.exit_code(fail_on_warning=config.option.fail_on_warning)
    code = exit_code(results, code)
    try:
        with Progress(sys.stdout, live=watched()) as writing:
            writing.set("writing the bundle", 0, 1)
            page = str(write_results(reading, audit, verdict, results))
            writing.set("writing the bundle", 1, 1)
    except Exception as problem:
        # A verdict without its evidence is none, whether the disk was full or a report has a fault.
        page = f"not written: {reason(problem)}"
        going = {0, EXIT_CONDITIONS_REFUSED, EXIT_GATE_CLOSED}
        code = EXIT_CODES["INCOMPLETE"] if code in going else code
        notes.append(f"the bundle could not be written: {reason(problem)}")
    else:
        _discard_stream(config)
    if not internal:
        session.exitstatus = code
    if reading.stream is not None and reading.stream.failure:
        notes.append(reading.stream.failure)
    notes += reading.killed
    since = since_lines(results)
    _print(config, outcomes, verdict, ledger, notes, page, subject_of_run(audit), since)


def _discard_stream(config: pytest.Config) -> None:
    stream = config.stash[READING].stream
    if stream is not None:
        stream.discard()


def _print(
    config: pytest.Config,
    outcomes: list[Outcome],
    verdict: Verdict,
    ledger: Ledger,
    notes: list[str],
    page: str,
    subject: str,
    since: list[str],
) -> None:
    writer = config.get_terminal_writer()
    lines = findings_lines(
        outcomes,
        verdict,
        ledger,
        notes,
        page,
        subject=subject,
        since=since,
        colour=writer.hasmarkup,
        width=writer.fullwidth,
        verbose=config.stash[VERBOSE],
    )
    try:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    except OSError:
        # The terminal or the reader of the pipe has gone; the bundle and the exit code stand. What
        # Python still holds goes nowhere, or it would end with an exit code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
