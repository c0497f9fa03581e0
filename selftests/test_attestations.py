"""Attestations: only an answer that holds is one, and what is missing comes with lines to paste."""

import datetime as dt
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.attestations import (
    answer,
    attestation_notes,
    lines_to_paste,
    load_attestations,
    read_attestors,
)
from fixtures.catalogue import discover
from fixtures.contract import ContractError, check, check_of, warning
from fixtures.exceptions import NotVerifiedError, UsageProblemError
from fixtures.model import Pool
from reports.outcome import CheckInfo

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "attestations.example.toml"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TRIAL = "POOL-TRIAL-01"
GOOD = {
    "question": f'"{TRIAL}"',
    "answer": '"yes"',
    "by": '"Ada"',
    "when": "2026-11-20",
    "until": "2026-12-20",
}


ASKED = CheckInfo(
    id=TRIAL,
    severity="warning",
    object_class="pool",
    title="t",
    why="w",
    source="s",
    remedy="r",
    risk="none.",
    file="f",
    question="Was it tried?",
    answers=("yes", "in part", "no"),
    answer_days=60,
)


def entry(**changes: str | None) -> str:
    fields = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in fields.items() if value is not None]
    return "\n".join(["[[attestation]]", *lines, ""])


def entries(tmp_path: Path, *texts: str) -> list[dict[str, Any]]:
    path = tmp_path / "attestations.toml"
    path.write_text("\n".join(texts), encoding="utf-8")
    loaded: list[dict[str, Any]] = json.loads(json.dumps(load_attestations(path)))
    return loaded


def refusal(loaded: list[dict[str, Any]], now: dt.datetime = NOW) -> str:
    with pytest.raises(NotVerifiedError) as info:
        answer(loaded, ASKED, now)
    return f"{info.value}\n{info.value.remedy}"


@pytest.mark.parametrize(("said", "yes"), [("yes", True), ("no", False), ("in part", False)])
def test_an_answer_that_holds(tmp_path: Path, said: str, *, yes: bool) -> None:
    found = answer(entries(tmp_path, entry(answer=f'"{said}"')), ASKED, NOW)
    assert (found.answer, found.yes, found.by) == (said, yes, "Ada")
    assert found.when == dt.date(2026, 11, 20)
    assert found.until == dt.date(2026, 12, 20)


def test_nobody_answered() -> None:
    cause = refusal([])
    assert "Was it tried? Nobody has answered it" in cause
    assert cause.endswith(lines_to_paste(ASKED, NOW.date()))


def test_the_lines_to_paste_hold_once_completed(tmp_path: Path) -> None:
    pasted = refusal([]).split("\n", 2)[2]
    assert tomllib.loads(pasted)["attestation"][0]["question"] == TRIAL
    assert '"answer" is missing; "by" is missing' not in refusal([])
    cause = refusal(entries(tmp_path, pasted))
    assert '"answer" is missing; "by" is missing' in cause
    completed = pasted.replace('answer = ""', 'answer = "yes"').replace('by = ""', 'by = "Ada"')
    assert answer(entries(tmp_path, completed), ASKED, NOW).by == "Ada"


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (dt.datetime(2026, 11, 19, 23, 59, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 11, 20, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 20, 23, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 21, tzinfo=dt.UTC), False),
    ],
)
def test_both_days_are_included(tmp_path: Path, now: dt.datetime, *, holds: bool) -> None:
    loaded = entries(tmp_path, entry())
    assert bool(attestation_notes(loaded, now, [ASKED])) is not holds
    if holds:
        assert answer(loaded, ASKED, now).yes
    else:
        assert "does not hold" in refusal(loaded, now)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": "2026-11-22"}, "it expired on 2026-11-22"),
        ({"when": "2026-11-24"}, "it is dated 2026-11-24, after this run"),
        ({"until": "2026-11-01"}, "ends on 2026-11-01 before it was given"),
        ({"answer": '"maybe"'}, '"answer" must be "yes", "in part" or "no", not "maybe"'),
        ({"answer": '"Yes"'}, '"answer" must be "yes", "in part" or "no"'),
        ({"until": "2027-01-20"}, "hold for 61 days, until 2027-01-20; an answer to"),
        ({"answer": "true"}, '"answer" must be text'),
        ({"answer": None}, '"answer" is missing'),
        ({"by": '" "'}, '"by" is missing'),
        ({"when": None}, '"when" is missing'),
        ({"until": '"never"'}, '"until" must be a date'),
        ({"until": None}, '"until" is missing'),
        ({"approved": '"yes"'}, 'unknown key "approved"'),
    ],
)
def test_an_answer_that_does_not_hold(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    loaded = entries(tmp_path, entry(**changes))
    cause = refusal(loaded)
    assert "Attestation 1 does not hold" in cause
    assert said in cause
    assert "[[attestation]]" in cause
    (note,) = attestation_notes(loaded, NOW, [ASKED])
    assert said in note
    assert note.startswith(f"attestation 1 ({TRIAL}) has no effect")


def test_a_later_answer_replaces_an_expired_one(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(until="2026-11-21", answer='"no"'), entry())
    assert answer(loaded, ASKED, NOW).yes


def test_the_newest_of_equal_answers_counts(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(by='"Grace"', when="2026-11-22"), entry())
    assert answer(loaded, ASKED, NOW).by == "Grace"


def test_answers_that_contradict_each_other_are_none(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(), entry(answer='"no"', by='"Grace"'))
    assert "answered both yes and no" in refusal(loaded)


def test_an_answer_to_nothing_is_said(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(question='"POOL-TRAIL-01"'), entry(question=None))
    assert "Nobody has answered it" in refusal(loaded)
    first, second = attestation_notes(loaded, NOW, [ASKED])
    assert (
        f'(POOL-TRAIL-01) has no effect: no question is called that (did you mean "{TRIAL}"?)'
        in first
    )
    assert second == 'attestation 2 has no effect: "question" is missing'


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(answer='"\\n\\u202e<script>"', question='"\\nX"'))
    (note,) = attestation_notes(loaded, NOW, [ASKED])
    assert note.isprintable()


@pytest.mark.parametrize("text", ["[[attestations]]", "[attestation]", "attestation = 'x'", "["])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageProblemError, match=r"attestations\.toml"):
        entries(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="cannot be opened"):
        load_attestations(tmp_path / "attestations.toml")


CHECKS = [found.info for found in discover().checks.values()]
QUESTIONS = {info.id: info for info in CHECKS if info.question}


def test_the_example_answers_every_question() -> None:
    loaded = load_attestations(EXAMPLE)
    assert {one["question"] for one in loaded} == set(QUESTIONS)
    for asked in QUESTIONS.values():
        assert answer(loaded, asked, NOW).answer != "no"
    assert attestation_notes(loaded, NOW, QUESTIONS.values()) == ()


def test_every_question_is_asked_in_words() -> None:
    assert {TRIAL, "POOL-MEDIA-01", "POOL-MIRROR-01", "POOL-IMAGE-01"} <= set(QUESTIONS)
    for asked in QUESTIONS.values():
        assert asked.question.endswith("?")
        assert len(asked.answers) >= 2
        assert 1 <= asked.answer_days <= 90
    assert not [info.id for info in CHECKS if info.answers and not info.question]


def test_only_attestors_may_answer(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry())
    may = {TRIAL: ("Grace Hopper", " ADA ")}
    assert answer(loaded, ASKED, NOW, attestors=may).by == "Ada"
    assert answer(loaded, ASKED, NOW, attestors={"POOL-OTHER-01": ("Grace",)}).by == "Ada"
    others = {TRIAL: ("Grace Hopper", "Adam")}
    with pytest.raises(
        NotVerifiedError, match="Ada may not answer it; Grace Hopper, Adam may"
    ) as no:
        answer(loaded, ASKED, NOW, attestors=others)
    assert 'by = ""  # one of: Grace Hopper, Adam' in no.value.remedy
    (note,) = attestation_notes(loaded, NOW, [ASKED], others)
    assert "Ada may not answer it" in note


def test_an_attestors_answer_counts_beside_anothers(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(answer='"no"', by='"Eve"', when="2026-11-22"), entry())
    assert "both yes and no" in refusal(loaded)
    assert answer(loaded, ASKED, NOW, attestors={TRIAL: ("Ada",)}).yes


def test_a_restriction_of_no_question_is_said() -> None:
    (note,) = attestation_notes([], NOW, [ASKED], {"POOL-TRAIL-01": ("Ada",)})
    assert f'no question is called POOL-TRAIL-01 (did you mean "{TRIAL}"?)' in note


def test_a_check_without_a_question_is_none(tmp_path: Path) -> None:
    mute = replace(ASKED, id="POOL-MUTE-01", question="", answers=())
    (note,) = attestation_notes(
        entries(tmp_path, entry(question='"POOL-MUTE-01"')), NOW, [ASKED, mute]
    )
    assert "no question is called that" in note


def test_the_lines_to_paste_keep_to_the_limit() -> None:
    short = replace(ASKED, answer_days=7)
    pasted = lines_to_paste(short, NOW.date())
    assert "until = 2026-11-30" in pasted
    assert 'answer = ""  # "yes", "in part" or "no"' in pasted


@pytest.mark.parametrize(
    "value",
    [7, "Ada", [], {"POOL-TRIAL-01": "Ada"}, {"POOL-TRIAL-01": []}, {"POOL-TRIAL-01": [7]},
     {"POOL-TRIAL-01": [" "]}, {"POOL-TRIAL-01": ["a\nb"]}, {"*": ["Ada"]}, {"pool": ["Ada"]},
     {"POOL-TRIAL-01 ": ["Ada"]}, {"POOL-*": ["Ada"]}],
)  # fmt: skip
def test_attestors_are_a_table_of_names(value: object) -> None:
    with pytest.raises(UsageProblemError, match=r"poolproof\.toml.*attestors") as no:
        read_attestors("attestors", value, "poolproof.toml")
    assert str(no.value).isprintable()


def asking(pool: Pool, attested: object) -> None:
    """It holds.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert pool, "it does not"


def silent(pool: Pool) -> None:
    """It holds.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert pool, "it does not"


def test_a_question_is_declared_where_it_is_asked() -> None:
    found = check_of(check("SITE-IT-01", warning, question="Is it?", answer_days=3)(asking))
    assert found is not None
    assert (found.info.question, found.info.answers) == ("Is it?", ("yes", "no"))
    assert found.info.answer_days == 3
    with pytest.raises(ContractError, match="go together"):
        check("SITE-IT-01", warning)(asking)
    with pytest.raises(ContractError, match="go together"):
        check("SITE-IT-01", warning, question="Is it?")(silent)
    for answers, days in (
        (("yes",), 3),
        (("yes", "yes"), 3),
        (("yes", " "), 3),
        (("yes", "no"), 0),
    ):
        with pytest.raises(ContractError, match="two answers or more"):
            check("SITE-IT-01", warning, question="?", answers=answers, answer_days=days)(asking)
