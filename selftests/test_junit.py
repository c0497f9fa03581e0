from collections import Counter
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reports.junit import junit
from selftests.sample_run import HOSTILE, Sample, close, sample


def suite_of(run: Sample) -> Any:
    data = junit(run.results)
    root = ET.fromstring(data)
    assert root.tag == "testsuites"
    suite = root.find("testsuite")
    assert suite is not None
    for element in (root, suite):
        cases = suite.findall("testcase")
        kinds = Counter(child.tag for case in cases for child in case)
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(kinds["failure"])
        assert element.get("errors") == str(kinds["error"])
        assert element.get("skipped") == str(kinds["skipped"])
    return suite


def case_of(suite: Any, check: str, name: str) -> Any:
    (found,) = [
        case
        for case in suite.findall("testcase")
        if case.get("classname") == check and case.get("name").startswith(name)
    ]
    return found


def test_words() -> None:
    suite = suite_of(sample())
    assert len(suite.findall("testcase")) == 64
    assert suite.get("failures") == "3"
    assert suite.get("errors") == "6"
    assert suite.get("skipped") == "2"
    assert suite.get("timestamp") == "2026-11-23T20:15:04+00:00"

    failure = case_of(suite, "HOST-HOTFIX-01", "xs-02-00010002").find("failure")
    assert failure.get("message").endswith("found: XS72E006 and XS72E010 missing")
    assert "xe update-apply" in failure.text
    error = case_of(suite, "HOST-HOTFIX-01", "xs-03").find("error")
    assert "SSH refused the key" in error.get("message")
    warning = case_of(suite, "VM-BACKUP-01", "db-01")
    assert [child.tag for child in warning] == ["properties"]
    properties = {one.get("name"): one.get("value") for one in warning.iter("property")}
    assert "expected: younger than 7 days" in properties["warning"]
    skip = case_of(suite, "POOL-TRIAL-01", "").find("skipped")
    assert skip.get("message").startswith("waived until 2026-12-31 by j.doe, was warning: ")
    skip = case_of(suite, "VM-TOOLS-01", "build-agent-7").find("skipped")
    assert skip.get("message") == "not applicable: the VM is halted"
    verdict = {one.get("name"): one.get("value") for one in suite.find("properties")}
    assert verdict["verdict"] == "BLOCKED"
    assert verdict["ledger"].startswith("64 planned = ")


def test_missing_pairs_are_cases_too() -> None:
    run = sample()
    filtered = run.outcomes[0]
    rest = run.outcomes[1:-1]
    suite = suite_of(close(run.planned, rest, [filtered.finding]))
    assert len(suite.findall("testcase")) == 65
    messages = [one.get("message") for one in suite.iter("error")]
    assert "planned, and never reached" in messages
    assert any("deselected" in one.get("message") for one in suite.iter("skipped"))
    assert case_of(suite, "RUN", "complete").find("error") is not None


def test_an_empty_run_is_not_green() -> None:
    suite = suite_of(close((), (), ()))
    assert suite.get("errors") == "1"
    assert "nothing was planned" in suite.find("testcase/error").get("message")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    run = sample()
    outcomes = tuple(
        replace(
            one,
            object=replace(one.object, name=name),
            message=one.message and f"{name}\x00\ufffe]]>",
            remedy=name,
            cause=one.cause and name,
        )
        for one in run.outcomes
    )
    suite = suite_of(close(run.planned, outcomes, ()))
    for case in suite.findall("testcase"):
        assert set(case.get("name")) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
        )
    assert "\\ufffe]]>" in next(iter(suite.iter("failure"))).get("message")


def test_same_bytes_in_any_order() -> None:
    run = sample()
    assert junit(run.results) == junit(close(run.planned, run.outcomes[::-1], ()).results)
