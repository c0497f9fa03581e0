"""JSON-RPC: what it is decoded to, and that nobody can tell afterwards which protocol was spoken."""

import contextlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import xenapi_json
from fixtures.facts_store import canonical
from fixtures.live import LivePlan, read_live
from fixtures.raw import RawFacts
from fixtures.secret import Secret
from fixtures.tls import Trust, parse_pin
from fixtures.xenapi_decoding import MAX_DEPTH, ResponseDecoder, UndecodableError
from fixtures.xenapi_json import NotJsonRpcError, decoded, envelope
from fixtures.xenapi_session import Login, open_session
from reports.progress import Progress
from selftests.xenapi_logins import LOGIN, POOL, READ, login_to, refusal, sim
from simpool.data import SimError, SimPool
from simpool.pools import build
from simpool.xenapi_encoding import json_response, response
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Drop, HttpReply, Usual

HOSTILE = (
    '<b>&amp;"\\u0041\\</b>]]>',
    "two\r\nlines\rand\nthree\tmore",
    "nul\0bell\x07escape\x1b[2J\x7f",
    "\u202ertl\u2066\u061c\u200f marks",
    "not a character \ufffe \uffff",
    "half \ud800 a pair \udfff",
    "\U0001f600" * 255,
    "x" * 255,
    "",
    "  spaces  ",
    "20260102T03:04:05Z ",
    "NaN",
)


def xml(document: bytes) -> Any:
    decoder = ResponseDecoder()
    decoder.feed(document)
    return decoder.finish()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("-7", "-7"),
        ("9007199254740993", "9007199254740993"),
        ("9" * 5000, "9" * 5000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("NaN", "nan"),
        ("Infinity", "inf"),
        ("-Infinity", "-inf"),
        ("nan", "nan"),
        ("-nan", "-nan"),
        ('["inf","\\"nan,nan",nan]', ["inf", '"nan,nan', "nan"]),
        ("true", True),
        ("null", None),
        ('"a\\u0000b\\ud800c\\r\\nd\\re"', "a\ufffdb\ufffdc\nd\ne"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"tab\there"', "tab\there"),
        ('{"a":"1","a":"2"}', {"a": "2"}),
        ('{"\\u0001":[]}', {"\ufffd": []}),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = decoded(b'{"result":' + text.encode() + b"}")["result"]
    assert found == value
    assert type(found) is type(value)


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert decoded(b'{"a":"caf\xe9 \xff"}') == {"a": "caf\ufffd \ufffd"}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not JSON"),
        (b"<html>500</html>", "not JSON"),
        (b"[1]", "not JSON"),
        (b"{}", "not JSON-RPC"),
        (b'{"result":"x', "breaks off"),
        (b'{"result":', "breaks off"),
        (b'{"result":"x"', "breaks off"),
        (b'{"result":x}', "damaged"),
        (b'{"result":"\\q"}', "damaged"),
        (b'{"result":1}{', "damaged"),
        (b'{"error":"text"}', "none of a XenAPI"),
        (b'{"jsonrpc":"2.0","error":null,"id":1}', "neither a result nor an error"),
        (b'{"error":{"code":-32601,"message":"no such method"}}', "no such method"),
        (b'{"result":' + b"[" * 100_000, "nest deeper"),
        (b'{"result":' + b'{"a":' * 100_000, "nest deeper"),
        (b'{"result":' + b"[" * 70 + b"]" * 70 + b"}", "nest deeper"),
    ],
)
def test_what_no_xapi_sends_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(UndecodableError, match=why):
        envelope(document)


def test_a_text_without_an_end_is_searched_once() -> None:
    """Searched again from each of its quotes this takes hours, in one step that nothing ends."""
    with pytest.raises(UndecodableError, match="breaks off"):
        envelope('{"result": nan, "x": "' + '\\"' * 1_000_000)


def test_too_many_values_are_refused_before_they_take_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xenapi_json, "MAX_VALUES", 1000)
    assert len(decoded(b'{"result":[' + b"[]," * 400 + b"[]]}")["result"]) == 401
    with pytest.raises(UndecodableError, match="more than 1000 values"):
        decoded(b'{"result":[' + b"[]," * 1400 + b"[]]}")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_both_versions_say_the_same(version: str) -> None:
    failed = SimError(("HANDLE_INVALID", "VM", "OpaqueRef:gone"))
    told = envelope(json_response(failed, version))
    assert told == {"Status": "Failure", "ErrorDescription": list(failed.description)}
    assert envelope(json_response({"a": 1}, version, 0)) == {
        "Status": "Success",
        "Value": {"a": "1"},
    }


LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.text(st.characters(exclude_characters="\r"), max_size=20),
    st.booleans(),
    st.integers(),
    st.floats(),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(VALUES)
def test_both_protocols_decode_to_the_same(value: Any) -> None:
    told = {"v": value}
    by_xml, by_json = xml(response(told)), envelope(json_response(told))
    assert json.dumps(by_xml) == json.dumps(by_json)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_arbitrary_bytes_are_decoded_or_refused(junk: bytes) -> None:
    for document in (junk, b'{"result":' + junk, b'{"result":' + junk + b"}"):
        with contextlib.suppress(UndecodableError):
            json.dumps(envelope(document), allow_nan=False).encode()


def hostile(pool: SimPool) -> SimPool:
    """The pool with hostile text wherever there is room for it."""
    for number, record in enumerate(pool.records["VM"].values()):
        record["name_label"] = HOSTILE[number % len(HOSTILE)]
        record["other_config"] = {HOSTILE[(number + 1) % len(HOSTILE)]: HOSTILE[number % 7]}
    for record in pool.records["SR"].values():
        record["tags"] = list(HOSTILE)
    return pool


def facts(endpoint: XenApiEndpoint) -> RawFacts:
    """What a live reading over XenAPI alone gives, without what tells one reading from another."""
    pin = parse_pin(endpoint.fingerprint)
    password = Secret(endpoint.pool.users["root"].password)
    plan = LivePlan(Login(endpoint.url, "root", password, Trust(pins=(pin,))), None)
    raw = read_live(plan, [], Progress(io.StringIO(), live=False))
    clocks = {
        ref: replace(told, value=told.value and told.value["server"])
        for ref, told in raw.answers["host.get_servertime"].items()
    }
    return replace(raw, answers={**raw.answers, "host.get_servertime": clocks})


@pytest.mark.parametrize("name", ["default", "xs65", "xcpng83"])
def test_a_pool_gives_the_same_facts_by_either_protocol(name: str) -> None:
    pool = hostile(build(name))
    read = {}
    with XenApiEndpoint(pool) as endpoint:
        for spoken in (HttpReply(b"<html>", 404), "1.0", "2.0"):
            endpoint.json_rpc = spoken
            raw = facts(endpoint)
            read[raw.source["protocol"], str(spoken)] = raw
        assert endpoint.sessions == {}
    texts = {canonical([raw.classes, raw.answers, raw.calls]) for raw in read.values()}
    assert [protocol for protocol, _ in read] == ["xml-rpc", "json-rpc", "json-rpc"]
    assert len(texts) == 1
    assert all(found.state != "unread" for found in raw.classes.values())


@pytest.mark.parametrize(
    ("answer", "protocol"),
    [
        ("1.0", "json-rpc"),
        ("2.0", "json-rpc"),
        (HttpReply(b"<html>not here</html>", 404), "xml-rpc"),
        (HttpReply(b"<html>hello</html>"), "xml-rpc"),
        (HttpReply(b"just text"), "xml-rpc"),
        (HttpReply(b"{}"), "xml-rpc"),
        (HttpReply(b"", 302, {"Location": "https://127.0.0.1:1/"}), "xml-rpc"),
        (HttpReply(b"<html>no method</html>", 501), "xml-rpc"),
    ],
)
def test_the_login_finds_out_what_is_spoken(answer: Any, protocol: str) -> None:
    with XenApiEndpoint(sim()) as endpoint:
        endpoint.json_rpc = answer
        with open_session(login_to(endpoint)) as session:
            assert session.protocol == protocol
            assert session.call(READ) == {POOL: {"name_label": "p"}}
        assert session.calls == endpoint.calls == {LOGIN: 1, READ: 1, "session.logout": 1}
        assert endpoint.connections == 1, "the trusted connection was not kept"
        assert endpoint.sessions == {}


def test_releases_speak_what_they_spoke() -> None:
    spoken = {}
    for release in ("6.2", "6.5", "7.2", "7.3", "8.2"):
        with XenApiEndpoint(sim(release)) as endpoint:
            with open_session(login_to(endpoint)) as session:
                spoken[release] = session.protocol
            version = endpoint.json_rpc
            assert isinstance(version, str) == (session.protocol == "json-rpc")
    assert list(spoken.values()) == ["xml-rpc", *["json-rpc"] * 4]


def test_who_takes_json_for_broken_xml_speaks_no_json() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        endpoint.json_rpc = HttpReply(b"<html>oops</html>", 500)
        with open_session(login_to(endpoint)) as session:
            assert session.protocol == "xml-rpc"
        # Whether it comes back is asked without the password.
        knock = "session.get_is_local_superuser"
        assert endpoint.calls == {knock: 1, LOGIN: 1, "session.logout": 1}


def test_a_toolstack_that_is_down_is_not_one_that_speaks_no_json() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        answers = iter([HttpReply(b"<html>down</html>", 503), Usual()])
        endpoint.faults[LOGIN] = lambda _params: next(answers)
        with open_session(login_to(endpoint)) as session:
            assert session.protocol == "json-rpc"


def test_a_wrong_password_is_tried_once_in_one_protocol() -> None:
    with XenApiEndpoint(sim()) as endpoint:
        assert "refuses the user" in refusal(login_to(endpoint, password="wrong"))
        assert endpoint.calls == {LOGIN: 1}
        # Whether a login that got no answer was judged, nobody knows.
        endpoint.faults[LOGIN] = Drop()
        assert "broke the connection" in refusal(login_to(endpoint))
        assert endpoint.calls == {LOGIN: 2}


@pytest.mark.parametrize("spoken", ["1.0", "2.0", HttpReply(b"", 404)])
def test_a_password_arrives_as_it_is(spoken: Any) -> None:
    password = 'pässwörd "\\u00e9" \U0001f600 <&> /'
    pool = sim()
    pool.users["root"].password = password
    with XenApiEndpoint(pool) as endpoint:
        endpoint.json_rpc = spoken
        with open_session(login_to(endpoint, password=password)) as session:
            assert session.call(READ)
        assert endpoint.calls[LOGIN] == 1


def test_no_json_rpc_is_told_apart_from_damaged_json_rpc() -> None:
    with pytest.raises(NotJsonRpcError):
        decoded(b"plain text")
    with pytest.raises(UndecodableError) as damaged:
        decoded(b'{"result":{"a":')
    assert not isinstance(damaged.value, NotJsonRpcError)


def test_nesting_has_the_same_limit_in_both() -> None:
    data: Any = "x"
    for _ in range(MAX_DEPTH - 1):
        data = [data]
    assert envelope(json_response(data))["Value"] == xml(response(data))["Value"] == data
    for decode in (lambda: envelope(json_response([[data]])), lambda: xml(response([[data]]))):
        with pytest.raises(UndecodableError, match="nest deeper"):
            decode()
