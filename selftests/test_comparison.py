"""Two runs compared: what became of every finding, in every format, on a terminal and offline."""

import copy
import csv
import io
import json
from collections import Counter
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.baseline import compared_parts
from fixtures.raw import Json
from reports.comparison import KINDS, compare, headline, lines_of
from reports.exports import exports
from reports.gate import since_lines, with_baseline
from reports.outcome import OPEN, OUTCOMES
from reports.page import render
from reports.results import finding_of, schema, to_bytes
from selftests.sample_run import CALLS, HOSTILE, SETTINGS, Sample, sample

INPUTS: dict[str, Json] = {"settings": {}, "releases": {}}


def parts(results: Any = None) -> dict[str, Any]:
    """A run as it is compared; a copy that a test may change."""
    found = compared_parts(results or sample().results, INPUTS)
    return {"bundle": "20261120T201504Z", "manifest": "ab" * 32, **copy.deepcopy(found)}


def one_outcome(word: str | None, **more: Any) -> dict[str, Any]:
    """A run with one outcome, or with none."""
    run = parts()
    run["outcomes"] = [] if word is None else [{**run["outcomes"][0], "outcome": word, **more}]
    return run


def only_kind(then: dict[str, Any], now: dict[str, Any]) -> str:
    """What became of the only finding; empty if there is nothing to tell."""
    compared = compare(then, now)
    found = [kind for kind, number in compared["counts"].items() if number]
    assert [one["kind"] for one in compared["findings"]] == [
        one for one in found if one != "unchanged"
    ]
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        (None, "pass", ""),
        (None, "blocked", "new"),
        ("pass", "blocked", "new"),
        ("not-applicable", "not-verified", "new"),
        ("info", "warning", "new"),
        ("pass", "waived", "new"),
        ("pass", "not-applicable", "otherwise"),
        ("pass", "pass", ""),
        ("pass", None, ""),
        ("blocked", "pass", "fixed"),
        ("not-verified", "not-applicable", "gone"),
        ("waived", "info", "fixed"),
        ("blocked", None, "gone"),
        ("warning", "blocked", "worse"),
        ("warning", "not-verified", "worse"),
        ("not-verified", "blocked", "worse"),
        ("not-verified", "warning", "worse"),
        ("waived", "warning", "worse"),
        ("waived", "not-verified", "worse"),
        ("blocked", "warning", "better"),
        ("warning", "waived", "better"),
        ("blocked", "not-verified", "changed"),
        ("warning", "warning", "unchanged"),
    ],
)
def test_what_becomes_of_a_finding(then: str | None, now: str | None, kind: str) -> None:
    def of(word: str | None) -> dict[str, Any]:
        waiver = {"original": "warning", "owner": "a"} if word == "waived" else None
        return one_outcome(word, waiver=waiver)

    assert only_kind(of(then), of(now)) == kind


def test_what_changes_within_the_same_word() -> None:
    blocked = {"outcome": "blocked", "message": "pool Frankfurt production: x - found: 1"}
    waived: dict[str, Any] = {
        "outcome": "waived",
        "waiver": {"original": "warning", "until": "2026-12-01"},
    }
    for then, now, kind in (
        (blocked, {**blocked, "message": "pool Frankfurt production: x - found: 2"}, "changed"),
        ({**blocked, "severity": "warning"}, {**blocked, "severity": "blocker"}, "worse"),
        (waived, {**waived, "waiver": {**waived["waiver"], "until": "2026-12-09"}}, "changed"),
        (waived, {**waived, "waiver": {"original": "blocked"}}, "worse"),
        ({**waived, "waiver": {"original": "blocked"}}, waived, "changed"),
        ({"outcome": "warning"}, {"outcome": "waived", "waiver": {"original": "blocked"}}, "worse"),
    ):
        assert only_kind(one_outcome("", **then), one_outcome("", **now)) == kind, (then, now)


def test_a_new_name_alone_changes_nothing() -> None:
    then = parts()
    now = json.loads(json.dumps(then))  # outcomes share their objects, and a deep copy would too
    for one in now["outcomes"]:
        old = one["object"]["name"]
        one["object"]["name"] = "renamed"
        prefix = f"{one['object']['class']} {old}:"
        for key in ("message", "cause"):
            if one[key].startswith(prefix):
                one[key] = f"{one['object']['class']} renamed:" + one[key].removeprefix(prefix)
    compared = compare(then, now)
    assert compared["findings"] == []
    assert compared["objects"] == {"added": [], "gone": []}


def test_a_run_compared_with_itself_has_not_changed() -> None:
    compared = compare(parts(), parts())
    counts = {kind: number for kind, number in compared["counts"].items() if number}
    assert set(counts) == {"unchanged"}
    assert compared["differences"] == compared["settings"] == []


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([*OUTCOMES, None])] * 2), max_size=40))
def test_every_open_finding_is_counted_once(words: list[tuple[str | None, str | None]]) -> None:
    def run(which: int) -> dict[str, Any]:
        made = parts(TEMPLATE.results)
        base = made["outcomes"][0]
        made["outcomes"] = [
            {
                **base,
                "object": {"class": "pool", "uuid": str(index), "name": "x"},
                "outcome": pair[which],
                "waiver": {"original": "warning"} if pair[which] == "waived" else None,
            }
            for index, pair in enumerate(words)
            if pair[which]
        ]
        return made

    compared = compare(run(0), run(1))
    told = sum(number for kind, number in compared["counts"].items() if kind != "otherwise")
    assert told == sum(then in OPEN or now in OPEN for then, now in words)
    assert Counter(one["kind"] for one in compared["findings"]) == Counter(
        {k: n for k, n in compared["counts"].items() if n and k != "unchanged"}
    )
    bad = {str(i) for i, pair in enumerate(words) if pair[1] == "blocked" and pair[0] != "blocked"}
    concerning = {
        one["object"]["uuid"] for one in compared["findings"] if one["kind"] in ("new", "worse")
    }
    assert bad <= concerning


TEMPLATE: Sample = sample(clean=True)


def test_the_gravest_of_several_outcomes_of_a_pair_counts() -> None:
    then, now = one_outcome("pass"), one_outcome("blocked")
    now["outcomes"].append({**now["outcomes"][0], "outcome": "pass"})
    assert only_kind(then, now) == "new"


def test_objects_and_checks_come_and_go() -> None:
    then, now = parts(), parts()
    gone = next(one["object"] for one in now["outcomes"] if one["object"]["class"] == "VM")
    now["outcomes"] = [one for one in now["outcomes"] if one["object"] != gone]
    then["checks"] = [one for one in then["checks"] if one["id"] != "VM-TOOLS-01"]
    now["checks"] = [one for one in now["checks"] if one["id"] != "POOL-HA-01"]
    for one in now["checks"]:
        one["severity"] = "info" if one["id"] == "HOST-LIVE-01" else one["severity"]
    compared = compare(then, now)
    assert compared["objects"] == {"added": [], "gone": [gone]}
    assert compared["checks"] == {
        "added": ["VM-TOOLS-01"],
        "gone": ["POOL-HA-01"],
        "lighter": ["HOST-LIVE-01"],
    }
    assert "1 VM gone" in headline(compared)


def test_objects_of_a_class_that_was_not_read_are_neither_added_nor_gone() -> None:
    then, now = parts(), parts()
    pool = next(one["object"] for one in now["outcomes"] if one["object"]["class"] == "pool")
    vms = [one for one in now["outcomes"] if one["object"]["class"] == "VM"]
    stand_in = {**vms[0], "object": pool, "outcome": "not-verified", "cause": "VM was not read"}
    now["outcomes"] = [one for one in now["outcomes"] if one not in vms] + [stand_in]
    compared = compare(then, now)
    assert compared["objects"] == {"added": [], "gone": []}
    assert any("VM" in line for line in compared["differences"])
    assert compared["counts"]["new"] == 1


AFTER = {**parts(), "run": {**parts()["run"], "phase": "after"}}


def test_what_was_asked_otherwise_is_said() -> None:
    then = parts()
    then["run"] = {
        **then["run"],
        "target": "xenserver-7.1",
        "method": "clean",
        "tool": {"name": "poolproof", "version": "0.0.1"},
        "source": {"kind": "dump", "address": ""},
        "pool": {"uuid": "other", "name": "x"},
        "ended": "2030-01-01T00:00:00Z",
    }
    assert "phase" not in "".join(compare(then, AFTER)["differences"])
    assert "phase" in "".join(compare(AFTER, then)["differences"])
    then["verdict"], then["release_data"] = "INCOMPLETE", "other"
    then["settings"] = {"snapshots": {"value": 5, "from": "default"}}
    compared = compare(then, parts())
    told = "\n".join(compared["differences"])
    for word in (
        "target",
        "method",
        "tool",
        "release data",
        "facts",
        "pool",
        "INCOMPLETE",
        "younger",
    ):
        assert word in told, word
    assert compared["settings"] == ["snapshots: 5 then, None now"]


def compared_results() -> dict[str, Any]:
    """A run with hostile names, compared with a clean one that knew fewer objects."""
    then = parts(sample(clean=True).results)
    then["run"] = {**then["run"], "target": "xenserver-7.1", "ended": "2026-11-20T20:15:11Z"}
    then["outcomes"] = [one for one in then["outcomes"] if "img src" not in one["object"]["name"]]
    return with_baseline(sample().results, {**INPUTS, "baseline": then, "gate": None})


def test_every_format_tells_it() -> None:
    results = compared_results()
    jsonschema.validate(json.loads(to_bytes(results)), schema())
    new = {finding_of(one) for one in results["comparison"]["findings"] if one["kind"] == "new"}
    assert new
    made = dict(exports(results))
    rows = list(csv.DictReader(io.StringIO(made["findings.csv"].decode("utf-8-sig"))))
    assert {row["finding"] for row in rows if row["since the baseline"].startswith("new")} == new
    assert b"## Since the baseline" in made["summary.md"]
    assert made["junit.xml"].count(b'name="since-the-baseline"') >= len(new)
    line = next(
        line
        for line in made["poolproof.prom"].decode().splitlines()
        if line.startswith("poolproof_findings_since_baseline{") and 'change="new"' in line
    )
    assert line.endswith(f" {len(new)}")
    page = render(results, sample().verdict, settings=SETTINGS, calls=CALLS).decode()
    assert 'id="since"' in page
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    (note,) = [one for one in results["notes"] if one.startswith("not like the baseline")]
    assert "xenserver-7.1" in note


def test_without_a_baseline_nothing_is_said() -> None:
    results = with_baseline(sample().results, {**INPUTS, "baseline": None})
    assert results["comparison"] is None
    assert results["gate"] is None
    assert since_lines(results) == []
    made = dict(exports(results))
    assert b"baseline" not in made["summary.md"] + made["junit.xml"] + made["poolproof.prom"]


def test_exports_of_a_bundle_from_before_comparisons_still_work() -> None:
    results = {k: v for k, v in sample().results.items() if k not in ("comparison", "gate")}
    assert dict(exports(results)).keys() == dict(exports(sample().results)).keys()


def test_short_lines_name_whatever_newly_blocks() -> None:
    comparison = compared_results()["comparison"]
    lines = "\n".join(lines_of(comparison, room=0))
    blocked = [one for one in comparison["findings"] if one["now"] == "blocked"]
    assert blocked
    for one in blocked:
        assert one["check"] in lines
    assert "more, in the report" in lines
    whole = "\n".join(lines_of(comparison))
    assert "more, in the report" not in whole
    for text in HOSTILE[2:5]:
        assert text not in whole


def test_kinds_are_those_of_the_schema() -> None:
    counts = schema()["$defs"]["comparison"]["properties"]["counts"]["properties"]
    assert set(counts) == set(KINDS)
