"""A XenAPI that fails at the door or in the middle of a reading, in both protocols.

Whatever it does: one line or one cause, in bounded time, logged out, and never READY for it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fixtures.raw import RawFacts
from fixtures.tls import Trust
from fixtures.xenapi_calls import LOGIN, LOGOUT
from fixtures.xenapi_reading import CLASSES
from fixtures.xenapi_transport import XenApiTransport
from rules.evacuation import METHOD as EVACUATION
from selftests.faulty_pools import NOW
from selftests.old_servers import old_certificate
from selftests.xenapi_matrix import (
    PROTOCOLS,
    CountingEndpoint,
    essence,
    healthy,
    judged,
    login_of,
    read,
    refusal,
    speaking,
    unread,
)
from simpool.certificates import Identity, self_signed, signed_by
from simpool.data import SimError, SimPool
from simpool.pools import build
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Altered, Drop, Endless, Hang, HttpReply, Usual

PAGE = b"<html>not what was asked for</html>"
BOOTING = SimError(("HOST_STILL_BOOTING",))
SLAVE = SimError(("HOST_IS_SLAVE", "192.0.2.77"))
WAITED = "; 0.02 s were waited in all"
RESTARTING = "instead of a XenAPI's answer; its toolstack may be restarting" + WAITED


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def endpoint(protocol: str) -> Iterator[CountingEndpoint]:
    with speaking(protocol, build("default", NOW)) as served:
        yield served


@pytest.fixture(scope="module")
def authority() -> Identity:
    return self_signed("Site CA", (), authority=True)


DOOR: list[tuple[Any, str]] = [
    (HttpReply(PAGE, 401), "answered HTTP 401 (Unauthorized) instead of a XenAPI's answer"),
    (HttpReply(PAGE, 404), "answered HTTP 404 (Not Found) instead of a XenAPI's answer"),
    (HttpReply(PAGE, 500), "answered HTTP 500 (Internal Server Error) " + RESTARTING),
    (HttpReply(PAGE, 503), "answered HTTP 503 (Service Unavailable) " + RESTARTING),
    (Drop(), "broke the connection: closed without an answer"),
    (Altered(half, "OpaqueRef:s"), "cannot be read: its {} is damaged (it breaks off)"),
    (
        Altered(half, "OpaqueRef:s", length=9999),
        "cannot be read: the connection was closed before its end",
    ),
    (Hang(), "gave no complete answer within 0.5 s"),
    (Altered(answer="OpaqueRef:s", pause=0.2), "gave no complete answer within 0.5 s"),
    (["no", "reference"], "answered the login with no session"),
    (BOOTING, "its toolstack is still starting after 0.02 s (HOST_STILL_BOOTING)"),
    (SimError(("SESSION_INVALID", "x")), "refuses the login: SESSION_INVALID (x)"),
    (
        SimError(("HOST_IN_EMERGENCY_MODE",)),
        (
            "is in emergency mode: it cannot reach its coordinator; give the address of the "
            "coordinator (HOST_IN_EMERGENCY_MODE)"
        ),
    ),
]


@pytest.mark.parametrize(("fault", "words"), DOOR)
def test_a_login_that_fails_is_one_line(
    fault: Any, words: str, protocol: str, endpoint: CountingEndpoint
) -> None:
    endpoint.faults[LOGIN] = fault
    timeout = 0.5 if "0.5 s" in words else 30.0
    text = refusal(endpoint, call_timeout=timeout)
    said = words.format("XML" if protocol == "xml-rpc" else "JSON")
    assert text.removeprefix("the answer of ").startswith(endpoint.address)
    assert text.endswith(said)


def test_refused_connections_are_one_line(endpoint: CountingEndpoint) -> None:
    endpoint._server.stop()
    want = f"{endpoint.address} refuses connections on port {endpoint.port}"
    assert refusal(endpoint) == want


def test_certificates_that_nobody_can_verify_are_one_line(
    authority: Identity, tmp_path: Path
) -> None:
    """TLS comes before any protocol; not a byte of HTTP is sent."""
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.certificate)
    trusted = [
        signed_by(authority, days=-30),
        signed_by(authority, "other.example", ("o.example",)),
    ]
    untrusted = self_signed()
    mismatch = "IP address mismatch, certificate is not valid for '127.0.0.1'."
    old = old_certificate(tmp_path / "old", "localhost", 1024)
    sha1 = old_certificate(tmp_path / "sha1", "localhost", 2048)
    for identity, ca, reason in [
        (trusted[0], bundle, "certificate has expired"),
        (trusted[1], bundle, mismatch),
        (untrusted, bundle, "self-signed certificate"),
        (untrusted, None, "self-signed certificate"),
        (old, tmp_path / "old" / "old.pem", "EE certificate key too weak"),
        (sha1, tmp_path / "sha1" / "old.pem", mismatch),
    ]:
        # A server that would not offer such a certificate would prove nothing.
        tls = identity.server_context(ciphers="DEFAULT:@SECLEVEL=0")
        with XenApiEndpoint(build("default", NOW), identity=identity, tls=tls) as endpoint:
            text = refusal(endpoint, trust=Trust(ca))
            pin = f"{endpoint.address}={identity.fingerprint}"
            assert text == (
                f"{endpoint.address}: its TLS certificate cannot be verified ({reason}); nothing was "
                f"sent. Its SHA-256 fingerprint is {identity.fingerprint}; compare it with the "
                f"pool's own, then pin it: --tls-fingerprint={pin}"
            )
            assert endpoint.bodies == []


@pytest.mark.parametrize("how", ["itself", "a loop"])
def test_coordinators_that_name_each_other_are_one_line(how: str, protocol: str) -> None:
    pool = build("default", NOW)
    with speaking(protocol, pool) as one, speaking(protocol, pool) as two:
        one.slave_of = one.address if how == "itself" else two.address
        two.slave_of = one.address
        trust = Trust(pins=(*login_of(one).trust.pins, *login_of(two).trust.pins))
        named = one if how == "itself" else two
        assert refusal(one, trust=trust) == (
            f"{named.address} was named as the coordinator, but says that it is a member; give the "
            "address of the coordinator (HOST_IS_SLAVE)"
        )
        assert (one.calls + two.calls)[LOGIN] == 2


# One class fails in each of these ways; all the others are read.
MIDST: list[tuple[Any, str]] = [
    (HttpReply(PAGE, 401), "{} answered HTTP 401 (Unauthorized) instead of a XenAPI's answer"),
    (HttpReply(PAGE, 404), "{} answered HTTP 404 (Not Found) instead of a XenAPI's answer"),
    (HttpReply(PAGE, 500), "{} answered HTTP 500 (Internal Server Error) " + RESTARTING),
    (Drop(), "{} broke the connection: closed without an answer" + WAITED),
    (Altered(half), "the answer of {} cannot be read: its {} is damaged (it breaks off)"),
    (
        Altered(half, length=10**9),
        "the answer of {} cannot be read: the connection was closed before its end" + WAITED,
    ),
    (
        Altered(lambda body: b"\xef\xbb\xbf\0" + body),
        "the answer of {} cannot be read: it is not {}",
    ),
    (Altered(pause=0.2), "{} gave no complete answer within 1 s"),
    (Hang(), "{} gave no complete answer within 1 s"),
    (BOOTING, "the toolstack is still starting: HOST_STILL_BOOTING"),
]


@pytest.mark.parametrize(("fault", "words"), MIDST)
def test_one_class_that_fails_costs_itself(
    fault: Any, words: str, protocol: str, endpoint: CountingEndpoint
) -> None:
    well, before = healthy("default")
    endpoint.faults["VBD.get_all_records"] = fault
    raw = read(endpoint, call_timeout=1.0 if "within" in words else 30.0)
    kind = "XML" if protocol == "xml-rpc" else "JSON"
    assert unread(raw) == {"VBD": words.format(endpoint.address, kind)}
    assert raw.source["protocol"] == protocol
    assert {n: c for n, c in raw.classes.items() if n != "VBD"} == {
        n: c for n, c in well.classes.items() if n != "VBD"
    }
    now = judged(raw, "default")
    assert now.verdict.word == "NOT VERIFIED"
    assert now.turned_green(before) == {}


def test_an_endless_answer_ends_at_the_cap(
    protocol: str, endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    capped = partial(XenApiTransport, max_bytes=2_000_000)
    monkeypatch.setattr("fixtures.xenapi_connection.XenApiTransport", capped)
    endpoint.faults["VBD.get_all_records"] = Endless()
    found = unread(read(endpoint))
    assert found == {"VBD": f"the answer of {endpoint.address} is larger than 2000000 bytes"}


def calls_of(protocol: str) -> int:
    """How many calls one reading of the pool `default` makes, login and logout included."""
    with speaking(protocol, build("default", NOW)) as endpoint:
        read(endpoint)
        return endpoint.number


def test_a_session_that_is_killed_at_any_call_is_renewed_once(
    protocol: str, endpoint: CountingEndpoint
) -> None:
    well = essence(healthy("default")[0])
    # Every call by one protocol or the other: sessions are renewed above both.
    for at in range(2 + PROTOCOLS.index(protocol), calls_of(protocol), 2):
        endpoint.play(killing(endpoint, at))
        raw = read(endpoint)
        assert essence(raw)[:3] == well[:3], f"killed at call {at}"
        assert raw.calls[LOGIN] == 2


def test_a_session_that_is_killed_twice_leaves_the_rest_unread(
    protocol: str, endpoint: CountingEndpoint
) -> None:
    well, before = healthy("default")
    for at in range(4, calls_of(protocol) - 8, 11):
        endpoint.play(killing(endpoint, at, at + 4))
        raw = read(endpoint)
        assert raw.calls[LOGIN] == 2
        lost = set(unread(raw).values())
        assert len(lost) == 1 or at > len(CLASSES) - 6
        assert all("the session ended more than once: SESSION_INVALID" in one for one in lost)
        assert all(raw.classes[n] == well.classes[n] for n in CLASSES if n not in unread(raw))
        assert raw.answers[EVACUATION]
        now = judged(raw, "default")
        assert now.verdict.word == "NOT VERIFIED"
        assert now.turned_green(before) == {}


def killing(endpoint: XenApiEndpoint, *at: int) -> Callable[[int, str], Any]:
    def hook(number: int, _method: str) -> Any:
        if number in at:
            endpoint.sessions.clear()
        return Usual()

    return hook


def from_call(first: int, answer: Any, last: int = 10**9) -> Callable[[int, str], Any]:
    """Answers with the fault from that call on; to the logout as usual."""

    def hook(number: int, method: str) -> Any:
        return answer if first <= number <= last and method != LOGOUT else Usual()

    return hook


def answered_before(at: int) -> int:
    """How many classes and questions are asked before a call: not the login, nor who is asking."""
    return at - 2 - (at > len(CLASSES) + 2)


def lost_from(raw: RawFacts) -> tuple[int, list[str]]:
    """How many classes and questions were answered, and why the others were not."""
    found = [one.cause for one in raw.classes.values()]
    found += [answer.cause for told in raw.answers.values() for answer in told.values()]
    absent = [one.cause for one in raw.classes.values() if one.state == "absent"]
    why = [cause for cause in found if cause and cause not in absent]
    return len(found) - len(why), why


def test_a_coordinator_that_changes_at_any_call_ends_the_reading(
    protocol: str, endpoint: CountingEndpoint
) -> None:
    well, before = healthy("default")
    for at in range(2, 50, 6):
        endpoint.play(from_call(at, SLAVE))
        if at < 4:
            assert "HOST_IS_SLAVE (192.0.2.77)" in refusal(endpoint)
            continue
        raw = read(endpoint)
        answered, why = lost_from(raw)
        # All calls before it were answered, and nothing that came after it counts.
        assert answered == answered_before(at)
        changed = "the pool has changed its coordinator"
        assert all(one.startswith(changed) for one in why), set(why)
        assert {n for n in CLASSES if raw.classes[n] != well.classes[n]} == set(unread(raw))
        if at % 12 == 2:
            now = judged(raw, "default")
            assert now.verdict.word == "NOT VERIFIED"
            assert now.turned_green(before) == {}


@pytest.mark.parametrize(
    "fault", [HttpReply(PAGE, 500), Drop(), BOOTING], ids=["page", "reset", "booting"]
)
def test_a_toolstack_that_restarts_at_any_call(
    fault: Any, endpoint: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down for a few calls nothing is lost; down for ever everything after it is, with a cause."""
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.002)
    well = essence(healthy("default")[0])
    for at in (4, 20, 40):
        endpoint.play(from_call(at, fault, at + 4))
        raw = read(endpoint, booting_patience=60.0)
        assert essence(raw)[:3] == well[:3]
        endpoint.play(from_call(at, fault))
        raw = read(endpoint)
        answered, why = lost_from(raw)
        assert answered == answered_before(at)
        assert all(WAITED in one or "still starting: HOST_STILL_BOOTING" in one for one in why)
    assert judged(raw, "default").verdict.word == "NOT VERIFIED"


def test_a_toolstack_that_is_gone_for_a_while_is_waited_for(protocol: str) -> None:
    """Its port refuses, its sessions are gone, and it comes back at the same address."""
    pool, identity = build("default", NOW), self_signed()
    served = [speaking(protocol, pool, identity)]
    first = served[0].__enter__()
    again: list[XenApiEndpoint] = []

    def hook(number: int, _method: str) -> Any:
        if number == 20:
            threading.Thread(target=restart).start()
        return Usual() if number < 20 else Drop()

    def restart() -> None:
        time.sleep(0.3)  # the answer that is under way is given
        served[0].__exit__(None, None, None)
        first.sessions.clear()
        time.sleep(0.2)
        later = XenApiEndpoint(pool, identity=identity, bind=("127.0.0.1", first.port))
        later.json_rpc = first.json_rpc
        again.append(later.__enter__())

    first.play(hook)
    try:
        raw = read(first, booting_patience=60.0)
    finally:
        for one in again:
            one.__exit__(None, None, None)
    assert essence(raw)[:3] == essence(healthy("default")[0])[:3]
    assert again[0].sessions == {}
    assert raw.calls[LOGIN] == 2


def test_a_hundred_thousand_messages(protocol: str) -> None:
    pool: SimPool = build("default", NOW)
    recent = 100_000 if protocol == "json-rpc" else 10_000  # which the simulator is slow to write
    pool.answers["message.get_all"] = {"count": 100_000}
    one = {"name": "VM_STARTED", "timestamp": "20261101T00:00:00Z", "priority": "5"}
    pool.answers["message.get_since"] = {
        "recent": {f"OpaqueRef:{number}": one for number in range(recent)}
    }
    with speaking(protocol, pool) as endpoint:
        raw = read(endpoint)
    assert unread(raw) == {}
    assert raw.answers["message.get_all"]["count"].value == "100000"
    assert len(raw.answers["message.get_since"]["recent"].value) == recent


def test_the_pool_itself_is_ready() -> None:
    """Without it, nothing above would prove that a fault keeps a pool from READY."""
    raw, said = healthy("default")
    assert said.is_ready
    assert unread(raw) == {}
