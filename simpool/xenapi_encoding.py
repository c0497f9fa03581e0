"""Answers as xapi writes them, in XML-RPC (strings without a type, ints as strings) and JSON-RPC."""

import json
import re
from typing import Any
from xml.sax.saxutils import escape

from simpool.data import SimError

_DATETIME = re.compile(r"[0-9]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

_ESCAPED = re.compile(r"\\(?:u(00[01][0-9a-f])|.)")


def response(answer: Any) -> bytes:
    """The whole HTTP body of an answer in XML-RPC, in xapi's envelope.

    Args:
        answer: a value in wire form, or `SimError`.
    """
    if isinstance(answer, SimError):
        envelope = {"Status": "Failure", "ErrorDescription": list(answer.description)}
    else:
        envelope = {"Status": "Success", "Value": answer}
    text = (
        "<?xml version='1.0'?><methodResponse><params><param>"
        f"{value(envelope)}</param></params></methodResponse>"
    )
    return text.encode("utf-8", "surrogatepass")


def json_response(answer: Any, version: str = "2.0", call_id: Any = 1) -> bytes:
    """The whole HTTP body of an answer in JSON-RPC.

    Args:
        answer: a value in wire form, or `SimError`.
        version: `2.0`, as from release 7.3 on, or `1.0`.
        call_id: of the request.
    """
    if version == "2.0":
        told: dict[str, Any] = {"jsonrpc": "2.0"}
        if isinstance(answer, SimError):
            code, *params = answer.description or ("",)
            told["error"] = {"code": 1, "message": code, "data": params}
        else:
            told["result"] = "" if answer is None else answer
    elif isinstance(answer, SimError):
        told = {"result": None, "error": list(answer.description)}
    else:
        told = {"result": "" if answer is None else answer, "error": None}
    text = json.dumps(told | {"id": call_id}, ensure_ascii=False)
    if version == "1.0":  # its printer leaves control characters as they are
        text = _ESCAPED.sub(_unescaped, text)
    return text.encode("utf-8", "surrogatepass")


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[0]


def value(data: Any) -> str:
    """One `<value>` element."""
    return f"<value>{_content(data)}</value>"


def _content(data: Any) -> str:
    if isinstance(data, str):
        if _DATETIME.fullmatch(data):
            return f"<dateTime.iso8601>{data}</dateTime.iso8601>"
        return escape(data)
    if isinstance(data, bool):
        return f"<boolean>{int(data)}</boolean>"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, float):
        return f"<double>{data!r}</double>"
    if isinstance(data, dict):
        members = (
            f"<member><name>{escape(str(name))}</name>{value(item)}</member>"
            for name, item in data.items()
        )
        return f"<struct>{''.join(members)}</struct>"
    if isinstance(data, list | tuple):
        return f"<array><data>{''.join(value(item) for item in data)}</data></array>"
    if data is None:
        return ""
    raise TypeError(f"no XenAPI value is a {type(data).__name__}")
