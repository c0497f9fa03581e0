"""What is asked again of a toolstack that stops or is down, and how often it gets the password."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fixtures.xenapi_calls import LOGIN
from rules.evacuation import METHOD as EVACUATION
from selftests.faulty_pools import NOW
from selftests.test_xenapi_faults import (
    BOOTING,
    PAGE,
    WAITED,
    answered_before,
    half,
    killing,
    lost_from,
)
from selftests.xenapi_matrix import (
    PROTOCOLS,
    CountingEndpoint,
    essence,
    healthy,
    read,
    refusal,
    speaking,
    unread,
)
from simpool.data import SimError
from simpool.pools import build
from simpool.xenapi_server import Altered, Drop, HttpReply, Usual


@pytest.fixture(params=PROTOCOLS)
def endpoint(request: pytest.FixtureRequest) -> Iterator[CountingEndpoint]:
    with speaking(request.param, build("default", NOW)) as served:
        yield served


def one_after_another(*answers: Any) -> Callable[[object], Any]:
    """Each of the answers, and then the last of them again and again."""
    left = list(answers)
    return lambda _params: left.pop(0) if len(left) > 1 else left[0]


def test_an_answer_that_is_cut_off_is_asked_for_again(
    endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as a toolstack may take to come back; what is whole but damaged, once."""
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.002)
    cut, damaged = Altered(half, length=10**9), Altered(half)
    faults = {
        "VBD.get_all_records": (one_after_another(cut, cut, cut, Usual()), 4),
        "VIF.get_all_records": (one_after_another(damaged, Usual()), 2),
        "SM.get_all_records": (one_after_another(damaged, cut, Drop(), Usual()), 4),
        EVACUATION: (one_after_another(cut, cut, Usual()), None),
    }
    endpoint.faults |= {method: fault for method, (fault, _) in faults.items()}
    assert essence(read(endpoint, booting_patience=60.0))[:3] == essence(healthy("default")[0])[:3]
    for method, (_, times) in faults.items():
        assert times is None or endpoint.calls[method] == times, method
    endpoint.faults = {"VIF.get_all_records": damaged}
    assert set(unread(read(endpoint, booting_patience=60.0))) == {"VIF"}
    assert endpoint.calls["VIF.get_all_records"] == 4
    assert endpoint.calls[LOGIN] == 2


SENT = "; the password was sent 3 times and is not sent again"
KNOCK = "session.get_is_local_superuser"


def test_a_password_is_sent_three_times_at_most(
    endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.002)
    for fault, times in [
        (HttpReply(PAGE, 500), 3),
        (HttpReply(PAGE, 502), 3),
        (HttpReply(PAGE, 503), 3),
        (BOOTING, 3),
        (HttpReply(PAGE, 504), 1),
        (Drop(), 1),
        (Altered(half, "OpaqueRef:s", length=9999), 1),
        (Altered(half, "OpaqueRef:s"), 1),
        (SimError(("SESSION_AUTHENTICATION_FAILED", "root", "x")), 1),
    ]:
        endpoint.calls.clear()
        endpoint.faults[LOGIN] = fault
        assert refusal(endpoint, booting_patience=60.0).endswith(SENT) == (times == 3)
        assert endpoint.calls[LOGIN] == times


def test_a_toolstack_that_is_down_is_waited_for_without_the_password(
    endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.002)
    down = HttpReply(PAGE, 503)
    endpoint.faults = {
        LOGIN: one_after_another(down, Usual()),
        KNOCK: one_after_another(*[down] * 6, Usual()),
    }
    assert unread(read(endpoint, booting_patience=60.0)) == {}
    assert endpoint.calls[LOGIN] == 2
    endpoint.faults = {LOGIN: down, KNOCK: down}
    assert refusal(endpoint).endswith(WAITED)
    assert endpoint.calls[LOGIN] == 3


def test_a_new_login_counts_with_the_first(
    endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.002)
    endpoint.faults[LOGIN] = one_after_another(Usual(), HttpReply(PAGE, 503))
    endpoint.play(killing(endpoint, 20))
    raw = read(endpoint, booting_patience=60.0)
    assert endpoint.calls[LOGIN] == raw.calls[LOGIN] == 3
    _, why = lost_from(raw)
    new = "the session ended while the pool was read, and a new login failed: "
    assert all(cause.startswith(new) and cause.endswith(SENT) for cause in why)
    assert raw.classes["host"].state == "read"


def test_another_pool_behind_the_address_ends_the_reading(endpoint: CountingEndpoint) -> None:
    def hook(number: int, _method: str) -> Any:
        if number == 20:
            endpoint.sessions.clear()
            (record,) = endpoint.pool.records["pool"].values()
            record["uuid"] = "another"
        return Usual()

    endpoint.play(hook)
    raw = read(endpoint)
    answered, why = lost_from(raw)
    assert answered == answered_before(20)
    assert set(why) == {f"another pool answers now at {endpoint.address}"}
