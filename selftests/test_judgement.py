"""Which event becomes which outcome; above all, what can never become a pass."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fixtures.contract import Check, blocker, check, check_of, info, not_applicable, warning
from fixtures.evidence import Evidence
from fixtures.exceptions import NotVerifiedError
from fixtures.judgement import decide
from fixtures.model import Pool, PoolFacts
from fixtures.raw import RawClass, RawFacts
from fixtures.waivers import judge_waivers

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOBODY = judge_waivers([], NOW, set())


def subject() -> Pool:
    record = {"uuid": "p-1", "name_label": "lab", "master": "OpaqueRef:1"}
    return PoolFacts(
        RawFacts(
            source={},
            classes={
                "pool": RawClass("read", {"OpaqueRef:p": record}),
                "host": RawClass("read", {"OpaqueRef:1": {"uuid": "h-1"}}),
            },
        )
    ).pool


def hold(pool: Pool, evidence: Evidence) -> None:
    """It holds.

    Why: w
    Source: s
    Remedy: run `xe pool-param-set uuid={pool.uuid} name={wanted}`.
    Risk: none.
    """
    assert evidence.values["holds"], f"pool {pool.title}: it - expected: holds, found: does not"


def declared(severity: str) -> Check:
    chosen = {"blocker": blocker, "warning": warning, "info": info}[severity]
    found = check_of(check("SITE-IT-01", chosen)(hold))
    assert found is not None
    return found


def run(severity: str, action: Callable[[], None] | None = None, *, holds: bool = True) -> Evidence:
    evidence = Evidence()
    evidence(holds=holds, wanted="a b")
    return evidence


def raised(action: Callable[[], None]) -> BaseException:
    try:
        action()
    except BaseException as problem:
        return problem
    raise AssertionError("nothing was raised")


def failing(evidence: Evidence) -> BaseException:
    return raised(lambda: hold(subject(), evidence))


@pytest.mark.parametrize(
    ("severity", "word"), [("blocker", "blocked"), ("warning", "warning"), ("info", "info")]
)
def test_a_finding_weighs_what_its_check_weighs(severity: str, word: str) -> None:
    evidence = run(severity, holds=False)
    outcome = decide(declared(severity), subject(), evidence, failing(evidence), NOBODY)
    assert outcome.outcome == word
    assert outcome.message == "pool lab: it - expected: holds, found: does not"
    assert outcome.remedy == "run `xe pool-param-set uuid=p-1 name='a b'`."
    assert outcome.finding == "SITE-IT-01:p-1"


@pytest.mark.parametrize("wanted", ["a`xe vm-destroy uuid=1`b", "a\nb"])
def test_what_cannot_be_shown_is_not_filled_in(wanted: str) -> None:
    evidence = Evidence()
    evidence(holds=False, wanted=wanted)
    outcome = decide(declared("blocker"), subject(), evidence, failing(evidence), NOBODY)
    assert outcome.remedy == "run `xe pool-param-set uuid=p-1 name={wanted}`."


def test_a_finding_may_weigh_less_and_says_why() -> None:
    evidence = run("blocker", holds=False)
    evidence.weigh(warning, "the source could not be verified")
    outcome = decide(declared("blocker"), subject(), evidence, failing(evidence), NOBODY)
    assert (outcome.outcome, outcome.severity) == ("warning", "warning")
    assert outcome.evidence["weighed"] == "warning: the source could not be verified"


def test_a_pass_keeps_its_evidence() -> None:
    evidence = run("blocker")
    outcome = decide(declared("blocker"), subject(), evidence, None, NOBODY)
    assert (outcome.outcome, outcome.evidence) == ("pass", {"holds": True, "wanted": "a b"})


def test_the_reason_of_not_applicable_is_kept() -> None:
    problem = raised(lambda: not_applicable("one host"))
    outcome = decide(declared("blocker"), subject(), run("blocker"), problem, NOBODY)
    assert (outcome.outcome, outcome.cause) == ("not-applicable", "one host")


@pytest.mark.parametrize(
    "problem",
    [
        NotVerifiedError("the host did not answer"),
        KeyError("PRIMARY_DISK"),
        AssertionError("an assertion of somebody else"),
        RuntimeError(""),
        OSError("disk"),
        RecursionError(),
    ],
)
def test_whatever_else_goes_wrong_is_not_verified(problem: BaseException) -> None:
    outcome = decide(declared("blocker"), subject(), run("blocker"), problem, NOBODY)
    assert outcome.outcome == "not-verified"
    assert outcome.cause


def test_weighing_less_does_not_make_an_unknown_lighter() -> None:
    evidence = run("blocker")
    evidence.weigh(warning, "whatever")
    problem = NotVerifiedError("silence")
    outcome = decide(declared("blocker"), subject(), evidence, problem, NOBODY)
    assert (outcome.outcome, outcome.severity) == ("not-verified", "blocker")


WAIVER = {
    "number": 1, "finding": "SITE-IT-01:p-1", "owner": "o", "approver": "a", "reason": "r",
    "ticket": "t", "from": "2026-11-01", "until": "2026-12-01", "problems": [],
}  # fmt: skip


def test_a_waiver_shows_what_it_covers() -> None:
    book = judge_waivers([WAIVER], NOW, {"SITE-IT-01:p-1"})
    evidence = run("blocker", holds=False)
    outcome = decide(declared("blocker"), subject(), evidence, failing(evidence), book)
    assert outcome.outcome == "waived"
    assert outcome.waiver is not None
    kept = {
        key: value for key, value in WAIVER.items() if key not in {"number", "finding", "problems"}
    }
    assert outcome.waiver == {"original": "blocked", "measure": "", "why_all": "", **kept}
    assert outcome.message.endswith("found: does not")


def test_a_waiver_hides_no_broken_tool() -> None:
    book = judge_waivers([WAIVER], NOW, {"SITE-IT-01:p-1"})
    outcome = decide(declared("blocker"), subject(), run("blocker"), OSError("disk"), book)
    assert outcome.outcome == "not-verified"
