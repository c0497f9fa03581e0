"""Both decoders, fed with anything: a value, or one plain refusal; and the same from both.

What a decoder gives is kept as JSON, so it must be JSON; what it refuses, it refuses in one line.
"""

import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.xenapi_connection import Connection, XenApiError
from fixtures.xenapi_decoding import ResponseDecoder, UndecodableError
from fixtures.xenapi_json import envelope
from fixtures.xenapi_wire import XenApiUnreachableError
from simpool.data import SimError
from simpool.xenapi_encoding import json_response, response

Decoder = Callable[[bytes], Any]
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def by_xml(document: bytes, size: int = 65536) -> Any:
    decoder = ResponseDecoder()
    for start in range(0, len(document), size):
        decoder.feed(document[start : start + size])
    return decoder.finish()


def by_json(document: bytes) -> Any:
    return envelope(document)


DECODERS: list[tuple[Decoder, Callable[[Any], bytes]]] = [
    (by_xml, response),
    (by_json, json_response),
]
BOTH = pytest.mark.parametrize(("decode", "encode"), DECODERS, ids=["xml", "json"])


def outcome(decode: Callable[[], Any]) -> str:
    """What comes out, as text: a value that JSON can say, or a refusal in one line."""
    try:
        value = decode()
    except UndecodableError as refusal:
        told = f"refused: {refusal}"
    else:
        return json.dumps(value, allow_nan=False)
    assert "\n" not in told
    assert len(told) < 500
    return told


# What xapi's types can hold, in records as they come.
TEXT = st.text(max_size=12) | st.sampled_from(
    ["OpaqueRef:NULL", "20260102T03:04:05Z", "1", "true", ""]
)
LEAVES = TEXT | st.booleans() | st.integers() | st.floats()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES, max_size=4), max_size=3)
ERRORS = st.lists(TEXT, min_size=1, max_size=4).map(lambda parts: SimError(tuple(parts)))
GOOD = {
    "OpaqueRef:1": {
        "uuid": "u", "name_label": "\u00e9<&>\U0001f600\t\"'\\", "n": 7, "on": True, "load": 0.5,
        "refs": ["OpaqueRef:NULL", "x"], "map": {"": "", "k]]>": "v\0"}, "at": "20260102T03:04:05Z",
    },
    "OpaqueRef:2": {},
}  # fmt: skip
EDITS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 4), st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)


def edited(document: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """A document of which a few bytes are taken away or put in."""
    for at, gone, new in edits:
        place = at % (len(document) + 1)
        document = document[:place] + new + document[place + gone :]
    return document


@given(RECORDS | VALUES | ERRORS)
@QUICK
def test_both_protocols_give_the_same(answer: Any) -> None:
    xml = by_xml(response(answer))
    for version in ("1.0", "2.0"):
        assert json.dumps(by_json(json_response(answer, version))) == json.dumps(xml)


@BOTH
@given(EDITS)
@QUICK
def test_good_answers_with_bad_bytes(
    decode: Decoder, encode: Callable[[Any], bytes], edits: list[tuple[int, int, bytes]]
) -> None:
    for answer in (GOOD, SimError(("HANDLE_INVALID", "VM", "x"))):
        outcome(partial(decode, edited(encode(answer), edits)))


@BOTH
@given(st.integers(0, 3000))
@QUICK
def test_what_breaks_off_is_no_answer(
    decode: Decoder, encode: Callable[[Any], bytes], at: int
) -> None:
    whole = encode(GOOD)
    document = whole[: at % len(whole)]
    assert outcome(partial(decode, document)).startswith("refused: ")


XML_PIECES = st.sampled_from(
    [
        *(b"<value>", b"</value>", b"<struct>", b"</struct>", b"<member>", b"</member>", b"<name>"),
        *(b"</name>", b"<array><data>", b"</data></array>", b"<int>", b"</int>", b"<double>", b"7"),
        *(
            b"</double>",
            b"<nil/>",
            b"<boolean>1</boolean>",
            b"&#0;",
            b"&#x1F;",
            b"&amp;",
            b"&",
            b"\0",
        ),
        *(
            b"<![CDATA[",
            b"]]>",
            b"<!--",
            b"-->",
            b"<?pi?>",
            b"\xff\xfe",
            b"\xc3",
            b"text",
            b"<x:y/>",
        ),
        *(
            b"<params>",
            b"<fault>",
            b"</fault>",
            b"<!DOCTYPE a>",
            b" ",
            b"\r\n",
            b"</methodResponse>",
        ),
    ]
)
JSON_PIECES = st.sampled_from(
    [
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b'"',
            b'"result"',
            b'"error"',
            b"null",
            b"true",
            b"1",
        ),
        *(
            b"-",
            b"1e999",
            b"NaN",
            b"Infinity",
            b"\\u0000",
            b"\\ud800",
            b"\\",
            b"\0",
            b"\xff",
            b"\xef",
        ),
        *(
            b'"message"',
            b'"code"',
            b'"data"',
            b" ",
            b"\n",
            b'"a"',
            b'"\\u000',
            b"1.5",
            b"// x",
            b"'",
        ),
    ]
)


@given(st.lists(XML_PIECES, max_size=25).map(b"".join), st.integers(1, 40))
@QUICK
def test_chunks_never_change_what_xml_gives(inner: bytes, size: int) -> None:
    for document in (
        inner,
        b"<?xml version='1.0'?><methodResponse><params><param><value>"
        + inner
        + b"</value></param></params></methodResponse>",
    ):
        whole = outcome(partial(by_xml, document))
        parts = outcome(partial(by_xml, document, size))
        # Where the damage is told may depend on how far it came; what is decoded may not.
        assert whole == parts or (whole.startswith("refused") and parts.startswith("refused"))


@given(EDITS, st.integers(1, 40))
@QUICK
def test_chunks_never_change_what_good_answers_give(
    edits: list[tuple[int, int, bytes]], size: int
) -> None:
    document = edited(response(GOOD), edits)
    whole = outcome(partial(by_xml, document))
    parts = outcome(partial(by_xml, document, size))
    assert whole == parts or (whole.startswith("refused") and parts.startswith("refused"))


@given(st.lists(JSON_PIECES, max_size=25).map(b"".join) | st.binary(max_size=60))
@QUICK
def test_whatever_looks_like_json(inner: bytes) -> None:
    for document in (inner, b'{"result":' + inner + b"}", b'{"error":' + inner + b',"id":1}'):
        outcome(partial(by_json, document))


@BOTH
@given(VALUES)
@QUICK
def test_whatever_the_envelope_holds_is_a_value_or_an_error(
    decode: Decoder, encode: Callable[[Any], bytes], value: Any
) -> None:
    """What has the form of an answer, but not its meaning, is neither a value nor a traceback."""
    told = decode(encode(value))["Value"]
    words = ""
    try:
        Connection._opened(_Nobody(), told)  # type: ignore[arg-type]
    except (XenApiError, XenApiUnreachableError) as problem:
        words = str(problem)
    assert "\n" not in words


class _Nobody:
    address = "nobody"


def test_names_that_come_twice_count_once_in_both() -> None:
    xml = response({"a": "1", "b": "2"}).replace(b"<name>b<", b"<name>a<")
    two = json_response({"a": "1", "b": "2"}).replace(b'"b"', b'"a"')
    assert by_xml(xml) == by_json(two) == {"Status": "Success", "Value": {"a": "2"}}


@pytest.mark.parametrize(
    ("decode", "document"),
    [
        (by_xml, b"<methodResponse><params><param><value>" + b"<array><data><value>" * 200_000),
        (by_xml, b"<methodResponse>" + b"<params>" * 200_000),
        (by_xml, b"<" + b"a" * 2_000_000),
        (by_xml, b"<methodResponse " + b"a='b' " * 300_000),
        (by_json, b'{"result":' + b"[" * 2_000_000),
        (by_json, b'{"result":' + b'{"a":' * 400_000),
        (by_json, b'{"result":"' + b"\\" * 2_000_001),
        (by_json, b'{"result":' + b"9" * 2_000_000),
        (by_json, b" " * 2_000_000),
    ],
    ids=range(9),
)
def test_bombs_take_no_more_than_their_size(decode: Decoder, document: bytes) -> None:
    tracemalloc.start()
    try:
        outcome(partial(decode, document))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Linear in what was sent: an element that is open takes the parser some hundred bytes.
    assert most < 20 * len(document) + 1_000_000
