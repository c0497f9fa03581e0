"""Release data: what is known is said as known, and nothing is permitted that no fact permits."""

import copy
import datetime as dt
import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import NotVerifiedError, UsageProblemError
from fixtures.release_parts import LAYOUTS
from fixtures.release_sources import parse_sources
from fixtures.releases import (
    Release,
    SourceRelease,
    compare_versions,
    dom0_memory_mib,
    identify,
    load_releases,
    named_release,
    release,
    release_ids,
    xencenter_client,
)
from fixtures.version_order import parse_version
from fixtures.xencenter_clients import api_ordinal
from reports.release_table import PAGE, main, release_page

RELEASES = Path(__file__).resolve().parent.parent / "releases"
DATA = load_releases(RELEASES)
SOURCES = DATA["sources"]
CLIENTS = DATA["xencenter"]
ALL_SOURCES = [known.release for known in parse_sources(SOURCES)]
GIB = 2**30


def host(brand: str, product: str, platform: str = "", **more: str) -> dict[str, str]:
    version = {"product_brand": brand, "product_version": product, **more}
    return {**version, "platform_version": platform} if platform else version


def source(release_id: str) -> SourceRelease:
    return named_release(release_id, SOURCES)


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
    (copied / "xenserver-9.toml").write_bytes(content)
    with pytest.raises(UsageProblemError, match=message):
        load_releases(copied)


def test_a_directory_or_a_dangling_link_is_refused(copied: Path) -> None:
    (copied / "xenserver-9.toml").mkdir()
    with pytest.raises(UsageProblemError, match="not a regular file"):
        load_releases(copied)
    (copied / "xenserver-9.toml").rmdir()
    (copied / "xenserver-9.toml").symlink_to("nowhere")
    with pytest.raises(UsageProblemError, match="cannot be opened"):
        load_releases(copied)


def damage(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    data = copy.deepcopy(DATA["xenserver-7.2"])
    change(data)
    return data


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


# What a host runs


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (host("XenServer", "5.5.0"), "xenserver-5.5"),
        (host("George", "5.5.0"), "xenserver-5.5"),
        (host("Rio", "5.5.0"), "xenserver-5.5"),
        (host("XenServer", "5.5.900"), "xenserver-5.6-beta"),
        (host("XenServer", "5.6.0"), "xenserver-5.6"),
        (host("XenServer", "5.6.100"), "xenserver-5.6-fp1"),
        (host("XenServer", "5.6.900"), "xenserver-5.6-fp1-beta"),
        (host("XenServer", "5.9.950"), "xenserver-6.0-beta"),
        (host("XenServer", "5.9.960"), "xenserver-6.0-beta"),
        (host("XenServer", "6.0.0"), "xenserver-6.0"),
        (host("XenServer", "6.0.0", "1.0.99"), "xenserver-6.0"),
        (host("XenServer", "6.0.2"), "xenserver-6.0.2"),
        (host("XenServer", "6.1.0", "1.6.10"), "xenserver-6.1"),
        (host("XenServer", "6.2.0", "1.8.0"), "xenserver-6.2"),
        (host("XenServer", "6.5.0", "1.9.0"), "xenserver-6.5"),
        (host("XenServer", "7.0.0", "2.1.0"), "xenserver-7.0"),
        (host("XenServer", "7.1.0", "2.1.1"), "xenserver-7.1"),
        (host("XenServer", "7.1.2", "2.2.0"), "xenserver-7.1"),
        (host("XenServer", "7.2.0", "2.3.0"), "xenserver-7.2"),
        (host("XenServer", "7.3.0", "2.4.0"), "xenserver-7.3"),
        (host("XenServer", "7.4.0", "2.5.0"), "xenserver-7.4"),
        (host("XenServer", "7.5.0", "2.6.0"), "xenserver-7.5"),
        (host("XenServer", "7.6.0", "2.7.0"), "xenserver-7.6"),
        (host("Citrix Hypervisor", "8.0.0", "3.0.0"), "citrix-hypervisor-8.0"),
        (host("Citrix Hypervisor", "8.1.0", "3.1.0"), "citrix-hypervisor-8.1"),
        (host("Citrix Hypervisor", "8.2.0", "3.2.0"), "citrix-hypervisor-8.2"),
        (host("Citrix Hypervisor", "8.2.1", "3.2.1"), "citrix-hypervisor-8.2-cu1"),
        (host("XenServer", "8.4.0", "3.4.0"), "xenserver-8"),
        (host("XCP-ng", "7.4.1", "2.5.0"), "xcp-ng-7.4"),
        (host("XCP-ng", "7.5.0", "2.6.0"), "xcp-ng-7.5"),
        (host("XCP-ng", "7.6.0", "2.7.0"), "xcp-ng-7.6"),
        (host("XCP-ng", "8.0.0", "3.0.0"), "xcp-ng-8.0"),
        (host("XCP-ng", "8.1.0", "3.1.0"), "xcp-ng-8.1"),
        (host("XCP-ng", "8.2.0", "3.2.0"), "xcp-ng-8.2"),
        (host("xcp-ng", "8.2.1", "3.2.1"), "xcp-ng-8.2"),
        (host("XCP-ng", "8.3.0", "3.4.0"), "xcp-ng-8.3"),
    ],
)
def test_a_host_is_recognised(version: dict[str, str], expected: str) -> None:
    found = identify(version, SOURCES)
    assert found.id == expected
    assert found.product_version == version["product_version"]


def test_a_host_states_its_own_platform_and_schema() -> None:
    found = identify(host("XenServer", "7.2.0", "2.3.1", db_schema="5.121"), SOURCES)
    assert (found.platform, found.schema_minor) == ("2.3.1", 121)
    found = identify(host("XenServer", "6.0.2", db_schema="six"), SOURCES)
    assert (found.platform, found.schema_minor) == ("1.0.99", 63)


@pytest.mark.parametrize(
    "version",
    [
        {},
        host("", "7.2.0", "2.3.0"),
        host("Xen Cloud Platform", "1.6.0", "1.6.10"),
        host("XenServer", "", "2.3.0"),
        host("XenServer", "seven", "2.3.0"),
        host("XenServer", "7.2.0"),
        host("XenServer", "7.2.0", "git"),
        host("XenServer", "7.2.0", "2.7.0"),
        host("XenServer", "8.2.1", "3.2.0"),
        host("XenServer", "5.6.500"),
        host("XenServer", "6.0.2", "2.3.0"),
        host("XenServer", "8.3.0", "3.3.0"),
        host("XenServer", "9.0.0", "3.5.0"),
        host("XCP-ng", "7.2.0", "2.3.0"),
        host("XCP-ng", "8.2.0", "3.4.0"),
        host("XenServer", "9" * 5000, "2.3.0"),
        host('"><img src=x>\x00\u202e', "7.2.0", "2.3.0"),
    ],
)
def test_an_unknown_host_is_not_guessed(version: dict[str, str]) -> None:
    with pytest.raises(NotVerifiedError, match="product_version") as info:
        identify(version, SOURCES)
    assert str(info.value).isprintable()
    assert len(str(info.value)) < 700


def test_a_release_is_found_by_name() -> None:
    assert named_release("xenserver-7.3", SOURCES).xencenter_api == "2.8"
    with pytest.raises(UsageProblemError, match=r'did you mean "xenserver-7\.3"'):
        named_release("xenserver-7-3", SOURCES)


# Paths


@pytest.mark.parametrize(
    ("target", "origin", "kind", "verified"),
    [
        ("xenserver-7.2", "xenserver-6.5", "direct", True),
        ("xenserver-7.2", "xenserver-7.1", "direct", True),
        ("xenserver-7.2", "xenserver-6.2", "direct", False),
        ("xenserver-7.2", "xenserver-5.6", "steps", True),
        ("xenserver-7.2", "xenserver-5.5", "refused", True),
        ("xenserver-7.2", "xenserver-7.3", "refused", True),
        ("xenserver-7.2", "xenserver-7.2", "direct", True),
        ("xenserver-7.2", "xenserver-6.0-beta", "unknown", False),
        ("xenserver-7.2", "xcp-ng-7.4", "refused", True),
        ("xenserver-7.6", "xenserver-7.5", "direct", True),
        ("xenserver-7.6", "xenserver-7.1", "direct", False),
        ("citrix-hypervisor-8.0", "xenserver-7.2", "direct", True),
        ("citrix-hypervisor-8.0", "xenserver-6.5", "steps", True),
        ("citrix-hypervisor-8.2-cu1", "citrix-hypervisor-8.2", "direct", False),
        ("citrix-hypervisor-8.2-cu1", "xenserver-7.1", "direct", False),
        ("xenserver-8", "citrix-hypervisor-8.2-cu1", "direct", True),
        ("xenserver-8", "citrix-hypervisor-8.2", "steps", True),
        ("xenserver-8", "xenserver-7.2", "steps", True),
        ("xenserver-8", "xenserver-8", "refused", True),
        ("xenserver-8", "xcp-ng-8.3", "refused", True),
        ("xcp-ng-8.2", "xcp-ng-7.5", "direct", True),
        ("xcp-ng-8.2", "xenserver-7.6", "direct", True),
        ("xcp-ng-8.2", "citrix-hypervisor-8.2-cu1", "direct", False),
        ("xcp-ng-8.2", "xenserver-6.5", "unknown", False),
        ("xcp-ng-8.2", "xenserver-8", "refused", True),
        ("xcp-ng-8.3", "xcp-ng-8.2", "direct", True),
        ("xcp-ng-8.3", "xcp-ng-7.6", "steps", True),
        ("xcp-ng-8.3", "xenserver-7.6", "unknown", False),
        ("xcp-ng-8.3", "xenserver-8", "direct", False),
    ],
)
def test_paths(target: str, origin: str, kind: str, *, verified: bool) -> None:
    path = release(DATA, target).path_from(source(origin))
    assert (path.kind, path.fact.is_verified) == (kind, verified)
    assert path.fact.value
    assert path.fact.source
    assert bool(path.steps) <= bool(path.advice)
    if path.steps:
        assert path.steps[-1] == target


def test_steps_are_shown() -> None:
    path = release(DATA, "xenserver-8").path_from(source("xenserver-7.2"))
    assert path.steps == ("citrix-hypervisor-8.2-cu1", "xenserver-8")
    assert path.fact.value == "only Citrix Hypervisor 8.2 CU1 is upgraded directly"


def test_nothing_said_is_nothing_permitted() -> None:
    data = damage(lambda d: d.update(path=[]))
    path = Release.parse(data).path_from(source("xenserver-7.1"))
    assert (path.kind, path.fact.confidence) == ("unknown", "unverified")
    assert "XenServer 7.1" in path.fact.value


def test_a_statement_does_not_overrule_the_installer() -> None:
    def claim(data: dict[str, Any]) -> None:
        data["path"][0]["from"] = ["xenserver-7.3", "xenserver-5.5", "xcp-ng-7.4"]

    target = Release.parse(damage(claim))
    for origin in ("xenserver-7.3", "xenserver-5.5", "xcp-ng-7.4"):
        assert target.path_from(source(origin)).kind == "refused"


def test_unverified_floor_neither_permits_nor_forbids() -> None:
    def doubt(data: dict[str, Any]) -> None:
        data["installer"]["lowest_platform"]["confidence"] = "unverified"
        data["path"][0]["from"] = ["xenserver-5.5"]

    path = Release.parse(damage(doubt)).path_from(source("xenserver-5.5"))
    assert (path.kind, path.fact.is_verified) == ("unknown", False)


# Rules of a target


@pytest.mark.parametrize("target", ["xenserver-8", "xcp-ng-8.3"])
def test_targets_that_no_longer_keep_old_layouts(target: str) -> None:
    found = release(DATA, target)
    assert not found.keeps_old_layout.value
    assert found.disk.old_layout_gib is None
    assert [found.layouts[name].keep.value for name in LAYOUTS] == ["refused"] * 3 + ["kept"]
    assert [found.layouts[name].switch.value for name in LAYOUTS] == [
        "refused",
        "switched",
        "switched",
        "kept",
    ]
    assert found.certificate_bits.value == 2048
    assert found.pv_guests.value == "refused"


@pytest.mark.parametrize("target", ["xenserver-7.0", "citrix-hypervisor-8.2-cu1", "xcp-ng-8.2"])
def test_targets_that_keep_old_layouts(target: str) -> None:
    found = release(DATA, target)
    assert found.disk.old_layout_gib is not None
    assert found.disk.old_layout_gib.value == 12
    assert found.layouts["A"].switch.value == "kept"
    assert found.layouts["B"].keep.value == "converted"
    assert found.layouts["C"].switch.value == "switched"


def test_new_layout_needs_46_gib_everywhere() -> None:
    for release_id in release_ids(DATA):
        disk = release(DATA, release_id).disk
        assert disk.new_layout_gib.value == 46
        parts = (disk.root_mib, disk.backup_mib, disk.logs_mib, disk.boot_mib, disk.swap_mib)
        assert sum(part.value for part in parts) == 42496


@pytest.mark.parametrize(
    ("target", "sr_type", "state", "verified"),
    [
        ("xenserver-7.2", "nfs", "supported", True),
        ("xenserver-7.2", "NFS", "supported", True),
        ("xenserver-7.2", "netapp", "gone", False),
        ("xenserver-8", "lvmofcoe", "deprecated", True),
        ("xcp-ng-8.3", "ext4", "gone", True),
        ("xcp-ng-8.3", "linstor", "procedure", True),
        ("xcp-ng-8.2", "gfs2", "gone", True),
    ],
)
def test_storage_types(target: str, sr_type: str, state: str, *, verified: bool) -> None:
    rule = release(DATA, target).storage_rule(sr_type)
    assert (rule.fact.value, rule.fact.is_verified) == (state, verified)


@pytest.mark.parametrize("sr_type", ["", "acme", "ext\n", "x" * 5000])
def test_unknown_storage_is_not_verified(sr_type: str) -> None:
    with pytest.raises(NotVerifiedError, match="SRs of type") as info:
        release(DATA, "xenserver-7.2").storage_rule(sr_type)
    assert str(info.value).isprintable()


def test_licence_rules() -> None:
    assert release(DATA, "xenserver-7.2").rolling_licence.value == "restrict_rpu"
    newest = release(DATA, "xenserver-8")
    assert newest.rolling_licence.value == "premium"
    assert "premium-per-socket" in newest.rolling_editions.value
    assert "desktop-plus" in newest.void_editions.value
    assert release(DATA, "xcp-ng-8.3").rolling_licence.value == "none"


# XenCenter


@pytest.mark.parametrize("target", ["xcp-ng-8.2", "xcp-ng-8.3"])
def test_xencenter_does_not_manage_xcp_ng(target: str) -> None:
    assert not release(DATA, target).managed_by_xencenter.value
    assert release(DATA, target).xencenter_minimum is None


@pytest.mark.parametrize(
    ("version", "origin", "yes", "verified"),
    [
        ("7.2.0.4556", "xenserver-7.2", True, True),
        ("7.2.0.4556", "xenserver-6.5", True, True),
        ("7.2", "xenserver-7.3", False, True),
        ("6.5.2", "xenserver-7.0", False, True),
        ("8.0.0", "xenserver-6.5", False, False),
        ("8.2.7", "xenserver-7.2", False, False),
        ("8.2.7", "citrix-hypervisor-8.2-cu1", True, True),
        ("8.2.7", "xenserver-8", False, True),
        ("2023.3.1", "xenserver-8", False, False),
        ("2024.2.0", "xenserver-8", True, True),
        ("2024.2.0", "citrix-hypervisor-8.2-cu1", True, True),
        ("2024.2.0", "citrix-hypervisor-8.0", False, False),
        ("2025.1.0", "xenserver-8", True, False),
        ("7.2", "xcp-ng-7.6", False, True),
    ],
)
def test_xencenter_and_pool(version: str, origin: str, *, yes: bool, verified: bool) -> None:
    fact = xencenter_client(version, CLIENTS).accepts(source(origin))
    assert (fact.value, fact.is_verified) == (yes, verified)


@pytest.mark.parametrize("version", ["", "newest", "5.6", "9.0", "8.5.1", "2031.1.0"])
def test_unknown_xencenter_is_not_verified(version: str) -> None:
    with pytest.raises(NotVerifiedError, match="not in the table"):
        xencenter_client(version, CLIENTS)


def test_api_versions_have_an_order() -> None:
    assert api_ordinal("1.1", CLIENTS) == 1
    assert api_ordinal("1.10", CLIENTS) == 10
    assert api_ordinal("2.7", CLIENTS) == 18
    assert api_ordinal("2.15", CLIENTS) == 26
    assert api_ordinal("2.20", CLIENTS) == 27
    with pytest.raises(NotVerifiedError, match=r"2\.99"):
        api_ordinal("2.99", CLIENTS)


def test_a_client_reaches_a_pool_by_its_stated_minimum() -> None:
    client = xencenter_client("7.2.0", CLIENTS)
    assert client.reaches("2.7").value
    assert not client.reaches("2.10").value
    with pytest.raises(NotVerifiedError, match="not one we know"):
        client.reaches("2.x")


# Versions and memory


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("1.2", "1.2.0", 0),
        ("2.10", "2.9", 1),
        ("2.3.0", "2.2.50", 1),
        ("1:1.0", "2.0", 1),
        ("1.14.42-9.2.el7", "1.14.42-9.3.el7", -1),
        ("23.18.0.g4f1", "23.18.0", 0),
        ("", "0", -1),
        ("x", "y", 0),
        ("8.2.1", "8.2.1\n", 0),
        ("-1", "0", -1),
        ("٣", "0", -1),
        ("9" * 10000, "1", -1),
    ],
)
def test_versions_compare_by_leading_numbers(a: str, b: str, expected: int) -> None:
    assert compare_versions(a, b) == expected
    assert compare_versions(b, a) == -expected


@given(st.text(max_size=50))
def test_no_text_breaks_the_comparison(text: str) -> None:
    assert compare_versions(text, text) == 0
    assert (compare_versions(text, "0") >= 0) == (parse_version(text) is not None)


@pytest.mark.parametrize(
    ("memory", "platform", "expected"),
    [
        (8 * GIB, "2.3.0", 752),
        (24 * GIB - 256 * 2**20 - 2**20, "2.3.0", 752),
        (24 * GIB - 256 * 2**20, "2.3.0", 2048),
        (32 * GIB, "2.7.0", 2048),
        (48 * GIB, "2.3.0", 3072),
        (64 * GIB, "2.3.0", 4096),
        (1024 * GIB, "2.3.0", 4096),
        (8 * GIB, "3.0.0", 1440),
        (64 * GIB, "3.2.1", 4304),
        (1024 * GIB, "3.4.0", 8192),
    ],
)
def test_dom0_memory(memory: int, platform: str, expected: int) -> None:
    assert dom0_memory_mib(memory, platform) == expected


@pytest.mark.parametrize(("memory", "platform"), [(0, "3.0.0"), (-1, "3.0.0"), (GIB, "newest")])
def test_dom0_memory_is_not_guessed(memory: int, platform: str) -> None:
    with pytest.raises(NotVerifiedError):
        dom0_memory_mib(memory, platform)
