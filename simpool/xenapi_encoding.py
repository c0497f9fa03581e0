"""Values as xapi writes them in XML-RPC: strings without a type, ints as strings."""

import re
from typing import Any
from xml.sax.saxutils import escape

from simpool.data import SimError

_DATETIME = re.compile(r"[0-9]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def response(answer: Any) -> bytes:
    """The whole HTTP body of an answer, in xapi's envelope.

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


def value(data: Any) -> str:
    """One `<value>` element."""
    return f"<value>{_content(data)}</value>"


def _content(data: Any) -> str:
    if isinstance(data, str):
        if _DATETIME.fullmatch(data):
            return f"<dateTime.iso8601>{data}</dateTime.iso8601>"
        return escape(data, {"\r": "&#13;"})
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
