"""`--baseline`: whole runs compared with an earlier bundle, and bundles that are refused."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fixtures import baseline_reading
from fixtures.baseline import refusal
from fixtures.baseline_reading import read_baseline
from fixtures.exceptions import UsageProblemError
from fixtures.facts_store import read_facts
from reports.comparison import main
from reports.results import schema
from selftests.running import Run, audit


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return audit(tmp_path_factory.mktemp("before"), "--pool=sim")


@pytest.fixture(scope="module")
def after(before: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same pool, troubled since."""
    folder = tmp_path_factory.mktemp("after")
    return audit(folder, "--pool=sim:troubled", f"--baseline={before.bundle}")


def test_a_run_tells_what_is_new_since_its_baseline(before: Run, after: Run) -> None:
    assert after.code == 1, after.out
    jsonschema.validate(after.results, schema())
    compared = after.results["comparison"]
    assert compared["baseline"]["bundle"] == before.bundle.name
    assert compared["counts"]["new"] > 100
    assert {one["class"] for one in compared["objects"]["added"]} == {"SR", "VM"}
    assert f"Since {before.bundle.name}" in after.out
    told = re.sub(r"\s+", " ", after.out)
    blocked = [one for one in compared["findings"] if one["now"] == "blocked"]
    assert blocked
    for one in blocked:
        assert f"new: {one['check']} {one['object']['class']}" in told
    assert after.results["gate"] is None


def test_a_replay_with_a_baseline_gives_the_same_bytes(after: Run, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(after.bundle, tmp_path / "elsewhere" / after.bundle.name))
    again = audit(tmp_path / "again", f"--pool={moved}")
    assert again.code == after.code
    for name in ("results.json", "report.html", "summary.md", "findings.csv", "junit.xml"):
        assert (again.bundle / name).read_bytes() == (after.bundle / name).read_bytes(), name


def test_a_run_with_a_baseline_can_be_a_baseline(after: Run, tmp_path: Path) -> None:
    stored = read_baseline(after.bundle)
    assert "classes" in stored
    assert refusal(stored, stored["run"]["pool"], set()) == ""
    assert main([str(after.bundle), str(after.bundle)]) == 0


def test_offline_comparison_of_two_bundles(
    before: Run, after: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(before.bundle), str(after.bundle)]) == 0
    shown = capsys.readouterr().out
    counts = after.results["comparison"]["counts"]
    assert f"{counts['new']} new" in shown
    assert len(re.findall(r"^  new: ", shown, re.MULTILINE)) == counts["new"]
    assert main([str(tmp_path), str(after.bundle)]) == 4
    assert "it is no finished bundle" in capsys.readouterr().err


def test_a_baseline_is_refused_with_a_bundle(before: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, f"--pool={before.bundle}", f"--baseline={before.bundle}")
    assert run.code == 4, run.out
    assert "--baseline cannot be given with a bundle" in run.out


def test_the_baseline_of_another_pool_is_refused(before: Run, tmp_path: Path) -> None:
    run = audit(tmp_path, "--pool=sim:xs65", f"--baseline={before.bundle}")
    assert run.code == 4, run.out
    assert "is of another pool" in run.out
    assert run.bundles == []


def test_a_pool_made_anew_with_the_same_hosts_is_compared_loudly(
    before: Run, tmp_path: Path
) -> None:
    run = audit(
        tmp_path,
        "--pool=sim",
        f"--baseline={before.bundle}",
        "-p",
        "selftests.changed_pool",
        environment={"CHANGED_POOL": "uuid"},
    )
    assert run.results["comparison"]["objects"]["added"][0]["class"] == "pool"
    assert any("compared only because it has hosts" in note for note in run.results["notes"])


def altered(bundle: Path, folder: Path, name: str) -> Path:
    copied = Path(shutil.copytree(bundle, folder / bundle.name))
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    return copied


@pytest.mark.parametrize("name", ["results.json", "facts/xenapi.json.gz", "junit.xml"])
def test_an_altered_bundle_is_refused(before: Run, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageProblemError, match=r"altered since|no finished bundle"):
        read_baseline(altered(before.bundle, tmp_path, name))


def test_a_bundle_altered_while_it_is_read_is_refused(
    before: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / before.bundle.name
    shutil.copytree(before.bundle, copied)

    def alter_then_read(folder: Path) -> Any:
        with (copied / "results.json").open("ab") as file:
            file.write(b" ")
        return read_facts(folder)

    monkeypatch.setattr(baseline_reading, "read_facts", alter_then_read)
    with pytest.raises(UsageProblemError, match=r"altered since it was written: results\.json"):
        read_baseline(copied)


@pytest.mark.parametrize("name", ["results.json", "manifest.json", "facts/source.json"])
def test_a_bundle_that_is_not_whole_is_refused(before: Run, tmp_path: Path, name: str) -> None:
    copied = Path(shutil.copytree(before.bundle, tmp_path / before.bundle.name))
    (copied / name).unlink()
    with pytest.raises(UsageProblemError):
        read_baseline(copied)


def test_results_of_another_form_are_refused(before: Run, tmp_path: Path) -> None:
    forms: tuple[object, ...] = ({}, [], {"run": {}}, None)
    for number, content in enumerate(forms):
        copied = Path(shutil.copytree(before.bundle, tmp_path / str(number)))
        (copied / "results.json").write_text(json.dumps(content))
        with pytest.raises(UsageProblemError):
            read_baseline(copied)
