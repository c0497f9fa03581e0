"""Support of releases: what has ended, what nobody can tell, and what only warns."""

import copy
from datetime import date
from typing import Any

import pytest

from fixtures.exceptions import NotVerifiedError, UsageProblemError
from fixtures.release_sources import parse_sources
from rules.support import support_objections
from selftests.release_data import SOURCES, source


def found(runs: str, target: str, day: str = "2026-12-05") -> list[tuple[str, bool]]:
    objections = support_objections(source(runs), source(target), date.fromisoformat(day))
    return [(one.words, bool(one.lighter)) for one in objections]


def test_supported_by_a_verified_source() -> None:
    assert found("xcp-ng-8.3", "xcp-ng-8.3") == []
    assert found("xcp-ng-8.3", "xcp-ng-8.3", "2028-11-30") == []


def test_a_target_whose_support_has_ended_weighs() -> None:
    ended = [("XCP-ng 8.3: ended on 2028-11-30", False)]
    assert found("xcp-ng-8.3", "xcp-ng-8.3", "2028-12-01") == ended


def test_the_running_release_is_left_and_weighs_less() -> None:
    assert found("xcp-ng-8.2", "xcp-ng-8.3") == [("XCP-ng 8.2: ended on 2025-09-16", True)]


def test_an_unverified_permission_is_no_permission() -> None:
    words, lighter = found("xcp-ng-8.3", "xenserver-8")[0]
    assert words == "XenServer 8: until 2028-11-30, by an unverified source"
    assert lighter


def test_a_preview_is_not_supported() -> None:
    assert "preview" in found("xcp-ng-8.3", "xenserver-9")[0][0]


def test_a_release_of_which_nothing_was_read() -> None:
    with pytest.raises(NotVerifiedError, match=r"supports XenServer 5\.6"):
        found("xenserver-5.6", "xcp-ng-8.3")


def test_every_target_states_its_end_or_is_a_preview() -> None:
    known = [entry.release for entry in parse_sources(SOURCES)]
    silent = {one.id for one in known if one.support_ends is None and not one.prerelease}
    assert silent == {"xenserver-5.5", "xenserver-5.6", "xenserver-5.6-fp1"}


@pytest.mark.parametrize("value", ["soon", "2028-13-01", "", 2028, None])
def test_a_day_that_is_none_is_refused(value: Any) -> None:
    data = copy.deepcopy(SOURCES)
    table = next(one for one in data["release"] if one["id"] == "xcp-ng-8.3")
    table["support_ends"]["value"] = value
    with pytest.raises(UsageProblemError, match="support_ends"):
        parse_sources(data)
