"""The whole flow, as its user runs it, over real TLS and SSH on loopback."""

import json
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from fixtures.database_copy import FILE_NAME as DATABASE_FILE
from reports.exports import EXPORTS, FACT_EXPORTS
from reports.manifest import verify
from reports.results import schema
from selftests.running import ROOT, Run, audit, interrupted
from simpool.faults import faults
from simpool.pools import build


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return audit(tmp_path_factory.mktemp("default"), "--pool=sim")


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return audit(tmp_path_factory.mktemp("troubled"), "--pool=sim:troubled")


def test_the_embedded_pool_is_ready_with_conditions(default: Run) -> None:
    assert default.code == 0, default.out
    assert default.results["verdict"] == "READY WITH CONDITIONS"
    ledger = default.results["ledger"]
    assert ledger["waived"] == 1
    assert 1 <= ledger["warning"] <= 4
    assert ledger["blocked"] == ledger["not-verified"] == ledger["not-reached"] == 0
    assert default.results["notes"] == []
    assert "report.html" in default.out
    assert "Traceback" not in default.out


def test_the_troubled_pool_is_blocked_by_every_check(troubled: Run) -> None:
    assert troubled.code == 1, troubled.out
    assert troubled.results["verdict"] == "BLOCKED"
    found = {
        one["check"]
        for one in troubled.results["outcomes"]
        if one["outcome"] in {"blocked", "warning", "info"}
    }
    played = {check for check, of_check in faults().items() if of_check[0].is_of_default}
    assert played <= found


@pytest.mark.parametrize("name", ["xs65", "xs71", "ch82", "xcpng83"])
def test_a_healthy_pool_of_another_generation_is_not_blocked(name: str, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool=sim:{name}")
    assert run.results["ledger"]["blocked"] == 0, run.out
    assert run.code == 0, run.out


def test_results_keep_to_the_published_schema(default: Run, troubled: Run) -> None:
    for run in (default, troubled):
        jsonschema.validate(run.results, schema())


def test_the_bundle_is_whole_and_private(default: Run) -> None:
    names = {path.name for path in default.bundle.iterdir()}
    own = {"results.json", "report.html", "manifest.json", "VERIFY.txt", "facts"}
    assert names == {*own, *EXPORTS, *FACT_EXPORTS, DATABASE_FILE}
    assert verify(default.bundle) == ()
    for path in [default.bundle, *default.bundle.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_password_reaches_the_bundle_or_the_terminal(default: Run) -> None:
    password = build("default").users["root"].password.encode()
    assert password.decode() not in default.out
    for path in default.bundle.rglob("*.json"):
        assert password not in path.read_bytes().replace(b'"sim', b""), path


@pytest.mark.parametrize("which", ["default", "troubled"])
def test_a_replay_gives_the_same_bytes(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first: Run = request.getfixturevalue(which)
    again = audit(tmp_path, f"--pool={first.bundle}", environment={"TZ": "Asia/Tokyo"})
    assert again.code == first.code
    assert (again.bundle / "results.json").read_bytes() == (
        first.bundle / "results.json"
    ).read_bytes()
    assert json.loads((again.bundle / "replay.json").read_bytes())["of"] == str(first.bundle)


def test_a_replay_keeps_its_own_settings(default: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={default.bundle}", "--target=xenserver-7.6")
    assert run.code == 4
    assert "--target cannot be given with a bundle" in run.out


def test_a_filtered_run_is_incomplete(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "-k", "high_availability")
    assert run.code == 40, run.out
    assert run.results["verdict"] == "INCOMPLETE"
    ledger = run.results["ledger"]
    assert ledger["deselected"] == ledger["planned"] - 2  # HA and workload balancing remain
    assert ledger["adds_up"]


def test_a_node_id_is_a_filter_too(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "tests_pool/test_high_availability.py")
    assert run.code == 40
    assert run.results["ledger"]["not-reached"] > 0


def test_a_deleted_check_file_is_a_gap(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", "archive", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "tests_pool" / "test_high_availability.py").unlink()
    run = audit(tmp_path / "archive", "--pool=sim", cwd=copy)
    assert run.code == 40, run.out
    assert "POOL-HA-01" in run.out


def test_conditions_can_fail_a_pipeline(default: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={default.bundle}", "--fail-on-warning")
    assert run.code == 10


def test_collecting_alone_gives_no_verdict(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "--collect-only", "-q")
    assert run.code == 40
    assert "tests_pool/test_high_availability.py: 2" in run.out
    assert not list(tmp_path.glob("*/*/results.json"))


SITE = '''
"""A site's own checks."""

from typing import Any

from fixtures.contract import check, warning
from fixtures.evidence import Evidence
from fixtures.model import Host
from fixtures.probes import file


@check("SITE-ROLE-01", warning, probes=[file("/etc/hostname-of-site")])
def test_host_says_its_role(host: Host, dom0: Any, evidence: Evidence) -> None:
    """Every host says what it is for.

    Why: w
    Source: our runbook
    Remedy: write it.
    Risk: none.
    """
    there = dom0.file("/etc/hostname-of-site").exists
    evidence(there=there)

    assert there, f"host {host.title}: role - expected: a file, found: none"
'''


def test_a_site_brings_its_own_checks(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "test_site.py").write_text(SITE)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={folder}")
    assert run.code == 0, run.out
    assert set(run.outcomes("SITE-ROLE-01").values()) == {"warning"}
    assert len(run.outcomes("SITE-ROLE-01")) == 3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("test_site.py", "import nothing_of_that_name", "test_site.py cannot be imported"),
        ("test_site.py", "def test_it(pool): assert pool", "test_it lacks @check"),
        ("site.py", SITE, "it holds no file test_"),
        ("test_site.py", SITE.replace("SITE-ROLE-01", "POOL-HA-01"), "POOL-HA-01 is used twice"),
        ("test_site.py", SITE.replace("/etc/hostname-of-site", "/etc/shadow"), "not to be read"),
    ],
)
def test_a_sites_checks_are_never_left_out_silently(
    name: str, content: str, says: str, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / name).write_text(content)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={folder}")
    assert run.code == 4, run.out
    assert says in run.out
    assert "Traceback" not in run.out


def test_a_replay_is_held_to_the_checks_of_its_run(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "test_site.py").write_text(SITE)
    first = audit(tmp_path / "first", "--pool=sim", f"--checks={folder}")
    without = audit(tmp_path / "without", f"--pool={first.bundle}")
    assert without.code == 40, without.out
    assert "SITE-ROLE-01: its check was not found" in str(without.results["notes"])
    again = audit(tmp_path / "again", f"--pool={first.bundle}", f"--checks={folder}")
    assert (again.bundle / "results.json").read_bytes() == (
        first.bundle / "results.json"
    ).read_bytes()
    plain = audit(tmp_path / "plain", "--pool=sim")
    more = audit(tmp_path / "more", f"--pool={plain.bundle}", f"--checks={folder}")
    assert more.code == 4
    assert "no part of the run" in more.out


SLOW = SITE.replace("there = dom0", "import time\n    time.sleep(20)\n    there = dom0")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_half_way_leaves_an_incomplete_bundle(
    sent: signal.Signals, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "test_aaa.py").write_text(SLOW)
    archive = tmp_path / "archive"
    run = interrupted(
        archive,
        "--pool=sim",
        f"--checks={folder}",
        ready=lambda: bool(list(archive.glob("*/*/facts/source.json"))),
        after=3,
        sent=sent,
    )
    assert run.code == 40, run.out
    assert run.results["flags"]["incomplete"]
    assert run.results["ledger"]["not-reached"] > 0
    assert "Traceback" not in run.out


def test_pytest_html_and_junit_work_beside(tmp_path: Path) -> None:
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    words = [f"--html={page}", "--self-contained-html", f"--junitxml={junit}"]
    run = audit(tmp_path / "archive", "--pool=sim:troubled", *words)
    assert run.code == 1
    assert "onerror=alert" not in page.read_text()
    text = junit.read_text()
    assert "<failure" in text
    assert 'name="outcome" value="blocked"' in text


def recipes() -> list[str]:
    """The pytest commands of docs/ci.md, without the gate, which needs a signed bundle."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"\.venv/bin/python -m pytest ([^'\n]*)", text)
    return [words for words in found if "--verify" not in words]


def test_there_is_a_recipe_for_each_system() -> None:
    assert len(recipes()) == 3
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        assert yaml.safe_load(block)


@pytest.mark.parametrize("words", recipes())
def test_the_recipes_commands_run(words: str, tmp_path: Path) -> None:
    filled = words.replace('"$POOL"', "sim").replace(
        '"$TARGET"', build("default").settings["target"]
    )
    filled = re.sub(r"--known-hosts=\S+", f"--known-hosts={tmp_path}", filled)
    run = audit(tmp_path / "archive", *filled.split())
    expected = 30 if "--no-ssh" in filled else 10 if "--fail-on-warning" in filled else 0
    assert run.code == expected, run.out


def test_a_waiver_is_not_called_needless_when_its_check_did_not_run(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "-k", "hotfixes")
    assert "not needed" not in str(run.results["notes"])


def test_a_waiver_that_ends_before_the_window_is_said(tmp_path: Path) -> None:
    late = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="seconds")
    run = audit(tmp_path, "--pool=sim", f"--window={late}")
    assert [note for note in run.results["notes"] if "before the window" in note]


def test_a_hostile_name_stays_letter_for_letter(troubled: Run) -> None:
    name = "two lines\nand \u202ea turn"
    assert troubled.of("VM-EVACUATE-01", name)["message"].startswith(f"VM {name}: evacuation")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--archive=README.md"], "README.md"),
        (["--window=2020-01-01T00:00:00+00:00"], "has passed"),
        (["--also-manages=xenserver-9.9"], "xenserver-9.9"),
    ],
)
def test_what_cannot_be_is_refused_beforehand(words: list[str], says: str, tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", *words)
    assert run.code == 4, run.out
    assert says in run.out


@pytest.mark.parametrize("name", ["/nowhere/pool.xml", "nowhere.xml.gz"])
def test_a_mistyped_path_is_no_host_name(name: str, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={name}")
    assert run.code == 4
    assert "there is no such file or directory" in run.out


def test_a_folder_of_bundles_is_no_bundle(default: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={default.bundle.parent}")
    assert run.code == 4
    assert str(default.bundle) in run.out
