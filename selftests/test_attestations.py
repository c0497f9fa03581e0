"""Attestations: only an answer that holds is one, and what is missing comes with lines to paste."""

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fixtures.attestations import answer, attestation_notes, lines_to_paste, load_attestations
from fixtures.exceptions import NotVerifiedError, UsageProblemError

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
        answer(loaded, TRIAL, "Was it tried?", now)
    return f"{info.value}\n{info.value.remedy}"


@pytest.mark.parametrize(("said", "yes"), [('"yes"', True), ('"no"', False)])
def test_an_answer_that_holds(tmp_path: Path, said: str, *, yes: bool) -> None:
    found = answer(entries(tmp_path, entry(answer=said)), TRIAL, "Was it tried?", NOW)
    assert (found.yes, found.by, found.when) == (yes, "Ada", dt.date(2026, 11, 20))
    assert found.until == dt.date(2026, 12, 20)


def test_nobody_answered() -> None:
    cause = refusal([])
    assert "Was it tried? Nobody has answered it" in cause
    assert cause.endswith(lines_to_paste(TRIAL, NOW.date()))


def test_the_lines_to_paste_hold_once_completed(tmp_path: Path) -> None:
    pasted = refusal([]).split("\n", 2)[2]
    assert tomllib.loads(pasted)["attestation"][0]["question"] == TRIAL
    assert '"answer" is missing; "by" is missing' not in refusal([])
    cause = refusal(entries(tmp_path, pasted))
    assert '"answer" is missing; "by" is missing' in cause
    completed = pasted.replace('answer = ""', 'answer = "yes"').replace('by = ""', 'by = "Ada"')
    assert answer(entries(tmp_path, completed), TRIAL, "Was it tried?", NOW).by == "Ada"


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
    assert bool(attestation_notes(loaded, now, [TRIAL])) is not holds
    if holds:
        assert answer(loaded, TRIAL, "Was it tried?", now).yes
    else:
        assert "does not hold" in refusal(loaded, now)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": "2026-11-22"}, "it expired on 2026-11-22"),
        ({"when": "2026-11-24"}, "it is dated 2026-11-24, after this run"),
        ({"until": "2026-11-01"}, "ends on 2026-11-01 before it was given"),
        ({"answer": '"maybe"'}, '"answer" must be "yes" or "no", not "maybe"'),
        ({"answer": '"Yes"'}, '"answer" must be "yes" or "no"'),
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
    (note,) = attestation_notes(loaded, NOW, [TRIAL])
    assert said in note
    assert note.startswith(f"attestation 1 ({TRIAL}) has no effect")


def test_a_later_answer_replaces_an_expired_one(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(until="2026-11-21", answer='"no"'), entry())
    assert answer(loaded, TRIAL, "Was it tried?", NOW).yes


def test_the_newest_of_equal_answers_counts(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(by='"Grace"', when="2026-11-22"), entry())
    assert answer(loaded, TRIAL, "Was it tried?", NOW).by == "Grace"


def test_answers_that_contradict_each_other_are_none(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(), entry(answer='"no"', by='"Grace"'))
    assert "answered both yes and no" in refusal(loaded)


def test_an_answer_to_nothing_is_said(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(question='"POOL-TRAIL-01"'), entry(question=None))
    assert "Nobody has answered it" in refusal(loaded)
    first, second = attestation_notes(loaded, NOW, [TRIAL])
    assert (
        f'(POOL-TRAIL-01) has no effect: no question is called that (did you mean "{TRIAL}"?)'
        in first
    )
    assert second == 'attestation 2 has no effect: "question" is missing'


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    loaded = entries(tmp_path, entry(answer='"\\n\\u202e<script>"', question='"\\nX"'))
    (note,) = attestation_notes(loaded, NOW, [TRIAL])
    assert note.isprintable()


@pytest.mark.parametrize("text", ["[[attestations]]", "[attestation]", "attestation = 'x'", "["])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageProblemError, match=r"attestations\.toml"):
        entries(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="cannot be opened"):
        load_attestations(tmp_path / "attestations.toml")


def test_the_example_holds() -> None:
    loaded = load_attestations(EXAMPLE)
    assert answer(loaded, TRIAL, "Was it tried?", NOW).yes
    assert attestation_notes(loaded, NOW, [TRIAL]) == ()
