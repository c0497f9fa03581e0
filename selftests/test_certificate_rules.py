"""Certificates of hosts: what speaks against one, and what nobody can tell."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import release
from rules.certificates import certificate_objections, read_certificate
from selftests.release_data import DATA
from simpool.certificates import public_certificate

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def words(target: str, *, keep: int = 30, **how: Any) -> list[tuple[str, bool]]:
    shown = read_certificate(public_certificate("xen-01", NOW, **how))
    found = certificate_objections(shown, release(DATA, target), NOW, keep)
    return [(one.words, bool(one.lighter)) for one in found]


def test_a_good_certificate() -> None:
    assert words("xenserver-8") == []


def test_an_elliptic_key_is_not_known_to_be_accepted() -> None:
    with pytest.raises(NotVerifiedError, match="not an RSA key"):
        words("xenserver-8", elliptic=True)


def test_an_elliptic_key_where_no_length_is_asked_for() -> None:
    assert words("citrix-hypervisor-8.0", elliptic=True) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, [("it ends on 2026-11-22", False)]),
        (29, [("it ends on 2026-12-22", True)]),
        (30, []),
    ],
)
def test_its_end(days: int, expected: list[tuple[str, bool]]) -> None:
    assert words("xenserver-8", days=days) == expected


def test_what_is_wrong_is_all_said() -> None:
    found = words("xenserver-9", key_bits=1024, sha1=True, days=-1)
    assert [text.split()[0] for text, _ in found] == ["a", "signed", "it"]


def test_no_certificate() -> None:
    with pytest.raises(NotVerifiedError, match="cannot be read"):
        read_certificate("")
    with pytest.raises(NotVerifiedError, match="cannot be read"):
        read_certificate({"certificate": timedelta(days=1)})
