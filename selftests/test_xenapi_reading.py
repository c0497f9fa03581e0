import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fixtures.exceptions import CannotAuditError
from fixtures.raw import RawAnswer, RawClass
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_reading import (
    CLASSES,
    ask,
    count_messages,
    describe_source,
    read_classes,
)
from fixtures.xenapi_session import Login, XenApiSession, open_session
from simpool.data import SimError, SimPool, SimUser
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Altered, Drop, Hang, HttpReply

POOL, HOST, VM = "OpaqueRef:pool", "OpaqueRef:host", "OpaqueRef:vm"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e'
EVACUATION = "host.get_vms_which_prevent_evacuation"
AGILE = "VM.assert_agile"


def sim() -> SimPool:
    records: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in CLASSES}
    del records["VMPP"]
    records["pool"][POOL] = {"uuid": "p", "master": HOST, "ha_enabled": False}
    records["host"][HOST] = {"uuid": "h", "API_version_major": 2, "API_version_minor": 7}
    records["VM"][VM] = {"name_label": HOSTILE, "snapshot_time": "19700101T00:00:00Z", "tags": []}
    users = {"root": SimUser("simulated"), "auditor": SimUser("simulated", "read-only")}
    return SimPool("test", "7.2", records, users=users)


@pytest.fixture(params=["xml-rpc", "1.0", "2.0"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[XenApiEndpoint]:
    with XenApiEndpoint(sim()) as served:
        served.json_rpc = HttpReply(b"", 404) if request.param == "xml-rpc" else request.param
        yield served


@contextmanager
def reading(
    endpoint: XenApiEndpoint, user: str = "root", seconds: float = 5.0
) -> Iterator[XenApiSession]:
    trust = Trust(pins=(parse_pin(endpoint.fingerprint),))
    login = Login(
        endpoint.url,
        user,
        Secret("simulated"),
        trust,
        call_timeout=seconds,
        booting_patience=0.05,
    )
    with open_session(login) as session:
        yield session


def test_every_class_is_one_call(endpoint: XenApiEndpoint) -> None:
    told: list[tuple[int, int]] = []
    with reading(endpoint) as session:
        classes = read_classes(session, CLASSES, lambda done, total: told.append((done, total)))
    assert tuple(classes) == CLASSES
    assert all(session.calls[f"{name}.get_all_records"] == 1 for name in CLASSES)
    assert told == [(number, len(CLASSES)) for number in range(1, len(CLASSES) + 1)]
    assert endpoint.refused == []
    assert endpoint.connections == 2
    assert classes["VM"] == RawClass("read", endpoint.pool.records["VM"])
    assert classes["host"].records[HOST]["API_version_major"] == "2"
    assert classes["VMSS"] == RawClass("read")
    assert classes["VMPP"].state == "absent"
    assert "MESSAGE_METHOD_UNKNOWN" in classes["VMPP"].cause
    json.dumps({name: found.records for name, found in classes.items()}, allow_nan=False)


@pytest.mark.parametrize("code", ["MESSAGE_METHOD_UNKNOWN", "MESSAGE_REMOVED"])
def test_what_the_release_lacks_is_absent(code: str, endpoint: XenApiEndpoint) -> None:
    endpoint.faults["pool_patch.get_all_records"] = SimError((code, "x"))
    with reading(endpoint) as session:
        assert read_classes(session, ["pool_patch"])["pool_patch"].state == "absent"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (SimError(("RBAC_PERMISSION_DENIED", "vm.get_all_records", "no")), "vm.get_all_records"),
        (SimError(("PERMISSION_DENIED",)), "no permission for VM.get_all_records"),
        (SimError(("INTERNAL_ERROR", "Not_found\n<b>")), "xapi failed: INTERNAL_ERROR"),
        (SimError(("SOMETHING_NEW", "x")), "SOMETHING_NEW (x)"),
        (HttpReply(b"<html>", 500), "HTTP 500"),
        (b"\0garbage", "cannot be read"),
        (Altered(lambda body: body[:-3]), "breaks off"),
        (["a", "list"], "map of records"),
        ({"OpaqueRef:a": "no record"}, "map of records"),
        ("", "map of records"),
        (Drop(), "broke the connection"),
        (Altered(pause=0.05), "no complete answer"),
    ],
)
def test_what_cannot_be_read_is_unread_and_the_rest_goes_on(
    fault: Any, cause: str, endpoint: XenApiEndpoint
) -> None:
    endpoint.faults["VM.get_all_records"] = fault
    with reading(endpoint, seconds=0.6 if "no complete" in cause else 5.0) as session:
        classes = read_classes(session, ["pool", "host", "VM", "VBD"])
    assert classes["VM"].state == "unread"
    assert classes["VM"].records == {}
    assert cause in classes["VM"].cause
    assert "\n" not in classes["VM"].cause
    assert classes["VBD"].state == "read"
    assert endpoint.sessions == {}


def test_a_dead_pool_costs_two_deadlines(endpoint: XenApiEndpoint) -> None:
    for name in CLASSES[3:]:
        endpoint.faults[f"{name}.get_all_records"] = Hang()
    with reading(endpoint, seconds=0.6) as session:
        classes = read_classes(session)
    assert sum(session.calls[f"{name}.get_all_records"] for name in CLASSES) in {5, 6}
    assert all(classes[name].state == "unread" for name in CLASSES[3:])
    assert "not asked any more" in classes["blob"].cause


def test_a_pool_that_stops_answers_no_class_as_empty() -> None:
    with XenApiEndpoint(sim()) as endpoint, reading(endpoint) as session:
        classes = read_classes(session, ["pool", "host"])
        endpoint._server.stop()
        later = read_classes(session, ["VM", "VBD", "SR"])
        assert {found.state for found in later.values()} == {"unread"}
        assert classes["pool"].state == "read"


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("pool", {}, "0 pool records"),
        ("pool", {"a": {}, "b": {}}, "2 pool records"),
        ("pool", SimError(("RBAC_PERMISSION_DENIED", "pool.get_all_records")), "no permission"),
        ("pool", SimError(("MESSAGE_METHOD_UNKNOWN", "x")), "MESSAGE_METHOD_UNKNOWN"),
        ("host", {}, "answers with none"),
        ("host", b"garbage", "cannot be read"),
    ],
)
def test_without_pool_and_hosts_there_is_no_audit(
    name: str, answer: Any, words: str, endpoint: XenApiEndpoint
) -> None:
    endpoint.faults[f"{name}.get_all_records"] = answer
    with pytest.raises(CannotAuditError, match=words), reading(endpoint) as session:
        read_classes(session)
    assert endpoint.sessions == {}


def test_questions_are_answered_by_value_error_or_cause(endpoint: XenApiEndpoint) -> None:
    endpoint.pool.answers[AGILE] = {VM: "", "OpaqueRef:gpu": SimError(("VM_HAS_VGPU", "g"))}
    endpoint.pool.answers[EVACUATION] = {HOST: {VM: ["VM_REQUIRES_SR", VM, "OpaqueRef:sr"]}}
    with reading(endpoint) as session:
        assert ask(session, AGILE, [VM, "OpaqueRef:gpu", "OpaqueRef:gone"], 5.0) == {
            VM: RawAnswer(value=""),
            "OpaqueRef:gpu": RawAnswer(error=("VM_HAS_VGPU", "g")),
            "OpaqueRef:gone": RawAnswer(error=("HANDLE_INVALID", "VM", "OpaqueRef:gone")),
        }
        evacuation = ask(session, EVACUATION, [HOST], 5.0)
        assert evacuation[HOST].value == {VM: ["VM_REQUIRES_SR", VM, "OpaqueRef:sr"]}
        assert ask(session, AGILE, [], 5.0) == {}


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (SimError(("RBAC_PERMISSION_DENIED", "vm.assert_agile")), "no permission for vm.assert"),
        (SimError(("MESSAGE_METHOD_UNKNOWN", AGILE)), "does not have the call"),
        (SimError(("INTERNAL_ERROR", "x")), "xapi failed"),
        (SimError(("SESSION_INVALID", "x")), "ended more than once"),
        (b"garbage", "cannot be read"),
        (Drop(), "broke the connection"),
    ],
)
def test_errors_that_are_no_verdict_are_causes(
    fault: Any, cause: str, endpoint: XenApiEndpoint
) -> None:
    endpoint.faults[AGILE] = fault
    with reading(endpoint) as session:
        (answer,) = ask(session, AGILE, [VM], 5.0).values()
    assert cause in answer.cause
    assert (answer.value, answer.error) == (None, ())


def test_silence_is_not_waited_for_per_object(endpoint: XenApiEndpoint) -> None:
    endpoint.faults[AGILE] = Hang()
    with reading(endpoint) as session:
        answers = ask(session, AGILE, [f"OpaqueRef:{number}" for number in range(40)], 0.2)
    assert session.calls[AGILE] == 2
    assert all(answer.cause for answer in answers.values())
    assert len(answers) == 40


def test_messages_are_only_counted(endpoint: XenApiEndpoint) -> None:
    endpoint.pool.answers["message.get_all"] = {"count": 1234}
    with reading(endpoint) as session:
        assert count_messages(session) == {"count": RawAnswer(value="1234")}
        for fault, cause in (
            ({"a": "b"}, "list"),
            (SimError(("RBAC_PERMISSION_DENIED", "message.get_all")), "no permission"),
            (SimError(("NEW_CODE",)), "NEW_CODE"),
            (b"garbage", "cannot be read"),
        ):
            endpoint.faults["message.get_all"] = fault
            assert cause in count_messages(session)["count"].cause


def test_the_source_is_described(endpoint: XenApiEndpoint) -> None:
    with reading(endpoint) as session:
        source = describe_source(session, read_classes(session, ["pool", "host"]))
        assert describe_source(session)["api"] == ""
    assert source["kind"] == "live"
    assert source["coordinator"] == endpoint.address
    assert (source["user"], source["role"], source["api"]) == ("root", "root", "2.7")
    assert source["tls"][0]["fingerprint"] == endpoint.fingerprint
    json.dumps(source)


def test_the_role_read_only_is_enough(endpoint: XenApiEndpoint) -> None:
    with reading(endpoint, "auditor") as session:
        classes = read_classes(session)
        assert describe_source(session, classes)["role"] == "read-only"
        endpoint.denied.add("session.get_rbac_permissions")
        assert describe_source(session, classes)["role"] == ""
    assert {found.state for found in classes.values()} == {"read", "absent"}
