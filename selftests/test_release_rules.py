"""What the release data say of sources, paths and targets; nothing is permitted that no fact permits."""

from typing import Any

import pytest

from fixtures.exceptions import NotVerifiedError, UsageProblemError
from fixtures.release_parts import LAYOUTS
from fixtures.releases import (
    Release,
    identify,
    named_release,
    release,
    release_ids,
)
from selftests.release_data import DATA, SOURCES, damage, host, source

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
        (host("XenServer", "7.1.1", "2.2.0"), "xenserver-7.1-cu1"),
        (host("XenServer", "7.1.2", "2.2.0"), "xenserver-7.1-cu2"),
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
        host("XenServer", "10.0.0", "5.0.0"),
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
    assert found.feature("pv-guests").fact.value == "refused"


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
