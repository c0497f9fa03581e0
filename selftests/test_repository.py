"""What must hold for the files of the project themselves."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.catalogue import discover, shipped_checks
from fixtures.tool import TOOL_VERSION
from reports.catalogue import contents
from selftests.running import ROOT

FOLDERS = (
    "fixtures",
    "rules",
    "reports",
    "simpool",
    "tests_pool",
    "tests_host",
    "selftests",
    "lab",
)

# From left to right in the flow; what everybody speaks of stands in WORDS.
ORDER = ("fixtures", "rules", "tests_pool", "tests_host", "reports", "simpool", "selftests", "lab")
WORDS = {"reports.outcome", "reports.text", "reports.progress"}
# The plugins of the session join the steps together, and only they may look both ways.
JOINTS = {
    "fixtures/baseline_reading.py",
    "fixtures/doctor.py",
    "fixtures/doctor_hosts.py",
    "fixtures/doctor_pool.py",
    "fixtures/gate_reading.py",
    "fixtures/reading.py",
    "fixtures/sources.py",
    "fixtures/live.py",
    "fixtures/live_options.py",
    "fixtures/live_questions.py",
}


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: cannot tell which files are committed")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


def test_locks_have_hashes_and_name_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), name
        pins = re.findall(r"^[A-Za-z0-9._-]+==.*$", text, re.MULTILINE)
        assert pins
        assert all(pin.rstrip().endswith("\\") for pin in pins), "a pin without a hash"


def test_development_lock_contains_the_runtime_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^([A-Za-z0-9._-]+==[^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
        )

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_no_committed_file_names_this_machine_or_its_tools() -> None:
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert str(ROOT) not in text, path
        assert str(Path.home()) == "/root" or str(Path.home()) not in text, path


def test_no_module_is_long_or_named_after_nothing() -> None:
    for path in modules():
        assert path.stem not in {"utils", "helpers", "common", "misc"}, path
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return named | {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}


@pytest.mark.parametrize("folder", ORDER[:4])
def test_a_module_imports_from_what_is_left_of_it(folder: str) -> None:
    right = ORDER[ORDER.index(folder) + 1 :]
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path.relative_to(ROOT).as_posix() in JOINTS:
            continue
        wrong = {n for n in imports_of(path) if n.split(".")[0] in right and n not in WORDS}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_checks_never_touch_the_network() -> None:
    for folder in ("tests_pool", "tests_host", "rules"):
        for path in (ROOT / folder).glob("*.py"):
            used = {name.split(".")[0] for name in imports_of(path)}
            assert not used & {"socket", "ssl", "http", "urllib", "paramiko", "subprocess"}, path


def test_the_generated_catalogue_is_true() -> None:
    found = discover()
    assert found.notes == ()
    assert {info.id for info in shipped_checks()} == set(found.checks)
    for path, text in contents([check.info for check in found.checks.values()]).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run make docs"


def test_relative_links_of_the_documents_lead_somewhere() -> None:
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_version_is_stated_once_and_agrees() -> None:
    stated = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated is not None
    assert stated[1] == TOOL_VERSION
    assert f"## {TOOL_VERSION} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
