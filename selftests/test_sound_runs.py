"""However it is run, an audit is never green without having judged all that was planned."""

import json
import shutil
from pathlib import Path

import pytest

from selftests.running import ROOT, Run, audit


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = audit(tmp_path_factory.mktemp("whole"), "--pool=sim")
    assert run.code == 0, run.out
    return run


@pytest.mark.parametrize(
    "words",
    [
        "-p no:assertion", "-p no:python", "-p no:reports.session", "-p no:fixtures.subjects",
        "--assert=plain", "-c /dev/null", "-c pyproject.toml", "--rootdir=/tmp",
    ],
)  # fmt: skip
def test_refused(words: str, whole: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={whole.bundle}", *words.split())
    assert run.code == 4, run.out
    assert "is refused" in run.out or "are refused" in run.out
    assert not run.bundles


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--trace", 30), ("--setup-only", 40), ("--setup-plan", 40), ("--ignore-glob=*", 40),
        ("-o python_functions=none", 40), ("-o testpaths=docs", 40), ("--deselect=tests_pool", 40),
        ("selftests/test_text.py tests_pool tests_host", 40),
    ],
)  # fmt: skip
def test_nothing_less_than_the_whole_is_green(
    words: str, code: int, whole: Run, tmp_path: Path
) -> None:
    run = audit(tmp_path, f"--pool={whole.bundle}", *words.split())
    assert run.code == code, run.out
    assert not run.results["verdict"].startswith("READY")


@pytest.mark.parametrize("words", ["-W error", "-x", "--tb=long -vvv", "--import-mode=prepend"])
def test_what_changes_no_judgement_is_allowed(words: str, whole: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={whole.bundle}", *words.split())
    assert run.code == 0, run.out
    assert run.results == whole.results


def test_a_replay_looks_at_nothing_but_its_bundle(whole: Run, tmp_path: Path) -> None:
    here = tmp_path / "elsewhere"
    here.mkdir()
    for name in ("poolproof.toml", "waivers.toml", "attestations.toml"):
        (here / name).write_text("this is no TOML")
    folders = [str(ROOT / "tests_pool"), str(ROOT / "tests_host")]
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/St_Johns")):
        environment = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONUTF8": "0"}
        archive = tmp_path / f"archive-{seed}"
        run = audit(archive, f"--pool={whole.bundle}", *folders, cwd=here, environment=environment)
        assert run.code == 0, run.out
        again = (run.bundle / "results.json").read_bytes()
        assert again == (whole.bundle / "results.json").read_bytes()


def test_altered_facts_are_not_judged(whole: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole.bundle, copy)
    checks = copy / "facts" / "inputs" / "checks.json"
    content = json.loads(checks.read_bytes())
    del content["content"][0]
    checks.write_text(json.dumps(content))
    for named in (copy, copy / "facts"):
        run = audit(tmp_path / "archive", f"--pool={named}")
        assert run.code == 30, run.out
        assert "the facts were altered since they were written: facts/inputs/checks.json" in run.out
        assert not run.bundles
    (copy / "manifest.json").unlink()
    run = audit(tmp_path / "archive", f"--pool={copy}")
    assert any("manifest.json is not there" in note for note in run.results["notes"])


def test_inputs_that_make_no_sense(whole: Run, tmp_path: Path) -> None:
    five = json.dumps({"schema": "poolproof/facts/1", "content": 5})
    spoiled = {"settings": five, "run": five, "clock": five, "checks": five, "waivers": "[]"}
    for name, text in spoiled.items():
        copy = tmp_path / name
        shutil.copytree(whole.bundle / "facts", copy / "facts")
        (copy / "facts" / "inputs" / f"{name}.json").write_text(text)
        run = audit(tmp_path / "archive", f"--pool={copy}")
        assert run.code == 30, run.out
        assert f"inputs/{name}.json" in run.out


HEAD = """
import sys
import pytest
from fixtures.contract import blocker, check
from fixtures.evidence import Evidence
from fixtures.model import Host

@pytest.fixture
def breaks():
    yield
    raise RuntimeError("t")

@pytest.fixture
def skips():
    pytest.skip("never mind")
"""
SOUND = '''
@check("SITE-SOUND-{number}", blocker)
def test_{number}(host: Host, evidence: Evidence{more}) -> None:
    """Fine.

    Why: w
    Source: s
    Remedy: r
    Risk: none.
    """
    assert host, "host: x - expected: a, found: b"
'''


def _site(folder: Path, *checks: tuple[str, str], **files: str) -> Path:
    folder.mkdir()
    bodies = [
        mark + SOUND.format(number=f"{number:02}", more=more)
        for number, (mark, more) in enumerate(checks)
    ]
    (folder / "test_site.py").write_text(HEAD + "\n".join(bodies))
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_a_sites_check_that_did_not_run_is_not_verified(tmp_path: Path) -> None:
    site = _site(
        tmp_path / "site",
        ("", ""),
        ("@pytest.mark.skip(reason='later')", ""),
        ("@pytest.mark.xfail(run=False)", ""),
        ("", ", skips: None"),
        ("", ", breaks: None"),
    )
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={site}")
    assert run.code == 30, run.out
    assert set(run.outcomes("SITE-SOUND-00").values()) == {"pass"}
    for number in range(1, 5):
        assert set(run.outcomes(f"SITE-SOUND-0{number}").values()) == {"not-verified"}, number


@pytest.mark.parametrize(
    ("mark", "more", "files"),
    [
        ("@pytest.mark.parametrize('z', [1, 2])", ", z: int", {}),
        ("", "", {"x_test": "def test_other():\n    assert 0\n"}),
        ("", "", {"x_test": "import nothing_of_that_name\n"}),
        ("", "", {"conftest": "def pytest_collection_modifyitems(items):\n    del items[9:]\n"}),
    ],
)
def test_a_site_that_confuses_the_account(
    mark: str, more: str, files: dict[str, str], tmp_path: Path
) -> None:
    site = _site(tmp_path / "site", (mark, more), **files)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={site}")
    assert run.code == 40, run.out
    assert run.results["verdict"] == "INCOMPLETE"


@pytest.mark.parametrize("line", ["sys.exit(0)", "pytest.importorskip('no_such_module')"])
def test_a_site_file_that_ends_its_own_import(line: str, tmp_path: Path) -> None:
    site = _site(tmp_path / "site", ("", ""))
    (site / "test_site.py").write_text(HEAD + line)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={site}")
    assert run.code == 4, run.out
    assert "cannot be imported" in run.out


def test_a_bundle_that_cannot_be_written_is_no_verdict(tmp_path: Path) -> None:
    site = _site(tmp_path / "site", ("", ""))
    removal = (
        f"    import shutil; shutil.rmtree({str(tmp_path / 'archive')!r}, True)\n    assert host"
    )
    text = (site / "test_site.py").read_text().replace("    assert host", removal)
    (site / "test_site.py").write_text(text)
    run = audit(tmp_path / "archive", "--pool=sim", f"--checks={site}")
    assert run.code == 40, run.out
    assert "not written" in run.out
    assert "Traceback" not in run.out
