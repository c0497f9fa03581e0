import ast
import copy
import os
import pickle
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fixtures.addresses import parse_address
from fixtures.exceptions import UsageProblemError
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_calls import READ_CALLS
from fixtures.xenapi_connection import JSON_RPC, XML_RPC, Connection, Protocol, XenApiError
from fixtures.xenapi_patience import Patience
from fixtures.xenapi_session import Login, XenApiSession, open_session
from fixtures.xenapi_wire import XenApiUnreachableError
from selftests.running import ROOT
from selftests.xenapi_logins import LOGIN, PASSWORD, POOL, READ, login_to, refusal, sim
from simpool.certificates import Identity, self_signed
from simpool.data import SimError
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Drop, Hang, HttpReply, Usual


@pytest.fixture(params=["xml-rpc", "2.0"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(sim()) as served:
        served.json_rpc = HttpReply(b"", 404) if request.param == "xml-rpc" else request.param
        yield served


@pytest.fixture(scope="module")
def other_identity() -> Identity:
    return self_signed()


def test_a_session_reads_and_logs_out(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        assert session.call(READ) == {POOL: {"name_label": "p"}}
        assert session.call(READ)
        assert len(endpoint.sessions) == 1
    assert endpoint.sessions == {}
    assert session.calls == {LOGIN: 1, READ: 2, "session.logout": 1}
    assert session.calls == endpoint.calls
    assert endpoint.connections == 1
    assert [seen["fingerprint"] for seen in session.tls] == [endpoint.fingerprint]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_logs_out_whatever_happens(error: type[BaseException], endpoint: XenApiEndpoint) -> None:
    with pytest.raises(error), open_session(login_to(endpoint)):
        assert endpoint.sessions
        raise error
    assert endpoint.sessions == {}


def test_ctrl_c_in_the_middle_of_a_call_still_logs_out(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt), open_session(login_to(endpoint)) as session:
        for decoder in ("_from_json", "_from_xml"):
            monkeypatch.setattr(f"fixtures.xenapi_transport.{decoder}", interrupt)
        try:
            session.call(READ)
        finally:
            monkeypatch.undo()
    assert endpoint.sessions == {}


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_logout_that_fails_or_hangs_is_no_error(endpoint: XenApiEndpoint) -> None:
    for fault in (SimError(("INTERNAL_ERROR", "x")), b"x", Drop(), Hang()):
        endpoint.faults["session.logout"] = fault
        with open_session(login_to(endpoint, call_timeout=0.3)) as session:
            session.call(READ)


@pytest.mark.parametrize(
    "method",
    [
        *("host.call_plugin", "host.call_extension", "VM.start", "VM.get_record", "Async.VM.start"),
        *("event.register", "event.from", "task.create", "secret.get_all_records", "pool.set_tags"),
        *("message.get_all_records", "session.get_all", "Async.pool.get_all_records", "", "pool"),
        *("session.login_with_password", "session.logout", "session.slave_login", READ + " "),
        *("POOL.get_all_records", "system.multicall", "host.assert_can_evacuate"),
    ],
)
def test_nothing_but_listed_reads_leaves(method: str, endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        before = len(endpoint.bodies)
        with pytest.raises(PermissionError, match="not one of the calls"):
            session.call(method, POOL)
        assert len(endpoint.bodies) == before
        assert session.calls == {LOGIN: 1}


@pytest.mark.parametrize("protocol", [JSON_RPC, XML_RPC])
def test_no_protocol_sends_what_is_not_listed(protocol: Protocol, endpoint: XenApiEndpoint) -> None:
    login = login_to(endpoint)
    connection = Connection(
        parse_address(login.address), login.trust, given=True, connect_timeout=5
    )
    for method in ("VM.start", "host.call_plugin", "Async.VM.start", "system.multicall", ""):
        with pytest.raises(PermissionError, match="not one of the calls"):
            connection.send(protocol, method, ("OpaqueRef:x",), 5.0)
    assert endpoint.connections == 0


def test_calls_leave_from_one_place_alone() -> None:
    """What sends is used by the module that has the list, and by no other."""
    sends = {"ask_json", "_proxy", "XenAPI", "xmlrpc.client"}
    for path in sorted((ROOT / "fixtures").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {
            name.name
            for node in ast.walk(tree)
            for name in getattr(node, "names", ())
            if isinstance(name, ast.alias)
        }
        allowed = {
            "fixtures/xenapi_connection.py": sends,
            "fixtures/xenapi_transport.py": {"xmlrpc.client"},
        }
        assert used & sends <= allowed.get(path.relative_to(ROOT).as_posix(), set()), path


def test_the_list_holds_reads_only() -> None:
    reads = (".get_", ".assert_agile")
    rest = {call for call in READ_CALLS if not any(read in call for read in reads)}
    assert rest == {LOGIN, "session.logout"}
    assert not any(call.startswith(("Async.", "secret.", "event.")) for call in READ_CALLS)


def test_the_session_reference_travels_in_the_body_only(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        session.call(READ)
        (reference,) = endpoint.sessions
        assert reference.encode() in endpoint.bodies[-1]
        assert reference not in repr(vars(session))
        endpoint.faults[READ] = SimError(("INTERNAL_ERROR", f"{reference} {PASSWORD}"))
        with pytest.raises(XenApiError) as error:
            session.call(READ)
        assert error.value.params == ("*** ***",)


def test_wrong_passwords_end_in_one_line(endpoint: XenApiEndpoint) -> None:
    text = refusal(login_to(endpoint, password="wrong-" + PASSWORD))
    assert "refuses the user 'root' or the password (SESSION_AUTHENTICATION_FAILED)" in text
    assert endpoint.calls == {LOGIN: 1}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (("SESSION_AUTHORIZATION_FAILED", "root", "x"), "no role in this pool"),
        (("RBAC_PERMISSION_DENIED", "x", "y"), "no role in this pool"),
        (("HOST_IN_EMERGENCY_MODE",), "emergency mode"),
        (("MESSAGE_METHOD_UNKNOWN", LOGIN), "refuses the login: MESSAGE_METHOD_UNKNOWN"),
        (("INTERNAL_ERROR", f"echo {PASSWORD}\nand\nmore"), "echo *** and more"),
        (("HOST_IS_SLAVE",), "coordinator that cannot be used"),
        (("HOST_IS_SLAVE", "a b"), "coordinator that cannot be used"),
        (("HOST_IS_SLAVE", PASSWORD), "***: no such host name"),
        (("TOO_BUSY",), "TOO_BUSY"),
    ],
)
def test_refused_logins_are_explained(
    error: tuple[str, ...], words: str, endpoint: XenApiEndpoint
) -> None:
    endpoint.faults[LOGIN] = SimError(error)
    assert words in refusal(login_to(endpoint, booting_patience=0.05))


def test_untrusted_pools_get_no_byte_of_http(endpoint: XenApiEndpoint) -> None:
    assert "--tls-fingerprint" in refusal(replace(login_to(endpoint), trust=Trust()))
    assert endpoint.bodies == []


@pytest.mark.parametrize("address", ["http://pool.example", "ftp://x", "x y", "root@pool"])
def test_impossible_addresses_are_usage_problems(address: str) -> None:
    login = Login(address, "root", Secret(PASSWORD), Trust())
    with pytest.raises(UsageProblemError), open_session(login):
        pytest.fail("logged in")


def test_a_member_is_followed_to_its_coordinator(
    endpoint: XenApiEndpoint, other_identity: Identity
) -> None:
    member = XenApiEndpoint(sim(), identity=other_identity, slave_of=endpoint.address)
    with member, open_session(login_to(member, endpoint)) as session:
        assert session.call(READ)
        assert str(session.address) == endpoint.address
        assert [seen["address"] for seen in session.tls] == [member.address, endpoint.address]
    assert session.calls[LOGIN] == 2
    assert endpoint.sessions == {}


def test_an_untrusted_coordinator_gets_no_credentials(
    endpoint: XenApiEndpoint, other_identity: Identity
) -> None:
    with XenApiEndpoint(sim(), identity=other_identity, slave_of=endpoint.address) as member:
        text = refusal(login_to(member))
        assert f"--tls-fingerprint={endpoint.address}={endpoint.fingerprint}" in text
        # A pin without a host is for the address that was given, not for whom a member names.
        pins = (parse_pin(member.fingerprint), parse_pin(endpoint.fingerprint))
        assert "cannot be verified" in refusal(replace(login_to(member), trust=Trust(pins=pins)))
    assert endpoint.connections > 0
    assert endpoint.bodies == []


def test_a_second_redirection_is_not_followed(endpoint: XenApiEndpoint) -> None:
    endpoint.slave_of = endpoint.address
    assert "was named as the coordinator, but says that it is a member" in refusal(
        login_to(endpoint)
    )
    assert endpoint.calls == {LOGIN: 2}


def test_plain_http_does_not_follow_to_another_machine() -> None:
    with XenApiEndpoint(sim(), plain=True, slave_of="192.0.2.1") as member:
        login = Login(member.url, "root", Secret(PASSWORD), Trust())
        assert "would show the password" in refusal(login)


def test_old_releases_take_three_parameters() -> None:
    with XenApiEndpoint(sim("6.2")) as endpoint, open_session(login_to(endpoint)) as session:
        assert session.call(READ)
    assert session.calls[LOGIN] == 2


def test_an_expired_session_is_renewed_once(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        endpoint.sessions.clear()
        assert session.call(READ)
        endpoint.sessions.clear()
        with pytest.raises(XenApiError, match="SESSION_INVALID"):
            session.call(READ)
    assert session.calls[LOGIN] == 2


def test_a_renewal_that_fails_ends_the_reading(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        endpoint.sessions.clear()
        endpoint.pool.users["root"].password = "changed"
        with pytest.raises(XenApiUnreachableError, match="new login failed") as error:
            session.call(READ)
        assert error.value.lost
        with pytest.raises(XenApiUnreachableError, match="new login failed"):
            session.call(READ)
    assert session.calls[LOGIN] == 2


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited; time stands still meanwhile."""
    waited: list[float] = []

    def pause(patience: Patience, seconds: float) -> bool:
        seconds = min(seconds, patience._left)
        patience._left -= seconds
        waited.extend([seconds] * (seconds > 0))
        return seconds > 0

    monkeypatch.setattr(Patience, "pause", pause)
    return waited


def test_a_starting_toolstack_is_waited_for(endpoint: XenApiEndpoint, pauses: list[float]) -> None:
    booting = SimError(("HOST_STILL_BOOTING",))
    answers = iter([booting, booting, Usual()])
    endpoint.faults[LOGIN] = lambda _params: next(answers)
    with open_session(login_to(endpoint, booting_patience=120.0)) as session:
        assert pauses == [1.0, 2.0]
        endpoint.faults[READ] = booting
        with pytest.raises(XenApiError, match="HOST_STILL_BOOTING"):
            session.call(READ)
        assert sum(pauses) == pytest.approx(120.0)
        assert max(pauses) == 8.0
    endpoint.faults[LOGIN] = booting
    assert "still starting" in refusal(login_to(endpoint))


def test_too_busy_is_asked_once_more(endpoint: XenApiEndpoint, pauses: list[float]) -> None:
    with open_session(login_to(endpoint)) as session:
        endpoint.faults[READ] = SimError(("TOO_BUSY",))
        with pytest.raises(XenApiError, match="TOO_BUSY"):
            session.call(READ)
        assert session.calls[READ] == 2
        assert len(pauses) == 1


def test_after_two_silent_calls_nothing_is_asked_any_more(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint, call_timeout=0.2)) as session:
        endpoint.faults[READ] = Hang()
        for _ in range(2):
            with pytest.raises(XenApiUnreachableError, match="no complete answer"):
                session.call(READ)
        for _ in range(50):
            with pytest.raises(XenApiUnreachableError, match="not asked any more"):
                session.call("host.get_all_records")
    assert session.calls[READ] == 2
    assert session.calls["host.get_all_records"] == 0


def test_a_pool_that_changes_its_certificate_is_not_talked_to(
    endpoint: XenApiEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session(login_to(endpoint)) as session:
        for connection in session._all:
            connection.close()
            monkeypatch.setattr(connection.transport, "_trust", Trust())
        with pytest.raises(XenApiUnreachableError, match="cannot be verified") as error:
            session.call(READ)
        assert error.value.lost


def test_two_connections_never_lead_to_two_machines(
    endpoint: XenApiEndpoint, other_identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where one name stands for two pools, both of them trusted."""
    with XenApiEndpoint(sim(), identity=other_identity) as other:
        trust = Trust(pins=(parse_pin(endpoint.fingerprint), parse_pin(other.fingerprint)))
        with open_session(login_to(endpoint, trust=trust)) as session:
            session._first.close()
            monkeypatch.setattr(
                "fixtures.xenapi_transport.dial",
                lambda _address, _deadline: socket.create_connection(("127.0.0.1", other.port)),
            )
            with pytest.raises(XenApiUnreachableError, match="another certificate") as error:
                session.call(READ)
            assert error.value.lost
            for connection in session._all:
                connection.close()
            monkeypatch.undo()
        assert other.calls == {}
    assert endpoint.sessions == {}


def test_a_session_that_a_pool_repeats_as_an_address_is_hidden(endpoint: XenApiEndpoint) -> None:
    with open_session(login_to(endpoint)) as session:
        (handle,) = endpoint.sessions
        endpoint.faults[READ] = SimError(("HOST_IS_SLAVE", handle))
        with pytest.raises(XenApiError) as error:
            session.call(READ)
        assert handle not in str(error.value)
        with pytest.raises(XenApiUnreachableError, match="changed its coordinator") as lost:
            session.call(READ)
        assert handle not in str(lost.value)


def test_secrets_show_nothing() -> None:
    secret = Secret(PASSWORD)
    login = Login("pool", "root", secret, Trust())
    session = XenApiSession(login)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>20}", repr(login)):
        assert "***" in shown
        assert PASSWORD not in shown
    assert PASSWORD not in repr(vars(session))
    assert secret.reveal() == PASSWORD
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            copied(secret)
    assert not hasattr(secret, "__dict__")
    assert PASSWORD not in os.environ.values()
