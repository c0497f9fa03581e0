"""Every code with which xapi may refuse, for every class and every question, in both protocols."""

from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.raw import RawFacts
from fixtures.xenapi_reading import CERTIFICATE, CLASSES, MESSAGES, SERVER_TIME
from rules.agility import METHOD as AGILITY
from rules.evacuation import METHOD as EVACUATION
from selftests.faulty_pools import NOW
from selftests.xenapi_matrix import (
    PROTOCOLS,
    CountingEndpoint,
    Faults,
    essence,
    healthy,
    judged,
    read,
    refusal,
    speaking,
    unread,
)
from simpool.data import SimError
from simpool.pools import build
from simpool.xenapi_server import Usual

# xapi, ocaml/xapi-consts/api_errors.ml and datamodel_errors.ml: code and parameters -> the cause,
# where it is more than the code and its parameters. Two codes say that a class is absent.
_HOST, _UUID = "OpaqueRef:9f0c", "2b1d9e4e-0000-4000-8000-00000000beef"
_NO_PERMISSION = "the user has no permission for {} ({}); the role read-only has it"
ABSENT = ("MESSAGE_METHOD_UNKNOWN", "MESSAGE_REMOVED")
CODES: dict[tuple[str, ...], str] = {
    ("SESSION_AUTHENTICATION_FAILED", "root", "no"): "",
    ("SESSION_AUTHORIZATION_FAILED", "root", "no"): "",
    ("SESSION_INVALID", "OpaqueRef:gone"): "the session ended more than once",
    ("HOST_STILL_BOOTING",): "the toolstack is still starting",
    ("HOST_IN_EMERGENCY_MODE",): "",
    ("HOST_HAS_NO_MANAGEMENT_IP",): "",
    ("HOST_UNKNOWN_TO_MASTER", _HOST): "",
    ("HOST_MASTER_CANNOT_TALK_BACK", "192.0.2.1"): "",
    ("HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", "25.6.0"): "",
    ("RBAC_PERMISSION_DENIED", "x.get_all", "no"): _NO_PERMISSION,
    ("PERMISSION_DENIED", "x.get_all"): _NO_PERMISSION,
    ("USER_IS_NOT_LOCAL_SUPERUSER", "no"): "only the local root may ask this",
    ("MESSAGE_METHOD_UNKNOWN", "x.get_all"): "this release does not have the call",
    ("MESSAGE_REMOVED",): "this release does not have the call any more",
    ("MESSAGE_DEPRECATED",): "this release does not answer the call any more",
    (
        "MESSAGE_PARAMETER_COUNT_MISMATCH", "x.get_all", "2", "1",
    ): "this release has the call with other parameters",
    ("HANDLE_INVALID", "host", _HOST): "",
    ("UUID_INVALID", "host", _UUID): "",
    ("CANNOT_CONTACT_HOST", _HOST): "",
    ("HOST_OFFLINE", _HOST): "",
    ("TLS_CONNECTION_FAILED", "192.0.2.1", "443"): "",
    ("LICENCE_RESTRICTION", "Updates"): "",
    ("FEATURE_RESTRICTED", "x"): "",
    ("NOT_SUPPORTED_DURING_UPGRADE",): "",
    ("XENAPI_MISSING_PLUGIN", "x"): "",
    ("XENAPI_PLUGIN_FAILURE", "1", "out", "\x1b[2Jred\nalert"): "",
    ("NOT_IMPLEMENTED", "x"): "this release does not implement the call",
    ("INTERNAL_ERROR", 'Not_found("x")'): "xapi failed",
    ("XMLRPC_UNMARSHAL_FAILURE", "ref", "x"): "xapi did not understand the question",
    ("FIELD_TYPE_ERROR", "x"): "",
    ("TOO_BUSY",): "xapi was too busy",
    ("EVENTS_LOST",): "",
    ("A_CODE_OF_TOMORROW", "\u202e"): "",
}  # fmt: skip
_ODD = {"\x1b[2Jred\nalert": "\ufffd[2Jred alert", "\u202e": r"\u202e"}

QUESTIONS = (EVACUATION, CERTIFICATE, SERVER_TIME, MESSAGES, "message.get_all")
OTHERS = tuple(name for name in CLASSES if name not in {"pool", "host"})
# Without these no blocker of the pool `default` may pass; the others are of lesser checks, and of
# blockers that have another witness.
NEEDED = {
    *("host_metrics", "host_patch", "pool_patch", "pool_update", "VM", "VBD", "VIF", "VDI"),
    *("SR", "PBD", "PIF", "network", "VGPU", "VUSB", "Cluster", "Cluster_host", "SDN_controller"),
    *(EVACUATION, CERTIFICATE, SERVER_TIME),
}


def shown(error: tuple[str, ...]) -> str:
    """A code with its parameters, as causes have it."""
    code, *params = (_ODD.get(part, part) for part in error)
    return f"{code} ({', '.join(params)})" if params else code


def cause(error: tuple[str, ...], method: str) -> str:
    """The whole cause for which a class is not read, or a question has no verdict."""
    words = CODES[error]
    if words == _NO_PERMISSION:
        return words.format(error[1], error[0])
    if error[0] in ABSENT and method.endswith(".get_all_records"):
        return f"the pool answers {method} with {error[0]}"
    return f"{words}: {shown(error)}" if words else shown(error)


@pytest.fixture(params=PROTOCOLS)
def endpoint(request: pytest.FixtureRequest) -> Iterator[CountingEndpoint]:
    with speaking(request.param, build("default", NOW)) as served:
        yield served


def method_of(name: str) -> str:
    """The call by which a class is read; a question is its own."""
    return name if "." in name else f"{name}.get_all_records"


def told(raw: RawFacts, name: str) -> list[tuple[str, tuple[str, ...]]]:
    """What was read of a class or of a question: per object its cause, and xapi's error."""
    if name in raw.classes:
        return [(raw.classes[name].cause, ())]
    return [(answer.cause, answer.error) for answer in raw.answers[name].values()]


def test_every_class_and_question_fails_with_every_code(endpoint: CountingEndpoint) -> None:
    """A Latin square: in each run every class has another code, and a few are answered well."""
    codes: list[Any] = [*CODES, None, None, None]
    names = (*OTHERS, *QUESTIONS)
    well = healthy("default")[0]
    for run in range(len(codes)):
        given = {name: codes[(run + at) % len(codes)] for at, name in enumerate(names)}
        faults = Faults(endpoint)
        endpoint.faults = {method_of(name): faults.of(code) for name, code in given.items() if code}
        raw = read(endpoint)
        for name, code in given.items():
            if code is None:
                assert name in raw.answers or raw.classes[name] == well.classes[name]
                assert not [
                    why for why, error in told(raw, name) if error or (why and name in QUESTIONS)
                ]
            elif name in raw.classes:
                assert raw.classes[name].state == ("absent" if code[0] in ABSENT else "unread")
                assert told(raw, name) == [(cause(code, method_of(name)), ())]
                assert raw.classes[name].records == {}
            else:
                words = cause(code, name)
                single = name in {MESSAGES, "message.get_all"}
                assert told(raw, name)
                for why, error in told(raw, name):
                    # An error that is about the object is kept as it is: the rules decide.
                    kept = tuple(part.replace("\x1b", "\ufffd") for part in code)
                    assert (why, error) == ((words, ()) if CODES[code] or single else ("", kept))
        if run % 4 == 0:
            assert not judged(raw, "default").is_ready


@pytest.mark.parametrize("name", ["pool", "host"])
def test_without_pool_and_hosts_every_code_ends_in_one_line(
    name: str, endpoint: CountingEndpoint
) -> None:
    what = "the pool record" if name == "pool" else "the hosts"
    for code in CODES:
        endpoint.faults = {f"{name}.get_all_records": Faults(endpoint).of(code)}
        words = cause(code, f"{name}.get_all_records")
        if (name, code[0]) == ("pool", "SESSION_INVALID"):
            words = (  # the record by which a new session would know its pool again
                "the session ended while the pool was read, and whether the same pool answers now "
                "cannot be told: SESSION_INVALID (OpaqueRef:gone)"
            )
        assert refusal(endpoint) == f"{what} cannot be read: {words}"


def test_what_a_role_forbids_costs_just_that() -> None:
    """Each class and each question is forbidden alone, by one protocol and the other in turn."""
    well, before = healthy("default")
    verdicts = {}
    served = [speaking(protocol, build("default", NOW)) for protocol in PROTOCOLS]
    with served[0] as by_xml, served[1] as by_json:
        for at, name in enumerate((*OTHERS, *QUESTIONS)):
            method, endpoint = method_of(name), (by_xml, by_json)[at % 2]
            endpoint.denied = {method}
            raw = read(endpoint)
            words = (
                f"the user has no permission for {method.lower()} (RBAC_PERMISSION_DENIED); "
                "the role read-only has it"
            )
            assert set(told(raw, name)) == {(words, ())}
            assert {n for n in CLASSES if raw.classes[n] != well.classes[n]} <= {name}
            now = judged(raw, "default")
            assert now.turned_green(before) == {}
            verdicts[name] = now.verdict.word
    assert {name for name, word in verdicts.items() if word == "NOT VERIFIED"} == NEEDED
    assert set(verdicts.values()) == {"NOT VERIFIED", "READY WITH CONDITIONS"}


@pytest.mark.parametrize(("protocol", "first"), [("xml-rpc", 0), ("json-rpc", 2)])
def test_whatever_xapi_says_of_a_question_no_finding_goes(protocol: str, first: int) -> None:
    """Every question with every code, on a pool with findings, in another square."""
    before = healthy("troubled")[1]
    codes = list(CODES)
    asked = (*QUESTIONS, AGILITY)
    with speaking(protocol, build("troubled", NOW)) as endpoint:
        for run in range(first, len(codes), 4):
            faults = Faults(endpoint)
            endpoint.faults = {
                name: faults.of(codes[(run + 5 * at) % len(codes)]) for at, name in enumerate(asked)
            }
            raw = read(endpoint)
            assert unread(raw) == {}
            assert judged(raw, "troubled").turned_green(before) == {}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_session_may_not_ask_about_itself_leaves_its_role_untold(protocol: str) -> None:
    with speaking(protocol, build("default", NOW)) as endpoint:
        for code in list(CODES)[::6]:
            fault = Faults(endpoint).of(code)
            endpoint.faults = dict.fromkeys(
                ("session.get_is_local_superuser", "session.get_rbac_permissions"), fault
            )
            raw = read(endpoint)
            assert raw.source["role"] == ""
            assert unread(raw) == {}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hosts_may_fail_one_by_one(protocol: str) -> None:
    """The question about one host fails; the others are answered."""
    well, before = healthy("default")
    with speaking(protocol, build("default", NOW)) as endpoint:
        dead = max(endpoint.pool.records["host"])
        error = SimError(("CANNOT_CONTACT_HOST", dead))
        for method in (EVACUATION, CERTIFICATE, SERVER_TIME):
            endpoint.faults[method] = lambda params: error if params[1] == dead else Usual()
        raw = read(endpoint)
    answers = essence(raw)[1]
    for method in (EVACUATION, CERTIFICATE, SERVER_TIME):
        assert answers[method].pop(dead).error == error.description
        assert answers[method] == {
            ref: answer for ref, answer in essence(well)[1][method].items() if ref != dead
        }
    now = judged(raw, "default")
    assert now.verdict.word == "NOT VERIFIED"
    assert now.turned_green(before) == {}
    uuid = raw.classes["host"].records[dead]["uuid"]
    lost = {one.object.uuid for one in now.outcomes.values() if one.outcome == "not-verified"}
    assert uuid in lost
    assert now.outcomes[f"HOST-CERT-01:{uuid}"].cause.endswith(f"CANNOT_CONTACT_HOST {dead}")
