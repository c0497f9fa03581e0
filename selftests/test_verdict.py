import pytest

from reports.ledger import Planned, balance, plan
from reports.outcome import CheckInfo, ObjectRef, Outcome
from reports.verdict import Verdict, judge
from selftests.sample_run import POOL, check, sample

BLOCKER = check("VM-A-01", "blocker", "VM", "A.", "")
WARNING = check("VM-B-01", "warning", "VM", "B.", "")
INFO = check("VM-C-01", "info", "VM", "C.", "")
VM = ObjectRef("VM", "1", "one")


def verdict(*words: str, interrupted: bool = False, missing: int = 0) -> Verdict:
    """Of outcomes written `blocker pass`, `warning not-verified`, each on its own VM."""
    by_name = {"blocker": BLOCKER, "warning": WARNING, "info": INFO}
    outcomes: list[Outcome] = []
    planned: list[Planned] = []
    checks: set[CheckInfo] = set()
    for number, text in enumerate(words):
        severity, word = text.split()
        chosen = by_name[severity]
        checks.add(chosen)
        vm = ObjectRef("VM", str(number), f"vm-{number}")
        planned += plan([chosen], {"VM": [vm]}, pool=POOL)
        waiver = {"original": "blocked"} if word == "waived" else None
        outcomes.append(
            Outcome(chosen.id, chosen.severity, vm, word, cause="why", waiver=waiver)  # type: ignore[arg-type]
        )
    ledger = balance(checks, planned, outcomes[: len(outcomes) - missing])
    return judge(outcomes[: len(outcomes) - missing], ledger, interrupted=interrupted)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["blocker pass"], "READY"),
        (["blocker pass", "info info"], "READY"),
        (["blocker pass", "warning not-applicable"], "READY"),
        (["blocker pass", "warning warning"], "READY WITH CONDITIONS"),
        (["blocker pass", "blocker warning"], "READY WITH CONDITIONS"),
        (["blocker pass", "blocker waived"], "READY WITH CONDITIONS"),
        (["blocker waived"], "READY WITH CONDITIONS"),
        (["blocker pass", "warning not-verified"], "READY WITH CONDITIONS"),
        (["blocker pass", "info not-verified"], "READY WITH CONDITIONS"),
        (["blocker pass", "blocker not-verified"], "NOT VERIFIED"),
        (["blocker not-verified", "warning warning"], "NOT VERIFIED"),
        (["blocker blocked"], "BLOCKED"),
        (["blocker blocked", "blocker not-verified", "warning warning"], "BLOCKED"),
        (["blocker not-applicable"], "INCOMPLETE"),
        ([], "INCOMPLETE"),
    ],
)
def test_word(words: list[str], expected: str) -> None:
    assert verdict(*words).word == expected


@pytest.mark.parametrize("words", [["blocker pass"], ["blocker not-verified"], ["blocker warning"]])
def test_interrupted_or_short_is_incomplete(words: list[str]) -> None:
    assert verdict(*words, interrupted=True).word == "INCOMPLETE"
    assert verdict(*words, "blocker pass", missing=1).word == "INCOMPLETE"


def test_flags_stand_beside_the_word() -> None:
    found = verdict("blocker blocked", "blocker not-verified", "blocker pass", missing=1)
    assert found.word == "BLOCKED"
    assert found.flags == {"blocked": True, "incomplete": True, "not_verified": True}
    assert verdict("blocker pass").flags == {
        "blocked": False,
        "incomplete": False,
        "not_verified": False,
    }


def test_a_ledger_that_does_not_add_up_is_incomplete() -> None:
    planned = plan([BLOCKER], {"VM": [VM]}, pool=POOL)
    one = Outcome(BLOCKER.id, "blocker", VM, "pass")
    ledger = balance([BLOCKER], planned, [one, one])
    found = judge([one, one], ledger)
    assert found.word == "INCOMPLETE"
    assert "does not add up" in found.sentence


@pytest.mark.parametrize(
    ("words", "code", "strict"),
    [
        (["blocker pass"], 0, 0),
        (["warning warning"], 0, 10),
        (["blocker blocked"], 1, 1),
        (["blocker not-verified"], 30, 30),
        ([], 40, 40),
    ],
)
def test_exit_codes(words: list[str], code: int, strict: int) -> None:
    assert verdict(*words).exit_code() == code
    assert verdict(*words).exit_code(fail_on_warning=True) == strict


def test_sentences() -> None:
    assert sample().verdict.sentence == (
        "BLOCKED by 3 findings on 1 host and 2 VMs; 3 more blockers could not be verified"
    )
    assert sample(clean=True).verdict.sentence == (
        "READY: 11 checks passed on the pool, 3 hosts, 2 SRs and 12 VMs"
    )
    assert verdict("blocker pass", "warning warning", "blocker waived").sentence == (
        "READY WITH CONDITIONS: 1 warning and 1 waived finding"
    )
    assert verdict("blocker not-verified", "blocker not-verified").sentence == (
        "NOT VERIFIED: 2 blockers could not be judged, on 2 VMs"
    )
    assert verdict("blocker pass", "blocker pass", missing=1).sentence == (
        "INCOMPLETE: 1 not reached of 2 planned judgements"
    )
    assert verdict().sentence == "INCOMPLETE: nothing was planned"
    assert "was interrupted" in verdict("blocker pass", interrupted=True).sentence
    assert "no check applied" in verdict("blocker not-applicable").sentence
    assert sample(drop="VM-AGILE-01").verdict.sentence.endswith(
        "the run is incomplete too: 12 not reached of 64 planned judgements"
    )


def test_every_word_says_what_to_do() -> None:
    for words in (["blocker pass"], ["warning warning"], ["blocker blocked"], []):
        assert verdict(*words).next_step.endswith(".")
