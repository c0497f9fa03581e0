"""Whose keys count: the `allowed_signers` file of OpenSSH, the same that `ssh-keygen -Y verify` reads.

Source: ssh-keygen(1), section ALLOWED SIGNERS.
"""

import base64
import datetime as dt
import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reports.text import one_line

MOST_BYTES: Final = 1 << 20
_MOST_PATTERN_BYTES: Final = 1000
_TIME: Final = re.compile(r"(\d{8})(?:(\d{4})(\d{2})?)?(Z?)", re.ASCII)
_OPTION: Final = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?(?:,(?=.)|$)')
# No more than what OpenSSH and this module read alike: a quote only around all names or one value,
# and no backslash in an option.
_LINE: Final = re.compile(
    r'(?:"([^"]*)"|([^ \t"]+))[ \t]+'
    r'(?:((?:[^ \t"\\]|"[^"\\]*")+)[ \t]+)?'
    r"((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)[ \t]+"
    r"([A-Za-z0-9+/]+=*)(?:[ \t].*)?"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class SignersFileError(ValueError):
    """An allowed_signers file that cannot be relied on; the text says where and why."""


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One line: who may sign with one key, for what, and when.

    Attributes:
        line: its number in the file.
        principals: patterns of names, some with a leading `!` that takes away.
        key: the public key on the wire.
        namespaces: patterns of what it may sign for; None means anything.
        valid_after: the key counts from this moment on, aware; None means always.
        valid_before: and up to this one.
    """

    line: int
    principals: tuple[str, ...]
    key: bytes
    namespaces: tuple[str, ...] | None
    valid_after: dt.datetime | None
    valid_before: dt.datetime | None

    def names(self, principal: str) -> bool:
        """Whether the key is one of this principal's."""
        return _matches(self.principals, principal)

    def refusal(self, principal: str, namespace: str, moment: dt.datetime) -> str:
        """Why this line does not allow a signature made with its key; empty if it does."""
        if not self.names(principal):
            return f"the key belongs to {','.join(self.principals)}, not to {one_line(principal)}"
        if self.namespaces is not None and not _matches(self.namespaces, namespace):
            return f"the key may not sign for {one_line(namespace)}"
        if self.valid_after is not None and moment < self.valid_after:
            return f"the key is valid only after {_shown(self.valid_after)}"
        if self.valid_before is not None and moment >= self.valid_before:
            return f"the key was valid only before {_shown(self.valid_before)}"
        return ""


def load_allowed_signers(path: Path) -> tuple[AllowedSigner, ...]:
    """Read the file.

    Lines for certificates and their authorities are left out: no signature is accepted by way of one.

    Raises:
        SignersFileError: it cannot be read, or a line is not what OpenSSH describes. One line that
            is not understood spoils the file: it may be the one that takes a right away.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SignersFileError(f"{path} cannot be read: {error.strerror}") from None
    return signers_in(data, path)


def signers_in(data: bytes, path: Path) -> tuple[AllowedSigner, ...]:
    """The same of the content of a file, which is read once where its hash is wanted as well."""
    if len(data) > MOST_BYTES:
        raise SignersFileError(f"{path} has more than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SignersFileError(f"{path} is not UTF-8 text") from None
    found = []
    # A line ends where it ends for OpenSSH: the comment behind a key is its owner's text.
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r").strip(" \t")
        if line and not line.startswith("#"):
            try:
                signer = _parse(number, line)
            except ValueError as error:
                raise SignersFileError(f"{path}, line {number}: {error}") from None
            found += [] if signer is None else [signer]
    return tuple(found)


def _parse(number: int, line: str) -> AllowedSigner | None:
    if _CONTROL.search(line):
        raise ValueError("it has a control character")
    fields = _LINE.fullmatch(line)
    if fields is None:
        raise ValueError("a line is made of names, options, key type and key")
    quoted, bare, written, kind, encoded = fields.groups()
    principals = tuple(part for part in (bare or quoted or "").split(",") if part)
    options = _options(written or "")
    namespaces = options.get("namespaces")
    patterns = None if namespaces is None else tuple(namespaces.split(","))
    if any(len(one.encode()) > _MOST_PATTERN_BYTES for one in (*principals, *(patterns or ()))):
        raise ValueError(f"a name has more than {_MOST_PATTERN_BYTES} bytes")
    key = base64.b64decode(encoded, validate=True)
    size = int.from_bytes(key[:4])
    if key[4 : 4 + size] != kind.encode() or base64.b64encode(key) != encoded.encode():
        raise ValueError("the key is not of the type that is named before it")
    if "cert-authority" in options or "-cert-" in kind:
        return None
    return AllowedSigner(
        line=number,
        principals=principals,
        key=key,
        namespaces=patterns,
        valid_after=_time(options.get("valid-after")),
        valid_before=_time(options.get("valid-before")),
    )


def _options(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None:
            raise ValueError(f"options that cannot be read: {one_line(text[position:])}")
        name = match[1].lower()
        if name not in ("cert-authority", "namespaces", "valid-after", "valid-before"):
            raise ValueError(f"no option is called {name}")
        if (match[2] is None) != (name == "cert-authority") or name in found:
            raise ValueError(f"the option {name} is not written as it should be")
        found[name] = match[2] or ""
        position = match.end()
    return found


def _time(text: str | None) -> dt.datetime | None:
    """`YYYYMMDD[HHMM[SS]][Z]`; without the Z it is local time, as OpenSSH reads it."""
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time like 20261123 or 202611231530Z: {one_line(text)}")
    digits = match[1] + (match[2] or "0000") + (match[3] or "00")
    moment = dt.datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone is next
    if moment.year < 1970:
        raise ValueError(f"a time before 1970, which OpenSSH refuses: {one_line(text)}")
    return moment.replace(tzinfo=dt.UTC) if match[4] else moment.astimezone(dt.UTC)


def _matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether a list of patterns has the name; a pattern with `!` that fits takes it away."""
    taken = any(_fits(one[1:], name) for one in patterns if one.startswith("!"))
    return not taken and any(_fits(one, name) for one in patterns if not one.startswith("!"))


def _fits(pattern: str, name: str) -> bool:
    # OpenSSH knows * and ? only, the latter for one byte; a bracket is a character like any other.
    return fnmatch.fnmatchcase(name.encode(), pattern.replace("[", "[[]").encode())


def _shown(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
