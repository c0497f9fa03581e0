"""Release data: the files are whole, and anything else is refused."""

import copy
import datetime as dt
import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.release_sources import parse_sources
from fixtures.releases import (
    Release,
    compare_versions,
    load_releases,
    release,
    release_ids,
    xencenter_client,
)
from reports.release_table import PAGE, main, release_page
from selftests.release_data import (
    ALL_SOURCES,
    CLIENTS,
    DATA,
    RELEASES,
    SOURCES,
    damage,
    source,
)

# The files


def test_targets_asked_for_are_there() -> None:
    assert set(release_ids(DATA)) >= {
        "xenserver-7.0",
        "xenserver-7.1",
        "xenserver-7.2",
        "xenserver-7.6",
        "citrix-hypervisor-8.0",
        "citrix-hypervisor-8.2-cu1",
        "xenserver-8",
        "xcp-ng-8.2",
        "xcp-ng-8.3",
    }


def test_data_survives_json() -> None:
    again = json.loads(json.dumps(DATA))
    assert again == DATA
    for release_id in release_ids(DATA):
        assert release(again, release_id) == release(DATA, release_id)
        assert release(again, release_id).platform_version.verified == dt.date(2026, 11, 23)


def test_every_target_is_also_a_recognisable_release() -> None:
    known = {entry.id: entry for entry in ALL_SOURCES}
    for release_id in release_ids(DATA):
        target = release(DATA, release_id)
        assert known[release_id].brand == target.brand
        assert known[release_id].name == target.name
        assert known[release_id].schema_minor == target.schema_minor.value
        assert known[release_id].xencenter_api == target.xencenter_api.value


def test_paths_and_steps_name_known_releases_and_rise() -> None:
    ids = {entry.id for entry in ALL_SOURCES}
    for release_id in release_ids(DATA):
        for rule in release(DATA, release_id).paths:
            assert {*rule.sources, *rule.steps} <= ids
            for origin in rule.sources:
                way = [source(origin), *(source(step) for step in rule.steps)]
                for lower, higher in pairwise(way):
                    assert compare_versions(lower.platform, higher.platform) < 0


def test_each_step_of_a_way_is_itself_not_excluded() -> None:
    for release_id in release_ids(DATA):
        for rule in release(DATA, release_id).paths:
            for lower, higher in pairwise(rule.steps):
                if higher in release_ids(DATA):
                    assert release(DATA, higher).path_from(source(lower)).kind in (
                        "direct",
                        "unknown",
                    )


def test_what_is_stated_direct_is_not_excluded_by_the_installer() -> None:
    for release_id in release_ids(DATA):
        target = release(DATA, release_id)
        for rule in target.paths:
            if rule.kind == "direct":
                assert all(target.path_from(source(s)).kind == "direct" for s in rule.sources)


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert PAGE.read_text(encoding="utf-8") == release_page(DATA), (
        "run: python -m reports.release_table --write"
    )
    assert main([]) == 0
    assert capsys.readouterr().out == release_page(DATA)


def test_the_page_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.release_table.PAGE", tmp_path / "releases.md")
    assert main(["--write"]) == 0
    assert (tmp_path / "releases.md").read_text(encoding="utf-8") == release_page(DATA)


# Bad files


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RELEASES, tmp_path / "releases"))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("xenserver-7.2", "[disk]", "[disk]\nrooot_mib = 3", r"xenserver-7\.2.*disk.*rooot_mib"),
        ("xenserver-7.2", "root_mib =", "rooot_mib =", r'rooot_mib.*did you mean "root_mib"'),
        ("xenserver-7.2", "[licence]", "[lizenz]", r'xenserver-7\.2\.toml.*"lizenz"'),
        ("xenserver-7.2", "value = 120", 'value = "120"', r"schema_minor.*whole number.*'120'"),
        ("xenserver-7.2", "value = 120", "value = true", r"schema_minor.*whole number.*True"),
        ("xenserver-7.2", "value = 120", "value = -1", r"schema_minor.*negative"),
        ("xenserver-7.2", 'value = "2.3.0"', 'value = "newest"', r"platform_version.*version"),
        ("xenserver-7.2", 'value = "2.3.0"', 'value = ""', r"platform_version.*empty"),
        ("xenserver-7.2", 'value = "2.3.0"', 'valeu = "2.3.0"', r"platform_version.*value"),
        ("xenserver-7.2", 'confidence = "verified"', 'confidence = "sure"', r"confidence.*sure"),
        ("xenserver-7.2", "verified = 2026-11-23", "verified = 7", r"verified.*date"),
        ("xenserver-7.2", "verified = 2026-11-23", 'verified = "soon"', r"verified.*date.*soon"),
        ("xenserver-7.2", "verified = 2026-11-23, ", "", r'"verified" must be a date'),
        (
            "xenserver-7.2",
            'source = "host-installer, upgrade.py"',
            'source = " "',
            r"source.*empty",
        ),
        ("xenserver-7.2", 'kind = "direct"', 'kind = "perhaps"', r"path 1.*kind"),
        ("xenserver-7.2", 'kind = "steps"', 'kind = "direct"', r"path 3.*steps"),
        ("xenserver-7.2", 'steps = ["xenserver-6.2", "xenserver-7.2"]\n', "", r"steps.*missing"),
        ("xenserver-7.2", '"xenserver-7.2"]', '"xenserver-7.6"]', r"steps.*end with the target"),
        ("xenserver-7.2", 'from = ["xenserver-6.0"', 'from = ["xenserver-6.5"', r"speaks twice"),
        ("xenserver-7.2", "from = [", "from = 7\nform = [", r"path 1.*form"),
        ("xenserver-7.2", 'types = ["smb"]', 'types = ["nfs"]', r"storage speaks twice.*nfs"),
        ("xenserver-7.2", 'types = ["smb"]', "types = [1]", r"storage 2.*list of texts"),
        ("xenserver-7.2", 'state = "gone"', 'state = "lost"', r"storage.*state"),
        ("xenserver-7.2", 'value = "kept"', 'value = "intact"', r"layout A.*kept.*intact"),
        ("xenserver-7.2", "[layout.D]", "[layout.E]", r'layout.*"E"'),
        ("xenserver-7.2", 'brand = "xenserver"', 'brand = "xcp"', r"brand"),
        ("xenserver-7.2", 'id = "xenserver-7.2"', 'id = "xenserver-7.3"', r"xenserver-7\.2"),
        ("xenserver-7.2", 'name = "XenServer 7.2"\n', "", r'"name" is missing'),
        ("xenserver-7.2", "minimum =", "#", r'"minimum" goes with'),
        ("xenserver-7.2", "old_layout_gib =", "#", r"old_layout_gib"),
        ("xenserver-7.2", "[identity]", "[identity", r"xenserver-7\.2\.toml is not valid TOML"),
        ("sources", 'id = "xenserver-7.3"', 'id = "xenserver-7.2"', r"sources.*there twice"),
        ("sources", 'product = ["7.2", "7.3"]', 'product = ["7.3", "7.2"]', r"two versions"),
        ("sources", 'product = ["7.2", "7.3"]', 'product = ["7.2"]', r"two versions"),
        ("sources", "prerelease = false", 'prerelease = "no"', r"release 1.*true or false"),
        ("sources", "[[brand]]", "[[brandd]]", r'sources\.toml.*did you mean "brand"'),
        ("sources", 'names = ["XCP-ng"]', "names = 1", r"brand 2.*a list"),
        ("xencenter", 'value = "2.7"', 'value = "2.77"', r"client 7.*2\.77"),
        ("xencenter", 'below = "7.3"', 'below = "7.1"', r"client 7.*first"),
        ("xencenter", "[refused_brands]", "[refused]", r"xencenter\.toml.*refused"),
    ],
)
def test_bad_data_is_refused(copied: Path, name: str, old: str, new: str, message: str) -> None:
    path = copied / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageProblemError, match=message):
        load_releases(copied)


@pytest.mark.parametrize("name", ["sources", "xencenter"])
def test_missing_tables_are_refused(copied: Path, name: str) -> None:
    (copied / f"{name}.toml").unlink()
    with pytest.raises(UsageProblemError, match=rf"holds no {name}\.toml"):
        load_releases(copied)


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="holds no"):
        load_releases(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"a = " + b"[" * 20000, "nested too deeply|not valid TOML"),
        (b"#" * (1 << 21), "larger than"),
        (b"a = " + b"9" * 6000, "not valid TOML"),
        (b"a = 1\na = 2", "not valid TOML"),
    ],
)
def test_unreadable_files_are_refused(copied: Path, content: bytes, message: str) -> None:
    (copied / "xenserver-99.toml").write_bytes(content)
    with pytest.raises(UsageProblemError, match=message):
        load_releases(copied)


def test_a_directory_or_a_dangling_link_is_refused(copied: Path) -> None:
    (copied / "xenserver-99.toml").mkdir()
    with pytest.raises(UsageProblemError, match="not a regular file"):
        load_releases(copied)
    (copied / "xenserver-99.toml").rmdir()
    (copied / "xenserver-99.toml").symlink_to("nowhere")
    with pytest.raises(UsageProblemError, match="cannot be opened"):
        load_releases(copied)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(disk=[]),
        lambda d: d.update(path={}),
        lambda d: d.update(path=[3]),
        lambda d: d.update(storage=["nfs"]),
        lambda d: d["layout"].update(A=True),
        lambda d: d["layout"].pop("D"),
        lambda d: d["identity"].update(schema_minor=120),
        lambda d: d["path"][0].update({"from": []}),
        lambda d: d["path"][0].pop("says"),
    ],
)
def test_tampered_plain_data_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(UsageProblemError, match=r"xenserver-7\.2"):
        Release.parse(damage(change))


@pytest.mark.parametrize("table", ["brand", "release"])
def test_tampered_sources_are_refused(table: str) -> None:
    data = copy.deepcopy(SOURCES)
    data[table] = ["x"]
    with pytest.raises(UsageProblemError, match="must be a table"):
        parse_sources(data)


def test_tampered_clients_are_refused() -> None:
    with pytest.raises(UsageProblemError, match="must be a table"):
        xencenter_client("7.2", {**CLIENTS, "client": ["x"]})


def test_an_unknown_target_lists_the_possible_ones() -> None:
    with pytest.raises(UsageProblemError, match=r'did you mean "xenserver-7\.2".*xcp-ng-8\.3'):
        release(DATA, "xenserver7.2")
    with pytest.raises(UsageProblemError, match="is not a target") as info:
        release(DATA, "sources")
    assert "\n" not in str(info.value)
    with pytest.raises(UsageProblemError, match=r"\\n"):
        release(DATA, "x\n" * 500)
