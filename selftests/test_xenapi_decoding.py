import xmlrpc.client
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.xenapi_decoding import MAX_DEPTH, ResponseDecoder, UndecodableError
from simpool.xenapi_encoding import response, value

HEAD = b"<?xml version='1.0'?><methodResponse><params><param>"
TAIL = b"</param></params></methodResponse>"
LOST = b"<value><struct><member>"


def decode(document: bytes, size: int = 65536) -> Any:
    decoder = ResponseDecoder()
    for start in range(0, len(document), size):
        decoder.feed(document[start : start + size])
    return decoder.finish()


def scalar(content: str) -> Any:
    return decode(HEAD + f"<value>{content}</value>".encode() + TAIL)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ("  kept  ", "  kept  "),
        ("<string> a </string>", " a "),
        ("<string/>", ""),
        ("<int>7</int>", "7"),
        ("<i4>-7</i4>", "-7"),
        ("<i8>9007199254740993</i8>", "9007199254740993"),
        ("<boolean>1</boolean>", True),
        ("<boolean>0</boolean>", False),
        ("<double>0.5</double>", 0.5),
        ("<double>nan</double>", "nan"),
        ("<double>inf</double>", "inf"),
        ("<dateTime.iso8601>20260102T03:04:05Z</dateTime.iso8601>", "20260102T03:04:05Z"),
        ("<nil/>", None),
        ("<array><data/></array>", []),
        ("<struct/>", {}),
        ("a&lt;b&amp;&#65;", "a<b&A"),
        ("x&#0;y&#x1F;z&#xFFFE;&#xD800;", "x\ufffdy\ufffdz\ufffd\ufffd"),
        ("nul\0bell\x07", "nul\ufffdbell\ufffd"),
        ("&#128512;&#x1F600;&#9;", "\U0001f600\U0001f600\t"),
    ],
)
def test_scalars(content: str, expected: Any) -> None:
    found = scalar(content)
    assert found == expected
    assert type(found) is type(expected)


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert decode(HEAD + b"<value>caf\xe9 \xff</value>" + TAIL) == "caf\ufffd \ufffd"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_may_end_anywhere(size: int) -> None:
    document = HEAD + "<value>é&#0;&#x41;&amp;\U0001f600\0&lt;</value>".encode() + TAIL
    assert decode(document, size) == "é\ufffdA&\U0001f600\ufffd<"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not XML"),
        (b"garbage", "not XML"),
        (b"\0\0\0", "not XML"),
        (b"<html><body>500</body></html>", "not XML-RPC"),
        (HEAD + b"<value>x</value>", "breaks off"),
        (HEAD + b"<value>x</value></param>", "breaks off"),
        (HEAD + b"<value>x</wrong>", "damaged"),
        (HEAD + b"<value>&undefined;</value>" + TAIL, "damaged"),
        (HEAD + TAIL, "no single"),
        (HEAD + b"<value>1</value><value>2</value>" + TAIL, "no single"),
        (HEAD + LOST + b"<name>a</name></member></struct></value>" + TAIL, "'a' is lost"),
        (HEAD + LOST + b"<name>a</name></member><member><name>b</name>", "'a' is lost"),
        (HEAD + LOST + b"<value>1</value></member></struct></value>" + TAIL, "no name"),
        (HEAD + b"<value><struct>x</struct></value>" + TAIL, "outside of its values"),
        (HEAD + b"<value><array><data>1</data></array></value>" + TAIL, "outside of its values"),
        (HEAD + b"<value><int>1e9</int></value>" + TAIL, "no integer"),
        (HEAD + b"<value><int>" + b"9" * 5000 + b"</int></value>" + TAIL, "no integer"),
        (HEAD + b"<value><boolean>yes</boolean></value>" + TAIL, "no boolean"),
        (HEAD + b"<value><double>x</double></value>" + TAIL, "no number"),
        (HEAD + b"<value><svg>x</svg></value>" + TAIL, "not XML-RPC"),
        (HEAD + b"<value>x</value>" + TAIL + HEAD, "damaged"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + HEAD + b"<value>&a;</value>" + TAIL, "document type"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + HEAD, "document type"),
    ],
)
def test_what_no_xapi_sends_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(UndecodableError, match=why):
        decode(document)


def test_bottomless_nesting_is_refused() -> None:
    with pytest.raises(UndecodableError, match="nest deeper"):
        decode(HEAD + b"<value><array><data>" * 100_000)
    data: Any = "x"
    for _ in range(MAX_DEPTH):
        data = [data]
    assert decode(HEAD + value(data).encode() + TAIL) == data


def test_a_fault_is_not_an_answer() -> None:
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(1, "no"), methodresponse=True)
    with pytest.raises(UndecodableError, match="fault"):
        decode(fault.encode())


# What both sides of XML keep apart: no characters that XML forbids or normalises.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).filter(
    lambda text: not {"\ufffe", "\uffff"} & set(text)
)
VALUES = st.recursive(
    TEXT | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES, st.integers(1, 100))
def test_whatever_the_simulation_encodes_is_decoded(data: Any, size: int) -> None:
    assert decode(response(data), size) == {"Status": "Success", "Value": data}


@given(VALUES)
def test_the_reference_client_decodes_the_same(data: Any) -> None:
    document = xmlrpc.client.dumps((data,), methodresponse=True)
    assert decode(document.encode()) == xmlrpc.client.loads(document)[0][0]
