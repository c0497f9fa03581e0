import ssl
import xmlrpc.client
from collections.abc import Iterator
from typing import Any

import pytest
import XenAPI

from simpool.data import SimError, SimPool, SimUser
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import HttpReply, Usual

POOL, HOST = "OpaqueRef:pool", "OpaqueRef:host"
HOSTILE = "<b>&amp;\r\n\t\u202e\U0001f600</b>]]>"


def sim() -> SimPool:
    return SimPool(
        "test",
        "7.2",
        {
            "pool": {POOL: {"uuid": "u", "master": HOST, "ha_enabled": False, "tags": ["a", "b"]}},
            "host": {HOST: {"name_label": HOSTILE, "API_version_major": 2, "load": 0.5}},
            "task": {},
            "secret": {},
            "blob": {"OpaqueRef:b": {"last_updated": "20260102T03:04:05Z"}},
        },
        answers={
            "host.compute_free_memory": {HOST: 1 << 40},
            "VM.assert_agile": {"OpaqueRef:vm": SimError(("VM_HAS_VGPU", "OpaqueRef:vm"))},
            "message.get_all": {"count": 3},
        },
        users={
            "root": SimUser("simulated"),
            "auditor": SimUser("watch", "read-only"),
            "operator": SimUser("work", "pool-operator"),
            "nobody": SimUser("none", "none"),
        },
    )


@pytest.fixture
def endpoint() -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(sim(), plain=True) as served:
        yield served


@pytest.fixture
def rpc(endpoint: XenApiEndpoint) -> Iterator[Any]:
    with xmlrpc.client.ServerProxy(endpoint.url) as proxy:
        yield proxy


def failure(answer: Any) -> list[str]:
    assert answer["Status"] == "Failure"
    described = answer["ErrorDescription"]
    assert isinstance(described, list)
    return described


def login(rpc: Any, user: str = "root", password: str = "simulated") -> str:
    answer = rpc.session.login_with_password(user, password, "1.0", "test")
    assert answer["Status"] == "Success"
    return str(answer["Value"])


def test_the_stock_client_reads_over_tls() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        session = XenAPI.Session(endpoint.url, ignore_ssl=True)
        session.xenapi.login_with_password("root", "simulated", "1.0", "test")
        assert session.xenapi.pool.get_all_records()[POOL]["tags"] == ["a", "b"]
        assert len(endpoint.sessions) == 1
        session.xenapi.session.logout()
        session("close")()
        assert endpoint.sessions == {}
        pem = ssl.get_server_certificate(("127.0.0.1", endpoint.port))
        assert "BEGIN CERTIFICATE" in pem


def test_values_have_the_types_of_xapi(rpc: Any) -> None:
    session = login(rpc)
    pool = rpc.pool.get_all_records(session)["Value"][POOL]
    assert pool == {"uuid": "u", "master": HOST, "ha_enabled": False, "tags": ["a", "b"]}
    host = rpc.host.get_all_records(session)["Value"][HOST]
    # Every reader of XML makes one line end of both characters.
    name = HOSTILE.replace("\r\n", "\n")
    assert host == {"name_label": name, "API_version_major": "2", "load": 0.5}
    blob = rpc.blob.get_all_records(session)["Value"]["OpaqueRef:b"]
    assert isinstance(blob["last_updated"], xmlrpc.client.DateTime)
    assert str(blob["last_updated"]) == "20260102T03:04:05Z"
    assert rpc.task.get_all_records(session)["Value"] == {}


def test_what_the_release_lacks_is_unknown(rpc: Any) -> None:
    session = login(rpc)
    assert failure(rpc.VUSB.get_all_records(session))[0] == "MESSAGE_METHOD_UNKNOWN"
    assert failure(rpc.host.get_servertime(session, HOST))[0] == "MESSAGE_METHOD_UNKNOWN"


def test_computed_answers_come_from_the_pool(rpc: Any) -> None:
    session = login(rpc)
    assert rpc.host.compute_free_memory(session, HOST)["Value"] == str(1 << 40)
    assert failure(rpc.VM.assert_agile(session, "OpaqueRef:vm")) == ["VM_HAS_VGPU", "OpaqueRef:vm"]
    gone = failure(rpc.VM.assert_agile(session, "OpaqueRef:gone"))
    assert gone == ["HANDLE_INVALID", "VM", "OpaqueRef:gone"]
    assert len(rpc.message.get_all(session)["Value"]) == 3


def test_wrong_passwords_users_and_roles_are_refused(rpc: Any, endpoint: XenApiEndpoint) -> None:
    def refused(*params: str) -> str:
        return failure(rpc.session.login_with_password(*params))[0]

    assert refused("root", "wrong", "1.0", "t") == "SESSION_AUTHENTICATION_FAILED"
    assert refused("ghost", "simulated", "1.0", "t") == "SESSION_AUTHENTICATION_FAILED"
    assert refused("nobody", "none", "1.0", "t") == "SESSION_AUTHORIZATION_FAILED"
    endpoint.login_params = 3
    assert refused("root", "simulated", "1.0", "t") == "MESSAGE_PARAMETER_COUNT_MISMATCH"
    assert endpoint.sessions == {}


def test_only_known_sessions_are_answered(rpc: Any, endpoint: XenApiEndpoint) -> None:
    assert failure(rpc.pool.get_all_records("OpaqueRef:x")) == ["SESSION_INVALID", "OpaqueRef:x"]
    session = login(rpc)
    assert rpc.session.logout(session)["Status"] == "Success"
    assert failure(rpc.pool.get_all_records(session))[0] == "SESSION_INVALID"


def test_roles_and_denials_are_enforced(rpc: Any, endpoint: XenApiEndpoint) -> None:
    auditor, operator = login(rpc, "auditor", "watch"), login(rpc, "operator", "work")
    assert failure(rpc.secret.get_all_records(auditor))[:2] == [
        "RBAC_PERMISSION_DENIED",
        "secret.get_all_records",
    ]
    assert rpc.secret.get_all_records(operator)["Value"] == {}
    assert rpc.session.get_rbac_permissions(auditor, auditor)["Value"] == ["vm.get_all_records"]
    assert rpc.session.get_is_local_superuser(auditor, auditor)["Value"] is False
    endpoint.denied.add("host.get_all_records")
    assert failure(rpc.host.get_all_records(operator))[0] == "RBAC_PERMISSION_DENIED"


@pytest.mark.parametrize(
    "method",
    ["host.call_plugin", "Async.VM.start", "event.register", "task.create", "pool.set_name_label"],
)
def test_whatever_is_no_read_is_refused_and_remembered(
    method: str, rpc: Any, endpoint: XenApiEndpoint
) -> None:
    assert failure(getattr(rpc, method)(login(rpc), "x"))[0] == "RBAC_PERMISSION_DENIED"
    assert endpoint.refused == [method]


def test_a_member_sends_everybody_to_the_coordinator() -> None:
    with (
        XenApiEndpoint(sim(), plain=True, slave_of="127.0.0.1:9") as endpoint,
        xmlrpc.client.ServerProxy(endpoint.url) as rpc,
    ):
        answer = rpc.session.login_with_password("root", "simulated")
        assert failure(answer) == ["HOST_IS_SLAVE", "127.0.0.1:9"]
        assert failure(rpc.pool.get_all_records("x")) == ["HOST_IS_SLAVE", "127.0.0.1"]


def test_faults_take_the_place_of_answers(rpc: Any, endpoint: XenApiEndpoint) -> None:
    session = login(rpc)
    answers = iter([SimError(("TOO_BUSY",)), Usual()])
    endpoint.faults["pool.get_all_records"] = lambda _params: next(answers)
    assert failure(rpc.pool.get_all_records(session)) == ["TOO_BUSY"]
    assert POOL in rpc.pool.get_all_records(session)["Value"]
    endpoint.faults["host.get_all_records"] = HttpReply(b"<html>", 500)
    with pytest.raises(xmlrpc.client.ProtocolError, match="500"):
        rpc.host.get_all_records(session)


def test_other_paths_and_garbage_are_http_errors(endpoint: XenApiEndpoint) -> None:
    with (
        xmlrpc.client.ServerProxy(f"{endpoint.url}/other") as rpc,
        pytest.raises(xmlrpc.client.ProtocolError, match="404"),
    ):
        rpc.pool.get_all_records("x")
    with xmlrpc.client.ServerProxy(f"{endpoint.url}/RPC2") as rpc:
        assert login(rpc)
