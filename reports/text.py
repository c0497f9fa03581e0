"""The one place where text that somebody else wrote is made safe to show.

Names in a pool are any text at all: markup, newlines, terminal escapes, marks that turn the
direction of writing, half a surrogate pair. What cannot be seen is shown as a visible escape.
"""

import hashlib
import re
import unicodedata
from typing import Final

NAME_LIMIT: Final = 120
REASON_LIMIT: Final = 300
TEXT_LIMIT: Final = 4096
SLUG_LIMIT: Final = 40

# Printable by the Unicode tables and yet blank on every screen.
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_MARKS_IN_A_ROW: Final = 4
_SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def one_line(text: str, limit: int | None = TEXT_LIMIT) -> str:
    r"""Text on one line, nothing hidden: `\n`, `\x00`, `\u202e` ... stand for what cannot be seen.

    Args:
        text: anything.
        limit: longest result in characters; what is longer ends in `…`. None for no limit.
    """
    cut = limit is not None and len(text) > limit
    shown = visible(text[:limit] if cut else text, keep="")
    if limit is not None and (cut or len(shown) > limit):
        return shown[: limit - 1] + "…"
    return shown


def run_on(text: str) -> str:
    """What a peer said, as a part of a sentence: its lines run on, and it is not endless.

    A space stands between them, for escapes would make one word of two, and a secret after it would
    no longer be found.
    """
    return one_line(" ".join(text.split()), REASON_LIMIT)


def reason(error: BaseException) -> str:
    """What an error says for itself, on one line; its kind if it says nothing."""
    return run_on(str(getattr(error, "strerror", None) or error)) or type(error).__name__


def visible(text: str, *, keep: str) -> str:
    """Text in which every unprintable character but those in `keep` is a visible escape."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for char in text:
        mark = not char.isascii() and unicodedata.category(char) in ("Mn", "Me")
        marks = marks + 1 if mark else 0
        if char in keep or (char.isprintable() and char not in _BLANK and marks <= _MARKS_IN_A_ROW):
            shown.append(char)
        else:
            shown.append(_escape(char))
    return "".join(shown)


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def for_terminal(text: str, limit: int | None = TEXT_LIMIT, encoding: str = "utf-8") -> str:
    """One line that no terminal obeys; what `encoding` cannot carry becomes an escape as well."""
    return one_line(text, limit).encode(encoding, "backslashreplace").decode(encoding)


def for_xml(text: str, limit: int | None = TEXT_LIMIT) -> str:
    """Text of characters that XML 1.0 allows; newlines and tabs stay. It escapes no markup."""
    shown = visible(text if limit is None else text[: limit + 1], keep="\n\t")
    if limit is not None and len(shown) > limit:
        return shown[: limit - 1] + "…"
    return shown


def whole(text: str) -> str:
    """Text that encodes as UTF-8: lone surrogates become visible escapes, the rest is untouched."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def slug(name: str, limit: int = SLUG_LIMIT) -> str:
    """A name reduced to `[A-Za-z0-9._-]`, at most `limit` long; `unnamed` if nothing is left."""
    plain = unicodedata.normalize("NFKD", name[: 4 * limit]).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain)[:limit].strip("-._") or "unnamed"


def object_id(name: str, uuid: str) -> str:
    """A safe id for people and tools: slug of the name and the first eight characters of the uuid.

    Two objects can share one (nothing keeps a peer from lying about uuids); keys are findings.
    """
    short = re.sub(r"[^A-Za-z0-9]", "", uuid)[:8]
    if not short:
        short = hashlib.sha256(whole(uuid).encode()).hexdigest()[:8]
    return f"{slug(name)}-{short}"


def cells(text: str) -> int:
    """How many columns a terminal gives to text that `one_line` has been over."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def wrap(text: str, width: int, lines: int | None = None) -> list[str]:
    """Break one line of text at spaces into lines of at most `width` columns.

    Args:
        text: what `one_line` returned.
        width: columns; below 20 it is taken as 20.
        lines: keep so many lines, the last ending in `…` where something was lost; None for all.
    """
    width = max(width, 20)
    broken: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if cells(candidate) <= width:
            line = candidate
            continue
        if line:
            broken.append(line)
        line = word
        while cells(line) > width:
            head = _head(line, width)
            broken.append(head)
            line = line[len(head) :]
    broken.append(line)
    if lines is not None and len(broken) > lines:
        broken = [*broken[: lines - 1], _head(broken[lines - 1], width - 1) + "…"]
    return broken


def _head(text: str, width: int) -> str:
    """The longest beginning of text that fits into `width` columns."""
    used = 0
    for index, char in enumerate(text):
        used += _cells(char)
        if used > width:
            return text[:index]
    return text
