"""From items to a bundle: gathers outcomes while pytest runs, then closes the account."""

import functools
import os
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fixtures.attestations import attestation_notes
from fixtures.audit import object_ref
from fixtures.contract import Check, check_of
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import decide
from fixtures.model import Record
from fixtures.reading import READING
from fixtures.subjects import AUDIT, evidence_of, subject_of
from fixtures.waivers import WaiverBook, judge_waivers
from reports.bundle import subject_of_run, write_results
from reports.ledger import Ledger, Planned, balance, plan
from reports.outcome import ObjectClass, ObjectRef, Outcome
from reports.progress import Progress
from reports.terminal import findings_lines
from reports.verdict import EXIT_CODES, EXIT_CONDITIONS_REFUSED, Verdict
from reports.verdict import judge as give_verdict

OUTCOME = pytest.StashKey[Outcome]()
_CARRIED_OUT = pytest.StashKey[bool]()
_ACCOUNT = pytest.StashKey["Account"]()
_QUIET = ("", "", "")


@dataclass(slots=True)
class Account:
    """What has become of the planned pairs so far."""

    planned: tuple[Planned, ...]
    waivers: WaiverBook
    progress: Progress
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    doubled: list[Outcome] = field(default_factory=list)
    deselected: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False

    def add(self, outcome: Outcome) -> None:
        """Take in one outcome; a second one for the same pair is kept as well, for the ledger."""
        if outcome.finding in self.outcomes:
            self.doubled.append(outcome)
        self.outcomes[outcome.finding] = outcome
        self.progress.set("judging", len(self.outcomes), len(self.planned))

    def unsettle(self, check: Check, outcome: Outcome, cause: str) -> None:
        """Doubt an outcome afterwards; what was found wrong stays found."""
        if outcome.outcome not in {"blocked", "warning"}:
            self.outcomes[outcome.finding] = replace(
                outcome,
                severity=check.info.severity,
                outcome="not-verified",
                message="",
                cause=cause,
                waiver=None,
            )


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Plan the run from catalogue and facts, before pytest collects anything."""
    reading, audit = session.config.stash[READING], session.config.stash[AUDIT]
    pool = object_ref(audit.facts.pool)
    objects: dict[ObjectClass, Sequence[ObjectRef]] = {}
    unread: dict[str, str] = {}
    for class_, found in audit.objects.items():
        if isinstance(found, str):
            unread[class_] = found
        else:
            objects[class_] = [object_ref(record) for record in found]
    planned = plan(reading.catalogue.promised, objects, pool=pool, unread=unread)
    account = Account(
        planned=planned,
        waivers=judge_waivers(
            audit.inputs["waivers"], audit.facts.now, {pair.finding for pair in planned}
        ),
        progress=Progress(sys.stdout, live=watched()),
        interrupted=audit.raw.interrupted,
    )
    for pair in planned:
        if pair.unread:
            account.add(_unread_outcome(pair))
    session.config.stash[_ACCOUNT] = account


def watched() -> bool:
    """Whether a person watches the terminal; a CI job is not watched even if it claims to be one."""
    return sys.stdout.isatty() and not os.environ.get("CI")


def _unread_outcome(pair: Planned) -> Outcome:
    return Outcome(pair.check, pair.severity, pair.object, "not-verified", cause=pair.unread)


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
    if _ACCOUNT not in config.stash:
        return
    if config.option.collectonly:
        session.exitstatus = EXIT_CODES["INCOMPLETE"]
        return
    account, reading, audit = config.stash[_ACCOUNT], config.stash[READING], config.stash[AUDIT]
    internal = exitstatus == pytest.ExitCode.INTERNAL_ERROR
    account.interrupted |= internal or exitstatus == pytest.ExitCode.INTERRUPTED
    account.progress.close()
    outcomes = [*account.outcomes.values(), *account.doubled]
    ledger = balance(
        reading.catalogue.promised,
        account.planned,
        outcomes,
        account.deselected,
        account.problems,
    )
    verdict = give_verdict(outcomes, ledger, interrupted=account.interrupted)
    used = {one.finding for one in outcomes if one.outcome == "waived"}
    notes = [*reading.catalogue.notes, *reading.notes, *audit.notes, *account.waivers.notes]
    checks = [info.id for info in reading.catalogue.promised]
    notes += attestation_notes(audit.inputs["attestations"], audit.facts.now, checks)
    notes += account.waivers.unused(used)
    code = verdict.exit_code(fail_on_warning=config.option.fail_on_warning)
    try:
        page = str(write_results(reading, audit, ledger, verdict, notes, outcomes))
    except OSError as problem:
        # A verdict without its evidence is none.
        page = f"not written: {problem.strerror}"
        code = EXIT_CODES["INCOMPLETE"] if code in {0, EXIT_CONDITIONS_REFUSED} else code
        notes.append(f"the bundle could not be written: {problem}")
    if not internal:
        session.exitstatus = code
    _print(config, outcomes, verdict, ledger, notes, page, subject_of_run(audit))


def _print(
    config: pytest.Config,
    outcomes: list[Outcome],
    verdict: Verdict,
    ledger: Ledger,
    notes: list[str],
    page: str,
    subject: str,
) -> None:
    writer = config.get_terminal_writer()
    # -qq is in the settings of the suite; what the user adds by -v counts from there.
    lines = findings_lines(
        outcomes,
        verdict,
        ledger,
        notes,
        page,
        subject=subject,
        colour=writer.hasmarkup,
        width=writer.fullwidth,
        verbose=config.option.verbose > -2,
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
