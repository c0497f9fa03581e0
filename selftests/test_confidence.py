"""What findings weigh together, what comes first of several obstacles, and how lists are cut."""

from datetime import date

import pytest

from fixtures.exceptions import NotVerifiedError
from fixtures.releases import Fact
from rules.confidence import UNSURE, Objection, lighter, ruling
from rules.evacuation_codes import Reason
from rules.first_reason import first_reason
from rules.listing import listed


def fact(*, holds: bool, verified: bool) -> Fact[bool]:
    return Fact(holds, "a source", date(2026, 1, 1), "verified" if verified else "unverified")


def test_one_sure_objection_decides() -> None:
    unsure, sure = Objection("a", UNSURE), Objection("b")
    assert lighter([]) == ""
    assert lighter([unsure, sure]) == ""
    assert lighter([unsure, unsure, Objection("c", "nobody needs it")]) == (
        f"{UNSURE}; nobody needs it"
    )


def test_prohibitions_and_permissions() -> None:
    assert ruling([("no", fact(holds=True, verified=True))]) == ()
    assert ruling([("no", fact(holds=False, verified=False))]) == (Objection("no", UNSURE),)
    assert ruling([("no", fact(holds=False, verified=True))]) == (Objection("no"),)
    with pytest.raises(NotVerifiedError, match="a source"):
        ruling([("no", fact(holds=True, verified=False))])


def test_a_mere_warning_hides_no_unverified_permission() -> None:
    unsure, doubtful = fact(holds=False, verified=False), fact(holds=True, verified=False)
    with pytest.raises(NotVerifiedError, match="a source; also, no"):
        ruling([("no", unsure), ("never", doubtful)])
    sure = ("surely", fact(holds=False, verified=True))
    assert Objection("surely") in ruling([("no", unsure), ("never", doubtful), sure])


def test_an_obstacle_comes_before_what_is_not_known() -> None:
    obstacle = Reason("CODE", "it", "in the way")

    def unknown() -> Reason | None:
        raise NotVerifiedError("not read")

    assert first_reason([]) is None
    assert first_reason([unknown, lambda: None, lambda: obstacle]) is obstacle
    with pytest.raises(NotVerifiedError, match="not read"):
        first_reason([unknown, lambda: None])


def test_long_lists_are_cut() -> None:
    assert listed([]) == ""
    assert listed(["a", "b"], most=2) == "a, b"
    assert listed(["a", "b", "c", "d"], most=2) == "a, b and 2 more"
