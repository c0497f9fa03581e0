"""How a check is run by pytest: its protocol, its outcome, and the reports that other plugins see.

An item that nothing surrounds is called at once and reported once. Where anybody takes part (fixtures of
a site, marks that skip, `--pdb`, `--setup-show`, a plugin of somebody else) pytest goes through its
phases as it always does. Where not even reports have a listener beside pytest itself, there are none:
hooks around an item, and the reports that pytest's terminal keeps, cost more than the check. All ways
end in `_decided`, the only place where an item gets its outcome.
"""

import contextlib
import io
import itertools
import os
from collections.abc import Generator, Iterator
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol
from _pytest.warnings import catch_warnings_for_item

from fixtures.check_item import CheckItem
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import decide
from reports.account import Account
from reports.outcome import Outcome

ACCOUNT = pytest.StashKey[Account]()
_PHASED = pytest.StashKey[dict[CheckItem, CheckItem | None]]()
_LISTENERS = pytest.StashKey[bool]()
_UNHEARD = pytest.StashKey[bool]()

_SURROUND: Final = (
    "pytest_runtest_setup",
    "pytest_runtest_call",
    "pytest_runtest_teardown",
    "pytest_exception_interact",
)
_SHOWN: Final = ("usepdb", "trace", "setupshow")
# What listens to reports in every run, and needs no more than one for each item.
_CONTENT: Final = ("_pytest.main", "_pytest.terminal", "_pytest.logging")
# Hooks by which others could take part in an item, or hear of it, and whose functions may stand there.
_AROUND: Final = (
    "pytest_runtest_protocol",
    "pytest_runtest_logstart",
    "pytest_runtest_logfinish",
    "pytest_runtest_makereport",
    "pytest_pyfunc_call",
    "pytest_report_teststatus",
)
# pytest-html's only adds to the report, and listens to reports itself where it writes a page.
_HARMLESS: Final = (__name__, "fixtures.check_item", "pytest_html.plugin")
# pytest counts these to know when to stop (`-x`, `--maxfail`).
_FAILED: Final = pytest.TestReport("", ("", None, ""), {}, "failed", None, "call")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find out who takes part, when all plugins and all conftest files are there."""
    config = session.config
    all_of_them = any(getattr(config.option, name, False) for name in _SHOWN) or any(
        not module.startswith("_pytest.") for name in _SURROUND for module in _behind(config, name)
    )
    items = [item for item in session.items if isinstance(item, CheckItem)]
    phased = [item for item in items if all_of_them or item.needs_phases]
    config.stash[_PHASED] = dict(itertools.zip_longest(phased, phased[1:]))
    listening = set(_behind(config, "pytest_runtest_logreport"))
    config.stash[_LISTENERS] = not listening.issubset(_CONTENT)
    around = {module for name in _AROUND for module in _behind(config, name)}
    taking_part = {one for one in around if one not in _HARMLESS and not one.startswith("_pytest.")}
    config.stash[_UNHEARD] = not (
        phased or taking_part or config.stash[_LISTENERS] or len(items) < len(session.items)
    )


def _behind(config: pytest.Config, hook: str) -> Iterator[str]:
    """The modules whose functions a hook calls."""
    for one in getattr(config.hook, hook).get_hookimpls():
        yield str(getattr(one.function, "__module__", ""))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all items one after another where nobody else takes part or listens.

    An item goes when it has its outcome, and its memory to the next outcomes: `session.items` is empty
    at the end.
    """
    config = session.config
    if session.testsfailed or config.option.collectonly or not config.stash[_UNHEARD]:
        return None
    with contextlib.ExitStack() as stack:
        stack.enter_context(catch_warnings_for_item(config, config.hook, "runtest", None))
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        session.items.reverse()
        while session.items:
            _run_unheard(session.items.pop())
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
    return True


def _run_unheard(item: pytest.Item) -> None:
    """Run an item of which only the account hears."""
    if not isinstance(item, CheckItem):
        raise TypeError(f"{item.nodeid} is no check")
    problem: BaseException | None = None
    try:
        item.setup()
        item.call()
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as raised:  # as pytest's own runner does
        problem = raised
    try:
        outcome = _decided(item, "call", problem)
    finally:
        problem = None  # it holds this frame, which holds it
    if outcome.outcome in {"blocked", "not-verified"}:
        item.session.pytest_runtest_logreport(_FAILED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Run one item."""
    if not isinstance(item, CheckItem):
        return None
    phased = item.config.stash[_PHASED]
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    if item in phased:
        # What fixtures have set up waits for the next item that goes through the phases.
        runtestprotocol(item, nextitem=phased[item])
    else:
        _run_bare(item)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _run_bare(item: CheckItem) -> None:
    """Run an item that nothing surrounds: one call, one report, and a last one for who listens."""
    item.setup()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        call = pytest.CallInfo.from_call(
            item.runtest, "call", reraise=(pytest.exit.Exception, KeyboardInterrupt)
        )
    item.add_report_section("call", "output", said.getvalue())
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    item.ihook.pytest_runtest_logreport(report=report)
    if item.config.stash[_LISTENERS]:
        item.ihook.pytest_runtest_logreport(report=_last_report(item))


def _last_report(item: CheckItem) -> pytest.TestReport:
    """The end of an item, by which JUnit files and pytest-html's page know that it is over."""
    return pytest.TestReport(
        item.nodeid,
        item.location,
        item.collected.keywords,
        "passed",
        None,
        "teardown",
        user_properties=item.user_properties,
    )


@pytest.hookimpl(specname="pytest_runtest_makereport", tryfirst=True)
def pytest_runtest_bare_report(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> pytest.TestReport | None:
    """The report of a check, of which the outcome is still to be said.

    pytest's own draws each traceback, which nobody is shown, and gathers each item's keywords anew.
    """
    if not isinstance(item, CheckItem) or call.when != "call":
        return None
    return pytest.TestReport(
        item.nodeid,
        item.location,
        item.collected.keywords,
        "failed" if call.excinfo else "passed",
        None,
        "call",
        [(f"Captured {key} {when}", text) for when, key, text in item._report_sections],  # noqa: SLF001
        call.duration,
        call.start,
        call.stop,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Decide the outcome, and let pytest's own reports say the same in pytest's words."""
    report = yield
    if not isinstance(item, CheckItem):
        return report
    problem = call.excinfo.value if call.excinfo else None
    if call.when == "call" or (call.when == "setup" and problem is not None):
        outcome = _conclude(item, call.when, problem)
        report.user_properties = list(item.user_properties)
        _say_in_pytest_words(report, outcome)
    elif call.when == "teardown" and problem is not None and item.outcome is not None:
        cause = f"what it used could not be ended: {problem}"
        item.config.stash[ACCOUNT].unsettle(item.check, item.outcome, cause)
    return report


def _decided(item: CheckItem, when: str, problem: BaseException | None) -> Outcome:
    """Give an item its outcome; one that did not carry out its check never passes."""
    if problem is None and not item.carried_out:
        problem = NotVerifiedError("the check was not carried out")
    elif when == "setup" and isinstance(problem, pytest.skip.Exception):
        # Whether it applies is for the check to say; a mark would be a waiver without an owner.
        problem = NotVerifiedError(f"skipped before it ran: {problem}")
    account = item.config.stash[ACCOUNT]
    outcome = decide(item.check, item.subject, item.evidence, problem, account.waivers)
    item.conclude(outcome)
    account.add(outcome)
    return outcome


def _conclude(item: CheckItem, when: str, problem: BaseException | None) -> Outcome:
    """Decide, and note what pytest's reports are to tell."""
    outcome = _decided(item, when, problem)
    # The last report takes them along, and from there they reach JUnit files.
    item.user_properties.append(("outcome", outcome.outcome))
    if outcome.outcome in {"blocked", "warning"}:
        item.user_properties.append(("message", outcome.message))
    return outcome


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
