"""A run killed by SIGKILL, at any moment after its facts were on disk, is rendered as INCOMPLETE."""

import json
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reports.manifest import UNDER_WAY, verify
from reports.outcome_stream import read_stream
from selftests.running import ROOT, Run, audit, clean_environment, interrupted

CHECK = '''
from fixtures.contract import blocker, check
from fixtures.model import Host


@check("SITE-LAST-01", blocker)
def test_last(host: Host) -> None:
    """Judged last.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert host, "host: x - expected: a, found: b"
'''
# The killer runs inside the audit, so that the moment is exact; the signal is a real one.
KILLER = """
import os, signal
import reports.account
import reports.bundle

MOMENT = {moment!r}
judged = []

def die(now):
    if now == MOMENT:
        os.kill(os.getpid(), signal.SIGKILL)

def pytest_collection_modifyitems(items):
    die("collecting")

added = reports.account.Account.add

def add(self, outcome):
    added(self, outcome)
    judged.append(outcome)
    die(str(len(judged)))

reports.account.Account.add = add
written = reports.bundle.write_private

def write_private(path, data, **more):
    if path.name == MOMENT:
        path.with_name(f".{{path.name}}.0123456789abcdef").write_bytes(b"half")
    die(path.name)
    written(path, data, **more)
    die("after " + path.name)

reports.bundle.write_private = write_private
"""


def killed(folder: Path, moment: str, *words: str) -> Run:
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "test_site.py").write_text(CHECK)
    (site / "conftest.py").write_text(KILLER.format(moment=moment))
    run = audit(folder / "archive", f"--checks={site}", *(words or ("--pool=sim:troubled",)))
    assert run.code == -signal.SIGKILL, run.out
    return run


def recovered(bundle: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "reports.recover", str(bundle)],
        cwd=ROOT, env=clean_environment(), capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "site").mkdir()
    (folder / "site" / "test_site.py").write_text(CHECK)
    # A replay makes no copy of the database, and the killed runs here are replays.
    words = ("--pool=sim:troubled", f"--checks={folder / 'site'}", "--no-database-copy")
    return audit(folder / "archive", *words)


@pytest.mark.parametrize(
    "moment", ["collecting", "1", "150", "results.json", "report.html", "manifest.json"]
)
def test_killed_and_rendered(moment: str, whole: Run, tmp_path: Path) -> None:
    run = killed(tmp_path, moment, f"--pool={whole.bundle}")
    stream = run.bundle / UNDER_WAY
    assert stat.S_IMODE(stream.stat().st_mode) == 0o600
    kept = read_stream(run.bundle).outcomes
    assert not read_stream(run.bundle).problems
    code, out = recovered(run.bundle)
    assert code == (1 if any(one.outcome == "blocked" for one in kept) else 40), out
    assert "the run was killed" in out
    assert verify(run.bundle) == ()
    assert not stream.exists()
    assert not list(run.bundle.glob(".*"))
    files = {path.name for path in whole.bundle.iterdir()} | {"replay.json"}
    assert {path.name for path in run.bundle.iterdir()} == files
    # What was judged by then is what the run itself would have said, word for word.
    usual = {(one["check"], one["object"]["uuid"]): one for one in whole.results["outcomes"]}
    for one in run.results["outcomes"]:
        assert one == usual[one["check"], one["object"]["uuid"]]
    ledger = run.results["ledger"]
    assert run.results["flags"]["incomplete"]
    assert ledger["planned"] == whole.results["ledger"]["planned"]
    assert ledger["not-reached"] == ledger["planned"] - len(kept)
    if moment.isdigit():
        assert len(kept) == int(moment)
    again = recovered(run.bundle)
    assert again[0] == 2
    assert "a finished bundle is never changed" in again[1]


def test_the_next_run_says_so(tmp_path: Path) -> None:
    run = killed(tmp_path, "20")
    left = run.bundle
    later = audit(run.archive, "--pool=sim:troubled")
    assert f"python -m reports.recover {left}" in later.out.replace("\n", " ").replace("  ", " ")
    new = next(one for one in run.bundles if one != left)
    assert b"reports.recover" not in (new / "results.json").read_bytes()
    recovered(left)
    assert "reports.recover" not in audit(run.archive, "--pool=sim:troubled").out


def test_after_the_manifest_only_a_leftover_goes(tmp_path: Path) -> None:
    run = killed(tmp_path, "after manifest.json")
    before = (run.bundle / "results.json").read_bytes()
    code, out = recovered(run.bundle)
    assert code == 0, out
    assert verify(run.bundle) == ()
    assert (run.bundle / "results.json").read_bytes() == before


def test_its_facts_are_judged_again_to_the_end(whole: Run, tmp_path: Path) -> None:
    run = killed(tmp_path, "20")
    site = whole.archive.parent / "site"
    again = audit(tmp_path / "again", f"--pool={run.bundle}", f"--checks={site}")
    assert again.results["verdict"] == whole.results["verdict"]
    assert again.results["ledger"] == whole.results["ledger"]


def test_a_killed_replay(whole: Run, tmp_path: Path) -> None:
    run = killed(tmp_path, "20", f"--pool={whole.bundle}")
    assert recovered(run.bundle)[0] in {1, 40}
    assert json.loads((run.bundle / "replay.json").read_bytes())["of"] == str(whole.bundle)


def test_damage_is_tolerated_at_the_end_and_named_elsewhere(tmp_path: Path) -> None:
    run = killed(tmp_path, "60")
    lines = (run.bundle / UNDER_WAY).read_bytes().splitlines(keepends=True)
    assert len(lines) == 61
    changed = {
        "torn": [*lines[:-1], lines[-1][:-20]],
        "lost": [*lines[:30], *lines[31:]],
        "altered": [*lines[:30], lines[30].replace(b'"outcome":"', b'"outcome":"x'), *lines[31:]],
        "swapped": [*lines[:30], lines[31], lines[30], *lines[32:]],
        "garbage": [*lines[:30], b"\0" * 500 + b"\n"],
        "headless": lines[1:],
    }
    for name, found in changed.items():
        copy = tmp_path / name / "bundle"
        shutil.copytree(run.bundle, copy)
        (copy / UNDER_WAY).write_bytes(b"".join(found))
        code, out = recovered(copy)
        assert code in {1, 40}, out
        results = json.loads((copy / "results.json").read_bytes())
        at = {"torn": None, "headless": 1}.get(name, 31)
        if at is None:
            assert "the last one was being written" in results["notes"][0]
            assert results["ledger"]["adds_up"]
            assert len(results["outcomes"]) == 59
        else:
            assert any(f"{UNDER_WAY}: line {at} " in n for n in results["ledger"]["problems"]), name
            assert len(results["outcomes"]) == max(at - 2, 0)


def test_nothing_to_render(tmp_path: Path) -> None:
    run = killed(tmp_path, "5")
    shutil.rmtree(run.bundle / "facts" / "inputs")
    assert recovered(run.bundle)[0] == 2
    (run.bundle / "facts" / "source.json").unlink()
    assert "before its facts were on disk" in recovered(run.bundle)[1]
    assert not (run.bundle / "results.json").exists()
    assert recovered(tmp_path / "nothing")[0] == 2


def test_killed_from_outside_while_another_looks(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    slow = CHECK.replace("    assert host", "    __import__('time').sleep(60)\n    assert host")
    (site / "test_site.py").write_text(slow)
    archive, seen = tmp_path / "archive", []

    def ready() -> bool:
        found = list(archive.glob(f"*/*/{UNDER_WAY}"))
        if not found or found[0].read_bytes().count(b"\n") < 100:
            return False
        # Alive, it is neither rendered by anybody nor called dead by the next run.
        seen.append(recovered(found[0].parent))
        return True

    words = ("--pool=sim", f"--checks={site}")
    run = interrupted(archive, *words, ready=ready, sent=signal.SIGKILL)
    assert run.code == -signal.SIGKILL
    assert seen[0][0] == 2
    assert "still under way" in seen[0][1]
    assert recovered(run.bundle)[0] == 40
    assert run.results["ledger"]["not-reached"] > 0


def test_a_run_that_only_collects_leaves_no_stream(tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim", "--collect-only")
    assert run.code == 40
    assert not (run.bundle / UNDER_WAY).exists()
