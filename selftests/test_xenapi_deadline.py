"""The deadline of the run, two connections, and toolstacks that come and go while a pool is read."""

import io
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fixtures.live import LivePlan, read_live
from fixtures.raw import RawFacts
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_patience import Patience
from fixtures.xenapi_reading import CERTIFICATE, CLASSES, SERVER_TIME, ask, read_classes
from fixtures.xenapi_session import Login, open_session
from fixtures.xenapi_wire import XenApiUnreachableError
from reports.progress import Progress
from selftests.xenapi_logins import LOGIN, READ, login_to, refusal, sim
from simpool.data import SimError
from simpool.pools import build
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Altered, Drop, Endless, Hang, HttpReply, Usual

CHEAP = "session.get_is_local_superuser"
EVACUATION = "host.get_vms_which_prevent_evacuation"
LATE = "deadline of the run has passed"


@pytest.fixture
def endpoint() -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(build("default")) as served:
        yield served


def plan(endpoint: XenApiEndpoint, deadline: float = 600.0, **changes: Any) -> LivePlan:
    password = Secret(endpoint.pool.users["root"].password)
    trust = Trust(pins=(parse_pin(endpoint.fingerprint),))
    login = Login(endpoint.url, "root", password, trust, booting_patience=0.05)
    return LivePlan(replace(login, **changes), None, deadline)


def read(endpoint: XenApiEndpoint, deadline: float = 600.0, **changes: Any) -> RawFacts:
    raw = read_live(plan(endpoint, deadline, **changes), [], Progress(io.StringIO(), live=False))
    assert endpoint.sessions == {}, "a session was left open"
    return raw


def causes(raw: RawFacts) -> dict[str, str]:
    return {name: found.cause for name, found in raw.classes.items() if found.state == "unread"}


@pytest.mark.parametrize(
    "fault", [Hang(), Endless(), Altered(pause=0.05)], ids=["silent", "endless", "slow"]
)
def test_a_reading_ends_at_its_deadline_whatever_the_peer_does(
    fault: Any, endpoint: XenApiEndpoint
) -> None:
    for name in CLASSES[2:]:
        endpoint.faults[f"{name}.get_all_records"] = fault
    begin = time.monotonic()
    raw = read(endpoint, 1.5)
    assert time.monotonic() - begin < 10.0
    assert raw.classes["pool"].records
    assert set(causes(raw)) == set(CLASSES[2:])
    assert {LATE in cause or "larger than" in cause for cause in causes(raw).values()} == {True}
    assert all(answer.cause for told in raw.answers.values() for answer in told.values())


def test_a_login_ends_at_the_deadline_too() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        for fault in (Hang(), SimError(("HOST_STILL_BOOTING",)), HttpReply(b"", 503)):
            endpoint.faults[LOGIN] = fault
            until = time.monotonic() + 0.4
            text = refusal(login_to(endpoint, until=until, booting_patience=120.0))
            assert time.monotonic() - until < 5.0
            assert LATE in text or "still starting" in text
        begun = len(endpoint.bodies)
        assert LATE in refusal(login_to(endpoint, until=time.monotonic()))
        assert len(endpoint.bodies) == begun


def test_after_the_deadline_only_the_logout_leaves() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        until = time.monotonic() + 1.0
        with open_session(login_to(endpoint, until=until)) as session:
            time.sleep(max(0.0, until - time.monotonic()))
            with pytest.raises(XenApiUnreachableError, match=LATE):
                session.call(READ)
        assert endpoint.calls == {LOGIN: 1, "session.logout": 1}
        assert endpoint.sessions == {}


def test_a_toolstack_that_restarts_is_waited_for(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.xenapi_caller.FIRST_PAUSE", 0.01)
    page = b"<html>restarting</html>"
    down = iter(
        [
            *(HttpReply(page, status) for status in (500, 502, 503)),
            Drop(),
            Drop(),
            SimError(("HOST_STILL_BOOTING",)),
            SimError(("TOO_BUSY",)),
        ]
    )
    for name in ("VM", "SR", "VBD"):
        endpoint.faults[f"{name}.get_all_records"] = lambda _params: next(down, Usual())
    # Sessions do not outlive a toolstack.
    endpoint.faults["VIF.get_all_records"] = once(endpoint.sessions.clear)
    raw = read(endpoint, booting_patience=60.0)
    assert causes(raw) == {}
    assert raw.calls[LOGIN] == 2


def once(act: Callable[[], object]) -> Callable[[object], Any]:
    done = threading.Event()

    def fault(_params: object) -> Any:
        if not done.is_set():
            done.set()
            act()
        return Usual()

    return fault


def test_a_toolstack_that_does_not_come_back_leaves_a_cause(endpoint: XenApiEndpoint) -> None:
    endpoint.faults["VM.get_all_records"] = HttpReply(b"<html>down</html>", 503)
    endpoint.faults["SR.get_all_records"] = SimError(("HOST_STILL_BOOTING",))
    found = causes(read(endpoint))
    assert set(found) == {"VM", "SR"}
    assert "toolstack may be restarting; 0.05 s were waited in all" in found["VM"]
    assert "the toolstack is still starting" in found["SR"]


def test_a_coordinator_that_changes_ends_the_reading(endpoint: XenApiEndpoint) -> None:
    """What the old coordinator said stays; nothing that a new one says is mixed with it."""

    def change() -> None:
        endpoint.slave_of = "10.0.0.9"
        endpoint.sessions.clear()  # no database keeps them

    endpoint.faults["VIF.get_all_records"] = once(change)
    raw = read(endpoint)
    found = causes(raw)
    later = CLASSES[CLASSES.index("VIF") + 8 :]  # the other connection may be a few ahead
    assert set(later) <= set(found)
    assert "changed its coordinator" in found[later[0]]
    assert raw.classes["pool"].state == raw.classes["host"].state == "read"
    assert all(answer.cause for told in raw.answers.values() for answer in told.values())
    assert EVACUATION not in endpoint.calls


def test_another_machine_at_the_address_is_not_read(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(plan(endpoint).login) as session:
        for connection in session._all:
            connection.close()
        assert session._seen == {endpoint.address: endpoint.fingerprint}
        session._seen[endpoint.address] = "00:11"
        with pytest.raises(XenApiUnreachableError, match="another machine") as refused:
            session.call(READ)
        assert refused.value.lost


def test_two_calls_are_under_way_at_once_and_no_more(endpoint: XenApiEndpoint) -> None:
    lock, now, most, evacuations = threading.Lock(), [0], [0], [0]

    def watched(method: str) -> Callable[[object], Any]:
        def fault(_params: object) -> Any:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
                evacuations[0] += method == EVACUATION
                assert evacuations[0] <= 1
            time.sleep(0.01)
            with lock:
                now[0] -= 1
                evacuations[0] -= method == EVACUATION
            return Usual()

        return fault

    asked = [f"{name}.get_all_records" for name in CLASSES]
    for method in (*asked, EVACUATION, "host.get_servertime", "host.get_server_certificate"):
        endpoint.faults[method] = watched(method)
    raw = read(endpoint)
    assert most == [2]
    assert causes(raw) == {}
    assert endpoint.connections <= 3  # two, and one for the copy of the database
    assert len(raw.source["tls"]) == 1
    hosts = len(raw.classes["host"].records)
    assert raw.calls[EVACUATION] == raw.calls["host.get_servertime"] == hosts


def test_a_session_that_ends_is_renewed_once_for_both_connections(
    endpoint: XenApiEndpoint,
) -> None:
    gate = threading.Barrier(2, timeout=10.0)

    def ended(_params: object) -> Any:
        # Both calls find the session gone, and each is answered so.
        if len(endpoint.handed_out) == 1:
            gate.wait()
            endpoint.sessions.pop(endpoint.handed_out[0], None)  # never the one that comes next
        return Usual()

    endpoint.faults["VM.get_all_records"] = endpoint.faults["VBD.get_all_records"] = ended
    with open_session(plan(endpoint).login) as session:
        read_classes(session, ["pool", "host"])
        classes = read_classes(session, ["VM", "VBD"])
    assert {found.state for found in classes.values()} == {"read"}
    assert len(endpoint.handed_out) == 2
    assert endpoint.sessions == {}


def test_an_interrupted_session_lets_go_at_once_and_logs_out(endpoint: XenApiEndpoint) -> None:
    endpoint.faults["VM.get_all_records"] = endpoint.faults["VBD.get_all_records"] = Hang()
    with open_session(plan(endpoint).login) as session:

        def interrupt() -> None:
            while endpoint.calls["VM.get_all_records"] + endpoint.calls["VBD.get_all_records"] < 2:
                time.sleep(0.01)
            session.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        begin = time.monotonic()
        classes = read_classes(session, ["pool", "VM", "VBD", "SR"])
        assert time.monotonic() - begin < 10.0
        thread.join()
    assert {name: found.cause for name, found in classes.items()} == {
        "pool": "",
        **dict.fromkeys(("VM", "VBD", "SR"), "the reading was interrupted"),
    }
    assert endpoint.sessions == {}


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Press Ctrl-C, from whichever thread."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None
    yield lambda: signal.pthread_kill(main, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "method", [LOGIN, "VM.get_all_records", EVACUATION, SERVER_TIME, "message.get_all", CHEAP]
)
def test_ctrl_c_leaves_no_session_and_keeps_what_was_read(
    method: str, endpoint: XenApiEndpoint, ctrl_c: Callable[[], None]
) -> None:
    """While it is logging in there is nothing to keep; but then the answer is waited for."""
    over, once_only = threading.Event(), threading.Lock()

    def press(_params: object) -> Any:
        if once_only.acquire(blocking=False):  # two connections may ask the same
            ctrl_c()
        over.wait(0.3 if method == LOGIN else 30.0)
        return Usual()

    endpoint.faults[method] = press
    begin = time.monotonic()
    if method == LOGIN:
        with pytest.raises(KeyboardInterrupt):
            read(endpoint)
        assert len(endpoint.handed_out) == 1
    else:
        raw = read(endpoint)
        assert raw.interrupted
        assert raw.classes["pool"].records
        assert raw.classes["host"].records
    assert time.monotonic() - begin < 20.0
    assert endpoint.sessions == {}
    over.set()


def test_waiting_side_by_side_is_counted_once() -> None:
    patience = Patience(0.3)
    begin = time.monotonic()
    waits = [threading.Thread(target=patience.pause, args=(0.2,)) for _ in range(2)]
    for wait in waits:
        wait.start()
    for wait in waits:
        wait.join()
    assert patience.pause(10.0), "what both waited for was counted twice"
    assert not patience.pause(10.0)
    assert time.monotonic() - begin < 5.0


def test_every_class_may_fail_in_its_own_way(endpoint: XenApiEndpoint) -> None:
    """One reading, a fault for every class: the others are read, and each says why it is not."""
    faults: list[Any] = [
        Altered(lambda body: body[: len(body) // 2]),
        Altered(length=1_000_000),
        Altered(lambda body: body + b"<<<"),
        b"\0garbage",
        HttpReply(b"<html>", 404),
        HttpReply(b"<html>", 500),
        Drop(),
        SimError(("RBAC_PERMISSION_DENIED", "x.get_all_records")),
        SimError(("INTERNAL_ERROR", "Not_found\n\x1b[2J")),
        SimError(("HANDLE_INVALID", "VM", "OpaqueRef:gone")),
        SimError(("BRAND_NEW", "\u202e")),
        ["a", "list"],
        {"OpaqueRef:a": "no record"},
        "",
    ]
    broken = dict(zip(CLASSES[3:], faults, strict=False))
    for name, fault in broken.items():
        endpoint.faults[f"{name}.get_all_records"] = fault
    for spoken in ("2.0", HttpReply(b"", 404)):
        endpoint.json_rpc = spoken
        found = causes(read(endpoint))
        assert set(found) == set(broken)
        assert all(cause and "\n" not in cause and "\x1b" not in cause for cause in found.values())


def test_a_host_that_is_silent_costs_its_own_answers_alone(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.live_questions._FORWARDED_SECONDS", 0.3)
    silent, *others = endpoint.pool.records["host"]
    for method in (CERTIFICATE, SERVER_TIME):
        endpoint.faults[method] = lambda params: Hang() if params[1] == silent else Usual()
    raw = read(endpoint)
    for method in (CERTIFICATE, SERVER_TIME):
        assert "no complete answer" in raw.answers[method][silent].cause
        assert all(raw.answers[method][ref].value for ref in others)
    assert {answer.cause for answer in raw.answers[EVACUATION].values()} == {""}


def test_silent_hosts_are_not_waited_for_one_by_one() -> None:
    with XenApiEndpoint(sim()) as endpoint, open_session(login_to(endpoint)) as session:
        endpoint.faults[SERVER_TIME] = Hang()
        refs = [f"OpaqueRef:{number}" for number in range(30)]
        told = ask(session, SERVER_TIME, refs, 0.05, forwarded=True)
        assert session.calls[SERVER_TIME] == 8
        assert "8 hosts in a row left it unanswered" in told[refs[-1]].cause
        assert session.call(READ)


def test_a_hundred_thousand_messages_are_counted() -> None:
    pool = sim()
    pool.answers["message.get_all"] = {"count": 100_000}
    with XenApiEndpoint(pool) as endpoint, open_session(login_to(endpoint)) as session:
        assert len(session.call("message.get_all")) == 100_000
