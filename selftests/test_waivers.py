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
        ({"finding": '"HOST-BLOBS-01:*"'}, '"why_all" is missing'),
        ({"finding": '"HOST-BLOBS-01:*"', "why_all": '" "'}, '"why_all" is missing'),
        ({"finding": '"HOST-BLOBS-01:*"', "why_all": '" AUDIT "'}, 'only repeats "reason"'),
        ({"finding": '"HOST-BLOB-01:*"', "why_all": '"all"'}, "no check of this run is called"),
        ({"why_all": '"all"'}, '"why_all" is for a finding that ends in :*'),
        ({"finding": '"*"', "why_all": '"all"'}, "nothing waives several checks"),
        ({"finding": '"*:*"', "why_all": '"all"'}, "nothing waives several checks"),
        ({"finding": '":*"', "why_all": '"all"'}, "nothing waives several checks"),
        ({"finding": '"HOST-*:*"', "why_all": '"all"'}, "nothing waives several checks"),
        ({"finding": '"HOST-*:uuid-1"'}, "nothing waives several checks"),
        ({"finding": '"HOST-BLOBS-0?:uuid-1"'}, "nothing waives several checks"),
        ({"finding": '"HOST-BLOBS-01:uuid-*"'}, "nothing waives several checks"),
        ({"finding": '"HOST-BLOBS-01:**"', "why_all": '"all"'}, "nothing waives several checks"),
        ({"finding": '"*HOST-BLOBS-01:uuid-1"'}, "nothing waives several checks"),
        ({"finding": '"HOST-BLOBS-01:uuid-1,uuid-2"'}, "has no object uuid-1,uuid-2"),
        ({"from": "2026-08-24", "until": "2026-11-23"}, "runs for 91 days"),
        ({"from": "2026-11-24", "until": "9999-12-31"}, "waiver_days allows 90"),
        ({"measure": '""'}, '"measure" is missing'),
        ({"measure": "7"}, '"measure" must be text'),
        ({"measures": '"x"'}, 'unknown key "measures" (did you mean "measure"?)'),
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
    known = [entries[0]["finding"], "VM-RESTART-01:any"]
    found = judge_waivers(entries, NOW, known)
    assert all(found.applies(finding) for finding in known)
    assert found.notes == ()


WIDE: dict[str, str | None] = {
    "finding": '"HOST-BLOBS-01:*"',
    "why_all": '"every host is reinstalled"',
}


def test_all_objects_of_a_check_with_a_reason_of_its_own(tmp_path: Path) -> None:
    found = book(tmp_path, entry(**WIDE))
    for finding in KNOWN[:2]:
        waiver = found.applies(finding)
        assert waiver is not None
        assert waiver.is_wide
        assert waiver.as_json()["why_all"] == "every host is reinstalled"
    assert found.applies(KNOWN[2]) is None
    assert found.notes == ()
    assert found.unused(set(KNOWN[:1])) == ()
    assert "was not needed" in found.unused({KNOWN[2]})[0]
    (note,) = found.wide(set(KNOWN))
    assert "waiver 1 (HOST-BLOBS-01:*) names no object" in note
    assert "2 findings in this run" in note
    assert found.wide({KNOWN[0]})[0].endswith("1 finding in this run")
    assert found.wide({KNOWN[2]}) == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_waiver_that_names_its_object_comes_first(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    texts = (entry(), entry(**WIDE))
    found = book(tmp_path, *(texts[number] for number in order))
    named, other = found.applies(KNOWN[0]), found.applies(KNOWN[1])
    assert named is not None
    assert other is not None
    assert (named.is_wide, other.is_wide) == (False, True)
    (note,) = found.notes
    assert f"waiver {named.number} ({KNOWN[0]}) overlaps waiver {other.number}" in note
    assert found.needed(set(KNOWN)) == {named.number: 1, other.number: 1}
    # The wide one has nothing left to waive where the other names the only finding.
    assert "HOST-BLOBS-01:*" in found.unused({KNOWN[0]})[0]


def test_a_wide_waiver_is_said_twice_only_once(tmp_path: Path) -> None:
    found = book(tmp_path, entry(**WIDE), entry(**WIDE))
    assert [waiver.number for waiver in found.valid.values()] == [1]
    assert "again as waiver 1" in found.notes[0]


@pytest.mark.parametrize("finding", ["HOST-BLOBS-01:uuid-1", "HOST-BLOBS-01:*"])
def test_a_check_may_forbid_waivers(tmp_path: Path, finding: str) -> None:
    path = tmp_path / "waivers.toml"
    why_all = '"all"' if finding.endswith("*") else None
    path.write_text(entry(finding=f'"{finding}"', why_all=why_all), encoding="utf-8")
    found = judge_waivers(load_waivers(path), NOW, KNOWN, unwaivable={"HOST-BLOBS-01"})
    assert not found.valid
    assert "HOST-BLOBS-01 allows no waiver" in found.notes[0]


@pytest.mark.parametrize(("days", "waives"), [(29, False), (30, True), (31, True)])
def test_the_longest_time_is_a_setting(tmp_path: Path, days: int, *, waives: bool) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(entry(), encoding="utf-8")  # from the first to the first
    found = judge_waivers(load_waivers(path), NOW, KNOWN, most_days=days)
    assert bool(found.valid) is waives
    assert (
        waives or "waiver 1 (HOST-BLOBS-01:uuid-1) waives nothing: it runs for 30" in found.notes[0]
    )


def test_the_measure_is_kept(tmp_path: Path) -> None:
    hostile = "watched\\n<img src=x onerror=alert(1)>\\u202e"
    waiver = book(tmp_path, entry(measure=f'"{hostile}"')).applies(KNOWN[0])
    assert waiver is not None
    assert waiver.as_json()["measure"] == "watched\n<img src=x onerror=alert(1)>\u202e"
    without = book(tmp_path, entry()).applies(KNOWN[0])
    assert without is not None
    assert (without.measure, without.why_all) == ("", "")


def test_an_entry_of_an_older_bundle_waives(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(entry(), encoding="utf-8")
    (loaded,) = load_waivers(path)
    old = {key: value for key, value in loaded.items() if key not in ("measure", "why_all")}
    assert judge_waivers([old], NOW, KNOWN).applies(KNOWN[0])


@pytest.mark.parametrize("key", ["owner", "approver", "reason", "why_all", "measure", "finding"])
def test_no_hostile_entry_leaves_its_line(tmp_path: Path, key: str) -> None:
    hostile = '"x\\n\\u0000\\u202e\\u001b[31m<script>"'
    found = book(tmp_path, entry(**{**WIDE, "approver": hostile, "owner": hostile, key: hostile}))
    for note in [*found.notes, *found.wide(set(KNOWN)), *found.unused(set())]:
        assert note.isprintable()
