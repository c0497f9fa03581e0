"""Everything that is listed in `simpool/stories` is told by a fault, or said not to be."""

import re
from pathlib import Path

import pytest

from reports import traceability
from reports.traceability import ATTESTED, CHECKED, NOT_OURS, SAME, STILL_OPEN
from selftests.running import ROOT
from selftests.test_repository import imports_of
from simpool.faults import attested, faults
from simpool.faults.fault import Fault
from simpool.stories import Told, open_reasons, stories

DOMAIN = ROOT.parent / "shared" / "domain"
LISTED = {told.id: told for lists in stories().values() for told in lists}
STANDING = {one.told.id: one.standing for rows in traceability.traces().values() for one in rows}
STORY = """
[[told]]
id = "a"
says = "something"
mark = "documented"
"""


def test_every_fault_tells_what_is_listed() -> None:
    told = {one for of_check in faults().values() for fault in of_check for one in fault.tells}
    assert told - LISTED.keys() == set()


def test_what_is_not_told_is_listed_as_open_and_nothing_else() -> None:
    still = {one for one, standing in STANDING.items() if standing == STILL_OPEN}
    assert still - open_reasons().keys() == set(), "told by nothing: give each a fault"
    assert open_reasons().keys() - still == set(), "told by now: take them off open.toml"


def test_what_is_not_ours_is_told_by_nothing() -> None:
    assert {one.id for one in LISTED.values() if one.not_ours} == {
        one for one, standing in STANDING.items() if standing == NOT_OURS
    }


def test_the_page_is_true() -> None:
    text = traceability.page(traceability.traces(), open_reasons())
    assert traceability.PAGE.read_text(encoding="utf-8") == text, "run make docs"


def test_no_audit_imports_the_generator_or_the_simulator() -> None:
    for path in (ROOT / "reports").glob("*.py"):
        used = imports_of(path)
        assert "reports.traceability" not in used, path
        assert path.name == "traceability.py" or not any(n.startswith("simpool") for n in used)


def nothing(pool: object) -> None:
    """A change that is not an answer of a person."""


def fault(*tells: str, asked: bool = False) -> Fault:
    change = attested.denied("X") if asked else nothing
    return Fault(check="X", change=change, on="", finds="", tells=tells, settings={"target": "t"})


def told(one: str, not_ours: str = "", same_as: tuple[str, ...] = ()) -> Told:
    return Told(id=one, says="says", mark="documented", not_ours=not_ours, same_as=same_as)


def test_standings() -> None:
    listed = {
        "xapi": (
            told("checked"),
            told("asked"),
            told("other", not_ours="not a fact of the pool"),
            told("same", same_as=("checked", "other")),
            told("half", same_as=("checked", "missing")),
            told("missing"),
        )
    }
    played = [fault("checked", asked=True), fault("checked"), fault("asked", asked=True)]
    found = traceability.judge(listed, played)
    assert {one.told.id: one.standing for one in found["xapi"]} == {
        "checked": CHECKED,
        "asked": ATTESTED,
        "other": NOT_OURS,
        "same": SAME,
        "half": STILL_OPEN,
        "missing": STILL_OPEN,
    }
    text = traceability.page(found, {"missing": "no room"})
    assert "| missing | says | documented | no room |" in text
    assert "[X](catalogue.md#x)" in text
    assert "| blocked (target t)" in text
    assert "`denied` in `simpool/faults/attested.py`" in text
    assert "not ours: not a fact of the pool" in text
    assert "same as checked, other" in text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (STORY + STORY, "a is listed twice"),
        (STORY + 'color = "red"', "unknown key color"),
        ('[[other]]\nid = "a"', "unknown key other"),
        (STORY.replace("documented", "rumour"), "unknown mark"),
        (STORY.replace("something", ""), "lacks says"),
        (STORY + 'same_as = ["b"]', "not listed"),
        (STORY + 'same_as = ["a"]\nnot_ours = "no"', "either not ours"),
    ],
)
def test_lists_are_written_strictly(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "one.toml").write_text(text)
    with pytest.raises(ValueError, match=cause):
        stories(tmp_path)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('[[open]]\nid = "a"', "exactly id and reason"),
        ('[[open]]\nid = "a"\nreason = ""', "exactly id and reason"),
        ('[[open]]\nid = "a"\nreason = "r"\n' * 2, "listed twice"),
        ('[[told]]\nid = "a"', "unknown key told"),
    ],
)
def test_what_is_open_is_written_strictly(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "open.toml").write_text(text)
    with pytest.raises(ValueError, match=cause):
        open_reasons(tmp_path)


@pytest.mark.skipif(not DOMAIN.exists(), reason="../shared/domain is not here: no notes to compare")
def test_the_lists_are_complete() -> None:
    assert {f"story-{number:02}" for number in range(1, 85)} <= LISTED.keys()
    notes = (DOMAIN / "xencenter-prechecks.md").read_text(encoding="utf-8")
    table = notes.split("### 1.2 ", 1)[1].split("### 1.3 ", 1)[0]
    rows = re.findall(r"^\| ([A-Z]\d\d) \|", table, re.MULTILINE)
    assert len(rows) == 36
    assert {f"xencenter-{row}" for row in rows} <= LISTED.keys()
    assert {f"xencenter-rank-{number:02}" for number in range(1, 26)} <= LISTED.keys()
    part = notes.split("### 1.4 ", 1)[1].split("### 1.6 ", 1)[0]
    codes = set(
        re.findall(r"`([A-Z]+_[A-Z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)))
    )
    assert len(codes) > 25
    assert {f"xencenter-code-{code}" for code in codes} <= LISTED.keys()


def test_same_as_leads_to_no_circle() -> None:
    for one in LISTED.values():
        assert not any(LISTED[other].same_as for other in one.same_as), one.id
