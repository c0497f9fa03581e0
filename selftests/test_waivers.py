"""Waivers: only a complete, valid, known entry waives, and everything else is said."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.waivers import WaiverBook, judge_waivers, load_waivers

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "waivers.example.toml"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
KNOWN = ("HOST-BLOBS-01:uuid-1", "HOST-BLOBS-01:uuid-2", "VM-TOOLS-01:uuid-3")
GOOD = {
    "finding": '"HOST-BLOBS-01:uuid-1"',
    "owner": '"Ada"',
    "approver": '"Grace"',
    "reason": '"audit"',
    "ticket": '"CHG-1"',
    "from": "2026-11-01",
    "until": "2026-12-01",
}


def entry(**changes: str | None) -> str:
    fields = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in fields.items() if value is not None]
    return "\n".join(["[[waiver]]", *lines, ""])


def book(
    tmp_path: Path, *entries: str, now: dt.datetime = NOW, known: Sequence[str] = KNOWN
) -> WaiverBook:
    path = tmp_path / "waivers.toml"
    path.write_text("\n".join(entries), encoding="utf-8")
    loaded: list[dict[str, Any]] = json.loads(json.dumps(load_waivers(path)))
    return judge_waivers(loaded, now, known)


def test_a_good_waiver_waives(tmp_path: Path) -> None:
    found = book(tmp_path, entry())
    waiver = found.applies("HOST-BLOBS-01:uuid-1")
    assert waiver is not None
    assert (waiver.owner, waiver.approver, waiver.ticket) == ("Ada", "Grace", "CHG-1")
    assert (waiver.valid_from, waiver.valid_until) == (dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    assert found.notes == ()
    assert found.applies("HOST-BLOBS-01:uuid-2") is None


def test_dates_may_be_written_as_text(tmp_path: Path) -> None:
    found = book(tmp_path, entry(**{"from": '"2026-11-23"', "until": '"2026-11-23"'}))
    assert found.applies("HOST-BLOBS-01:uuid-1")


@pytest.mark.parametrize(
    ("now", "waives"),
    [
        (dt.datetime(2026, 10, 31, 23, 59, 59, tzinfo=dt.UTC), False),
        (dt.datetime(2026, 11, 1, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 1, 23, 59, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 12, 2, tzinfo=dt.UTC), False),
        # In UTC it is still the last day, wherever the clock hangs.
        (dt.datetime(2026, 12, 2, 4, tzinfo=dt.timezone(dt.timedelta(hours=5))), True),
        (dt.datetime(2026, 12, 1, 22, tzinfo=dt.timezone(-dt.timedelta(hours=5))), False),
    ],
)
def test_both_days_are_included_in_utc(tmp_path: Path, now: dt.datetime, *, waives: bool) -> None:
    found = book(tmp_path, entry(), now=now)
    assert bool(found.applies("HOST-BLOBS-01:uuid-1")) is waives
    assert bool(found.notes) is not waives


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": "2026-11-22"}, "expired on 2026-11-22"),
        ({"from": "2026-11-24"}, "not valid before 2026-11-24"),
        ({"until": "2026-10-01"}, "ends on 2026-10-01 before it begins"),
        ({"finding": '"HOST-BLOB-01:uuid-1"'}, 'called HOST-BLOB-01 (did you mean "HOST-BLOBS-01"'),
        ({"finding": '"HOST-BLOBS-01:uuid-9"'}, "HOST-BLOBS-01 has no object uuid-9"),
        ({"finding": '"HOST-BLOBS-01"'}, "a check id and an object uuid"),
        ({"finding": '"HOST-BLOBS-01:"'}, "a check id and an object uuid"),
        ({"finding": '"HOST-BLOBS-01:*"'}, "no object *"),
        ({"finding": '"host-blobs-01:uuid-1"'}, "a check id and an object uuid"),
        ({"finding": '"HOST-BLOBS-01: uuid-1"'}, "a check id and an object uuid"),
        ({"finding": "7"}, '"finding" must be text, not 7'),
        ({"finding": None}, '"finding" is missing'),
        ({"owner": None}, '"owner" is missing'),
        ({"approver": '"  "'}, '"approver" is missing'),
        ({"reason": '""'}, '"reason" is missing'),
        ({"ticket": "[]"}, '"ticket" must be text'),
        ({"ticket": f'"{"x" * 3000}"'}, '"ticket" is longer than'),
        ({"from": None}, '"from" is missing'),
        ({"until": '""'}, '"until" is missing'),
        ({"until": '"soon"'}, '"until" must be a date'),
        ({"until": "2026-12-01T10:00:00Z"}, '"until" must be a date'),
        ({"until": "20261201"}, '"until" must be a date'),
        ({"untill": "2026-12-01"}, 'unknown key "untill" (did you mean "until"?)'),
    ],
)
def test_a_bad_waiver_waives_nothing(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    found = book(tmp_path, entry(**changes))
    assert not found.valid
    assert len(found.notes) == 1
    assert found.notes[0].startswith("waiver 1")
    assert "waives nothing" in found.notes[0]
    assert said in found.notes[0]


def test_all_that_is_wrong_is_said(tmp_path: Path) -> None:
    (note,) = book(tmp_path, "[[waiver]]").notes
    assert note.count("is missing") == 7


def test_one_bad_waiver_does_not_hide_the_others(tmp_path: Path) -> None:
    found = book(tmp_path, entry(owner=None), entry(finding='"VM-TOOLS-01:uuid-3"'))
    assert list(found.valid) == ["VM-TOOLS-01:uuid-3"]
    assert found.notes[0].startswith("waiver 1 (HOST-BLOBS-01:uuid-1)")


def test_a_duplicate_waives_nothing_more(tmp_path: Path) -> None:
    found = book(tmp_path, entry(), entry(reason='"other"'))
    waiver = found.applies("HOST-BLOBS-01:uuid-1")
    assert waiver is not None
    assert (waiver.number, waiver.reason) == (1, "audit")
    assert "again as waiver 1" in found.notes[0]


def test_a_renewed_waiver_is_no_duplicate(tmp_path: Path) -> None:
    found = book(tmp_path, entry(until="2026-11-10"), entry(**{"from": "2026-11-11"}))
    waiver = found.applies("HOST-BLOBS-01:uuid-1")
    assert waiver is not None
    assert waiver.number == 2
    assert "expired" in found.notes[0]


def test_ones_own_approval_waives_and_is_said(tmp_path: Path) -> None:
    found = book(tmp_path, entry(approver='"ADA"'))
    assert found.applies("HOST-BLOBS-01:uuid-1")
    assert "approved by its own owner, Ada" in found.notes[0]


def test_what_was_not_needed_is_said(tmp_path: Path) -> None:
    found = book(tmp_path, entry(), entry(finding='"VM-TOOLS-01:uuid-3"'))
    assert found.unused({"HOST-BLOBS-01:uuid-1", "VM-TOOLS-01:uuid-3"}) == ()
    (note,) = found.unused({"HOST-BLOBS-01:uuid-1"})
    assert "waiver 2 (VM-TOOLS-01:uuid-3) was not needed" in note


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    hostile = '"HOST-BLOBS-01:\\n\\u202e\\u0000<img src=x>"'
    (note,) = book(tmp_path, entry(finding=hostile)).notes
    assert note.isprintable()


def test_nothing_known_waives_nothing(tmp_path: Path) -> None:
    found = book(tmp_path, entry(), known=())
    assert not found.valid
    assert "no check of this run" in found.notes[0]


def test_an_empty_file_has_no_waivers(tmp_path: Path) -> None:
    assert book(tmp_path) == WaiverBook({}, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[waivers]]\n", r'unknown key "waivers" \(did you mean "waiver"\?\)'),
        ("[waiver]\n", r"must be written as \[\[waiver\]\]"),
        ("waiver = 3\n", r"must be written as \[\[waiver\]\]"),
        ("waiver = [1]\n", r"must be written as \[\[waiver\]\]"),
        ("[[waiver]\n", "not valid TOML"),
        ("[[waiver]]\n" * 10_001, "more than 10000 entries"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblemError, match=message):
        load_waivers(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match=r"waivers\.toml cannot be opened"):
        load_waivers(tmp_path / "waivers.toml")


def test_a_clock_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        judge_waivers([], dt.datetime(2026, 11, 23), ())  # noqa: DTZ001 - the point of the test


def test_the_example_waives() -> None:
    entries = load_waivers(EXAMPLE)
    found = judge_waivers(entries, NOW, [entries[0]["finding"]])
    assert found.applies(entries[0]["finding"])
    assert found.notes == ()
