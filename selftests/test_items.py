"""The items of an audit are pytest's own to whoever looks: filters, other plugins, other reports."""

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from selftests.running import Run, audit

# A plugin of somebody else: it reverses the order, and writes down what it is told.
WITNESS = """
import json
import pytest

seen = {"reports": [], "items": {}, "phases": []}

def pytest_collection_modifyitems(items):
    for item in items:
        seen["items"][item.nodeid] = [
            item.location[0], item.function.__name__, item.module.__name__, sorted(item.keywords),
            [mark.kwargs for mark in item.iter_markers("check")],
        ]
    items.reverse()

def pytest_runtest_logreport(report):
    seen["reports"].append([report.nodeid, report.when, report.outcome, report.longreprtext])

def pytest_sessionfinish():
    with open("{path}", "w") as file:
        json.dump(seen, file)
"""
SURROUNDS = """
def pytest_runtest_setup(item):
    seen["phases"].append(["setup", item.nodeid])

def pytest_runtest_teardown(item):
    seen["phases"].append(["teardown", item.nodeid])
"""


def witnessed(folder: Path, *words: str, more: str = "") -> tuple[Run, dict[str, Any]]:
    folder.mkdir()
    told = folder / "told.json"
    (folder / "witness.py").write_text(WITNESS.replace("{path}", str(told)) + more)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    words = ("-p", "witness", *words)
    run = audit(folder / "archive", *words, environment={"PYTHONPATH": path})
    found: dict[str, Any] = json.loads(told.read_bytes())
    return run, found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("told")
    reports = [f"--junitxml={folder}/junit.xml", f"--html={folder}/page.html"]
    run, seen = witnessed(folder / "run", "--pool=sim:troubled", "--self-contained-html", *reports)
    return run, seen, folder


def test_a_plugin_that_reorders_changes_nothing(told: tuple[Run, dict[str, Any], Path]) -> None:
    run, _, _ = told
    plain = audit(run.archive.parent / "again", f"--pool={run.bundle}")
    assert plain.results == run.results


def test_every_item_has_name_place_and_marks(told: tuple[Run, dict[str, Any], Path]) -> None:
    run, seen, _ = told
    assert len(seen["items"]) == run.results["ledger"]["planned"]
    for nodeid, (path, function, module, keywords, marks) in seen["items"].items():
        found = re.fullmatch(r"(tests_\w+/\w+\.py)::(test_\w+)\[([A-Za-z0-9._-]+)\]", nodeid)
        assert found, nodeid
        assert (path, function) == (found[1], found[2])
        assert module.endswith(Path(path).stem)
        assert f"{found[2]}[{found[3]}]" in keywords
        assert len(marks) == 1


WORDS = {
    "blocked": ("call", "failed"),
    "not-verified": ("setup", "failed"),
    "not-applicable": ("call", "skipped"),
    "waived": ("call", "skipped"),
}


def test_a_listener_hears_of_every_item_and_of_its_end(
    told: tuple[Run, dict[str, Any], Path],
) -> None:
    run, seen, _ = told
    expected = sorted(WORDS.get(one["outcome"], ("call", "passed")) for one in outcomes(run))
    first = [tuple(one[1:3]) for one in seen["reports"] if one[1] != "teardown"]
    assert sorted(first) == expected
    ended = [one[0] for one in seen["reports"] if one[1:3] == ["teardown", "passed"]]
    assert sorted(ended) == sorted(seen["items"])
    said = {one[3] for one in seen["reports"] if one[2] == "failed"}
    for one in outcomes(run):
        if one["outcome"] == "blocked":
            assert f"{one['message']}\n{one['remedy']}" in said


# A plugin that neither takes part in items nor listens to reports.
BYSTANDER = """
def pytest_sessionfinish(session):
    reports = session.config.pluginmanager.getplugin("terminalreporter").stats
    print("kept", sum(map(len, reports.values())), len(session.items), session.testsfailed)

def pytest_collection_finish(session):
    print("whole", sum(item.is_whole for item in session.items), session.items[0].name)
    print("whole", sum(item.is_whole for item in session.items))
"""


def test_nothing_is_made_or_kept_that_nobody_asks_for(
    told: tuple[Run, dict[str, Any], Path], tmp_path: Path
) -> None:
    (tmp_path / "bystander.py").write_text(BYSTANDER)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    words = (f"--pool={told[0].bundle}", "-p", "bystander", "-s", "--maxfail=3")
    run = audit(tmp_path / "archive", *words, environment={"PYTHONPATH": path})
    said = [line.split() for line in run.out.splitlines() if line.startswith(("whole", "kept"))]
    first = next(iter(told[1]["items"])).partition("::")[2]
    assert said[:2] == [["whole", "0", first], ["whole", "1"]]
    ledger = run.results["ledger"]
    assert said[2] == ["kept", "0", str(ledger["not-reached"]), "3"]
    assert ledger["blocked"] + ledger["not-verified"] == 3
    assert ledger["not-reached"] > 0


def outcomes(run: Run) -> list[dict[str, Any]]:
    return [one for one in run.results["outcomes"] if one["object"]["uuid"]]


def test_junit_and_pytest_html_show_each_item_once(told: tuple[Run, dict[str, Any], Path]) -> None:
    run, seen, folder = told
    ledger = run.results["ledger"]
    (suite,) = ET.parse(folder / "junit.xml").getroot()
    assert int(suite.get("tests", "")) == len(seen["items"])
    assert int(suite.get("failures", "")) == ledger["blocked"]
    assert int(suite.get("errors", "")) == ledger["not-verified"]
    assert int(suite.get("skipped", "")) == ledger["not-applicable"] + ledger["waived"]
    assert len(suite) == len(seen["items"])
    for case in suite:
        assert case.find("properties/property[@name='outcome']") is not None, case.get("name")
    page = (folder / "page.html").read_text()
    table = json.loads(
        re.search(r'data-jsonblob="([^"]*)"', page)[1].replace("&#34;", '"').replace("&amp;", "&")  # type: ignore[index]
    )
    rows = [row for rows in table["tests"].values() for row in rows]
    assert len(rows) == len(seen["items"])
    count = [row["result"] for row in rows].count
    assert count("Failed") == ledger["blocked"]
    assert count("Error") == ledger["not-verified"]


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["-k", "high_availability"], r"high_availability"),
        (["-m", "check(severity='warning')"], r"'severity': 'warning'"),
        (["{id}"], r"{id}"),
    ],
)
def test_items_are_selected_as_pytest_selects(
    words: list[str], chosen: str, told: tuple[Run, dict[str, Any], Path], tmp_path: Path
) -> None:
    one = next(i for i in told[1]["items"] if "test_high_availability.py" in i)
    words, chosen = [word.replace("{id}", one) for word in words], chosen.replace("{id}", one)
    run = audit(tmp_path / "archive", f"--pool={told[0].bundle}", *words)
    assert run.results["flags"]["incomplete"]
    ledger = run.results["ledger"]
    expected = [i for i, seen in told[1]["items"].items() if chosen in f"{i} {seen}"]
    assert ledger["planned"] - ledger["deselected"] - ledger["not-reached"] == len(expected) > 0


def test_deselected_and_stopped_are_in_the_ledger(
    told: tuple[Run, dict[str, Any], Path], tmp_path: Path
) -> None:
    bundle, items = told[0].bundle, list(told[1]["items"])
    run = audit(tmp_path / "one", f"--pool={bundle}", f"--deselect={items[0]}")
    assert run.results["ledger"]["deselected"] == 1
    run = audit(tmp_path / "two", f"--pool={bundle}", "--maxfail=3")
    ledger = run.results["ledger"]
    assert ledger["blocked"] + ledger["not-verified"] == 3
    assert ledger["not-reached"] > 0
    assert run.results["flags"]["incomplete"]


def test_who_surrounds_items_is_called_around_each(tmp_path: Path) -> None:
    run, seen = witnessed(tmp_path / "run", "--pool=sim", "--durations=3", more=SURROUNDS)
    assert run.code == 0, run.out
    for phase in ("setup", "teardown"):
        assert [i for p, i in seen["phases"] if p == phase] == list(reversed(seen["items"]))
    whens = [one[1] for one in seen["reports"]]
    assert whens.count("setup") == whens.count("teardown") == len(seen["items"])


SITE = '''
import pytest
from fixtures.contract import blocker, check, warning
from fixtures.evidence import Evidence
from fixtures.model import VM

@pytest.fixture(autouse=True)
def surrounding(request):
    assert request.node.check.info.id.startswith("SITE-")
    yield


def {name}(vm: VM, {more}evidence: Evidence) -> None:
    """Fine.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    print("\\x1b[31mnoise")
    evidence({seen})
    assert vm, "VM: x - expected: a, found: b"
'''
CONFTEST = """
import pytest
made = []

@pytest.fixture(scope="session")
def cabinet():
    made.append(1)
    yield len(made)
    made.append("gone")

@pytest.fixture
def rack(vm, facts, cabinet):
    assert "gone" not in made
    return f"{facts.pool.title} {vm.title} {cabinet}"

@pytest.fixture
def settings():
    return "the site's own"
"""


def site_file(name: str, identifier: str, more: str, seen: str, *, autouse: bool) -> str:
    text = SITE.replace("{name}", name).replace("{more}", more).replace("{seen}", seen)
    head, _, function = text.partition("\n\n\ndef ")
    if not autouse:
        head = head.partition("@pytest.fixture")[0]
    return f'{head}\n\n@check("{identifier}", blocker)\ndef {function}'


def test_a_site_has_fixtures_of_its_own(tmp_path: Path) -> None:
    """Made as often as their scope says, given up after the last who needs them, whatever is between."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "conftest.py").write_text(CONFTEST)
    files = {
        "test_a": site_file(
            "test_a", "SITE-A-01", "rack, settings, ", "r=rack, s=settings", autouse=True
        ),
        "test_b": site_file("test_b", "SITE-B-01", "", "b=1", autouse=False),
        "test_c": site_file("test_c", "SITE-C-01", "rack, ", "r=rack", autouse=False),
    }
    for name, text in files.items():
        (site / f"{name}.py").write_text(text)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={site}")
    assert run.code == 0, run.out
    assert "noise" not in run.out
    vms = run.outcomes("SITE-B-01")
    for check in ("SITE-A-01", "SITE-C-01"):
        assert run.outcomes(check) == vms == dict.fromkeys(vms, "pass")
        for vm in vms:
            assert run.of(check, vm)["evidence"]["r"] == f"default {vm} 1"
    assert {run.of("SITE-A-01", vm)["evidence"]["s"] for vm in vms} == {"the site's own"}


def test_workers_are_refused_with_the_reason(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "-n", "2")
    assert run.code == 4
    assert "-n is refused: the facts are read once" in run.out
    assert "take longer" in run.out
    assert not run.bundles
