"""Which XenCenter works with which pool; how versions compare; what dom0 needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import (
    compare_versions,
    dom0_memory_mib,
    release,
    xencenter_client,
)
from fixtures.version_order import parse_version
from fixtures.xencenter_clients import api_ordinal
from selftests.release_data import CLIENTS, DATA, GIB, source

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
