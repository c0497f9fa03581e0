"""From items to a bundle: gathers outcomes while pytest runs, then closes the account."""

import contextlib
import functools
import signal
import sys
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from fixtures.audit import object_ref
from fixtures.contract import Check, check_of
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import decide
from fixtures.model import Record
from fixtures.reading import READING, VERBOSE, watched
from fixtures.subjects import AUDIT, evidence_of, subject_of
from reports.account import Account, loud_notes, open_account, settle
from reports.bundle import results_of, subject_of_run, write_results
from reports.gate import EXIT_GATE_CLOSED, exit_code, since_lines
from reports.ledger import Ledger
from reports.outcome import Outcome
from reports.progress import Progress
from reports.terminal import findings_lines
from reports.text import reason
from reports.verdict import EXIT_CODES, EXIT_CONDITIONS_REFUSED, Verdict

OUTCOME = pytest.StashKey[Outcome]()
_CARRIED_OUT = pytest.StashKey[bool]()
_ACCOUNT = pytest.StashKey["Account"]()


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Plan the run before pytest collects anything."""
    _account_of(session.config)


def _account_of(config: pytest.Config) -> Account:
    if _ACCOUNT not in config.stash:
        progress = Progress(sys.stdout, live=watched())
        config.stash[_ACCOUNT] = open_account(config.stash[READING], config.stash[AUDIT], progress)
    return config.stash[_ACCOUNT]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Judge what was planned: nothing more once the reading was interrupted, in a replay only the
    checks of the run that is judged again, and never a test that is no check.
    """
    account = session.config.stash[_ACCOUNT]
    others = [item.nodeid for item in items if _judged(item) is None]
    if others:
        account.problems.append(f"{len(others)} tests are no checks and were not run: {others[0]}")
    if session.testsfailed:
        account.problems.append(f"{session.testsfailed} files of checks could not be collected")
    if account.interrupted:
        items.clear()
    planned = {info.id for info in session.config.stash[READING].catalogue.promised}
    items[:] = [i for i in items if (found := _judged(i)) and found[0].info.id in planned]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep on disk what the collection left out, before the first outcome."""
    account = session.config.stash.get(_ACCOUNT, None)
    if account is not None and account.stream is not None:
        account.stream.collected(account.deselected, account.problems)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what a filter took out, so that the ledger can say so."""
    for item in items:
        found = _judged(item)
        if found:
            check, subject = found
            finding = f"{check.info.id}:{object_ref(subject).uuid}"
            item.config.stash[_ACCOUNT].deselected.add(finding)


def _judged(item: pytest.Item) -> tuple[Check, Record] | None:
    if not isinstance(item, pytest.Function):
        return None
    check, subject = check_of(item.function), subject_of(item)
    return (check, subject) if check and isinstance(subject, Record) else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have a check say that it came to its end: an item can pass without it (`--trace`, a plugin)."""
    if not isinstance(item, pytest.Function):
        return
    function = item.obj

    @functools.wraps(function)
    def proving(*args: object, **kwargs: object) -> object:
        result = function(*args, **kwargs)
        item.stash[_CARRIED_OUT] = result is None
        return result

    item.obj = proving


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Decide the outcome, and let pytest's own reports say the same in pytest's words."""
    report = yield
    found = _judged(item)
    if found is None:
        return report
    problem = call.excinfo.value if call.excinfo else None
    over = call.when == "call" or (call.when == "setup" and problem is not None)
    account = item.config.stash[_ACCOUNT]
    if over:
        if problem is None and not item.stash.get(_CARRIED_OUT, False):
            problem = NotVerifiedError("the check was not carried out")
        elif call.when == "setup" and isinstance(problem, pytest.skip.Exception):
            # Whether it applies is for the check to say; a mark would be a waiver without an owner.
            problem = NotVerifiedError(f"skipped before it ran: {problem}")
        outcome = decide(*found, evidence_of(item), problem, account.waivers)
        item.stash[OUTCOME] = outcome
        account.add(outcome)
        # The report of the teardown takes them along, and from there they reach JUnit files.
        item.user_properties.append(("outcome", outcome.outcome))
        if outcome.outcome in {"blocked", "warning"}:
            item.user_properties.append(("message", outcome.message))
        _say_in_pytest_words(report, outcome)
    elif call.when == "teardown" and problem is not None and OUTCOME in item.stash:
        account.unsettle(
            found[0], item.stash[OUTCOME], f"what it used could not be ended: {problem}"
        )
    return report


def _say_in_pytest_words(report: pytest.TestReport, outcome: Outcome) -> None:
    """Blocked is a failure, not verified an error, a warning a pass with a property, the rest skips."""
    if outcome.outcome == "blocked":
        report.outcome = "failed"
        report.longrepr = f"{outcome.message}\n{outcome.remedy}"
    elif outcome.outcome == "not-verified":
        # For pytest and its plugins an error is what fails outside the call.
        report.when, report.outcome = "setup", "failed"
        report.longrepr = f"not verified: {outcome.cause}"
    elif outcome.outcome in {"waived", "not-applicable"}:
        reason = outcome.cause or f"waived: {outcome.message}"
        report.outcome = "skipped"
        report.longrepr = (*report.location[:1], report.location[1] or 0, f"Skipped: {reason}")
    else:
        report.outcome, report.longrepr = "passed", None


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """No dots and no words per item: the findings are printed at the end."""
    return (report.outcome, "", "") if report.when in {"setup", "call", "teardown"} else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the ledger, give the verdict, write the bundle, print what needs a person's time."""
    config = session.config
    if READING not in config.stash:
        return
    if config.option.collectonly:
        _discard_stream(config)
        session.exitstatus = EXIT_CODES["INCOMPLETE"]
        return
    # From here on it takes a moment; an impatient second Ctrl-C must not cost the evidence.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    account, reading, audit = _account_of(config), config.stash[READING], config.stash[AUDIT]
    internal = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    account.interrupted |= internal or exitstatus == pytest.ExitCode.INTERRUPTED
    account.progress.close()
    outcomes, ledger, verdict = settle(account, reading)
    results = results_of(
        reading, audit, ledger, verdict, loud_notes(account, reading, audit), outcomes
    )
    notes = list(results["notes"])
    code = verdict.exit_code(fail_on_warning=config.option.fail_on_warning)
    code = exit_code(results, code)
    try:
        page = str(write_results(reading, audit, verdict, results))
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
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
