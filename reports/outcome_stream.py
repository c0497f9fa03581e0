"""Outcomes on disk while pytest judges: what a run that is killed leaves beside its facts.

One JSON object per line. `chain` is the SHA-256 of the previous line's `chain` and of this line's
`entry`, so that a line lost, changed or moved is noticed; it proves nothing against a forger. The
file is locked while the run lives and removed when the bundle is complete.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fixtures.facts_store import canonical
from fixtures.raw import Json
from fixtures.untrusted_file import DamagedFileError, open_regular
from reports.evidence import Settled, plain
from reports.manifest import UNDER_WAY
from reports.outcome import Outcome, object_json, object_of
from reports.text import one_line, reason

SCHEMA_ID: Final = "poolproof/outcomes/1"
_SYNC_SECONDS: Final = 2.0
_LONGEST_LINE: Final = 1 << 24
_BEFORE, _BETWEEN, _AFTER = b'{"chain":"', b'","entry":', b"}\n"
_START: Final = len(_BEFORE) + 64 + len(_BETWEEN)


class OutcomeStream:
    """The file of a living run; never raises once it is open, for a run does not depend on it.

    Args:
        bundle: the directory of the run, new.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, bundle: Path) -> None:
        self._path = bundle / UNDER_WAY
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self._path, flags, 0o600)
        # A file system without locks only costs the next run its certainty that this one is dead.
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._chain = ""
        self._synced = time.monotonic()
        self.failure = ""

    def head(self, **values: Json) -> None:
        """The first line: what recovery needs and the facts do not hold."""
        self._write({"kind": "head", "schema": SCHEMA_ID, **values})
        self._sync()

    def collected(self, deselected: set[str], problems: list[str]) -> None:
        """What pytest's collection left out, and why the account may not be trusted."""
        if deselected or problems:
            entry = {"kind": "collected", "deselected": sorted(deselected), "problems": problems}
            self._write(entry)

    def outcome(self, outcome: Outcome, *, doubted: bool = False) -> None:
        """One outcome; `doubted` when it takes the place of the one that was there."""
        self._write(
            {
                "kind": "doubted" if doubted else "outcome",
                "check": outcome.check,
                "severity": outcome.severity,
                "object": object_json(outcome.object),
                "outcome": outcome.outcome,
                "message": outcome.message,
                "evidence": plain(outcome.evidence),
                "remedy": outcome.remedy,
                "cause": outcome.cause,
                "waiver": None if outcome.waiver is None else plain(outcome.waiver),
                "host": None if outcome.host is None else object_json(outcome.host),
            }
        )

    def _write(self, entry: Json) -> None:
        if self.failure:
            return
        data = canonical(entry)[:-1]
        chain = _chained(self._chain, data)
        line = b"".join((_BEFORE, chain.encode("ascii"), _BETWEEN, data, _AFTER))
        try:
            if os.write(self._file, line) != len(line):
                raise OSError("the disk is full")
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                self._sync()
        except OSError as error:
            self.failure = f"outcomes were not kept on disk meanwhile: {reason(error)}"
            return
        self._chain = chain

    def _sync(self) -> None:
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        self._synced = time.monotonic()

    def discard(self) -> None:
        """The bundle is complete, or there will be none: the file is needed no more."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(self._file)


@dataclass(slots=True)
class Streamed:
    """What was found in the file of a run that was killed.

    Attributes:
        head: its first line; empty if the run was killed before it.
        deselected: findings that a filter took out.
        problems: why the account could not be trusted, and why this file cannot.
        outcomes: in their order.
        doubted: those that took the place of earlier ones.
        torn: the last line was not finished; nothing is wrong with that.
    """

    head: dict[str, Json] = field(default_factory=dict)
    deselected: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    doubted: list[Outcome] = field(default_factory=list)
    torn: bool = False


def read_stream(bundle: Path) -> Streamed:
    """Read what a killed run left; what follows a break in the chain is not used.

    Raises:
        ValueError: the file is not a regular one or cannot be read.
    """
    found = Streamed()
    try:
        with open_regular(bundle / UNDER_WAY) as stream:
            _take_lines(iter(lambda: stream.readline(_LONGEST_LINE), b""), found)
    except DamagedFileError as problem:
        if not (bundle / UNDER_WAY).exists():
            return found
        raise ValueError(f"{UNDER_WAY} {problem}") from problem
    return found


def _take_lines(lines: Iterator[bytes], found: Streamed) -> None:
    chain = ""
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            found.torn = True
            return
        data = line[_START : -len(_AFTER)]
        chain = _chained(chain, data)
        if line != b"".join((_BEFORE, chain.encode("ascii"), _BETWEEN, data, _AFTER)):
            words = f"line {number} does not follow from the one before; it and the rest are unused"
            found.problems.append(f"{UNDER_WAY}: {words}")
            return
        try:
            _take(json.loads(data), found, first=number == 1)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            words = one_line(f"line {number} has another form: {type(problem).__name__}")
            found.problems.append(f"{UNDER_WAY}: {words}")
            return


def _take(entry: dict[str, Any], found: Streamed, *, first: bool) -> None:
    kind = entry.pop("kind")
    if first != (kind == "head"):
        raise ValueError
    if kind == "head":
        if entry.pop("schema") != SCHEMA_ID:
            raise ValueError
        found.head = entry
    elif kind == "collected":
        found.deselected.update(map(str, entry["deselected"]))
        found.problems += map(str, entry["problems"])
    elif kind in {"outcome", "doubted"}:
        (found.outcomes if kind == "outcome" else found.doubted).append(_outcome(entry))
    else:
        raise ValueError


def _outcome(entry: dict[str, Any]) -> Outcome:
    waiver, host = entry.pop("waiver"), entry.pop("host")
    evidence, object_ = Settled(entry.pop("evidence")), object_of(entry.pop("object"))
    settled = None if waiver is None else Settled(waiver)
    home = None if host is None else object_of(host)
    return Outcome(object=object_, evidence=evidence, waiver=settled, host=home, **entry)


def _chained(before: str, data: bytes) -> str:
    return hashlib.sha256(before.encode("ascii") + data).hexdigest()


@contextlib.contextmanager
def of_a_dead_run(bundle: Path) -> Iterator[None]:
    """Hold the file of a killed run, so that nobody else works on the bundle.

    Raises:
        ValueError: the run that writes it still lives.
    """
    path = bundle / UNDER_WAY
    if not path.exists():
        yield
        return
    with open_regular(path) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError("its run is still under way") from None
        except OSError:  # a file system without locks
            pass
        yield


def killed_runs(bundle: Path, pool_uuid: str) -> tuple[str, ...]:
    """One sentence for each earlier run of the pool that did not come to its end.

    Args:
        bundle: the new run's own, among the other runs of its pool.
        pool_uuid: of the pool; another pool of the same name is passed over.
    """
    notes = []
    for path in sorted(bundle.parent.glob(f"*/{UNDER_WAY}")):
        other = path.parent
        if other == bundle:
            continue
        with contextlib.suppress(ValueError, OSError, DamagedFileError), of_a_dead_run(other):
            if _pool_of(path) not in ("", pool_uuid):
                continue
            notes.append(
                f"an earlier run was killed, see what it found: python -m reports.recover {other}"
                if (other / "facts" / "source.json").exists()
                else f"an earlier run was killed before its facts were on disk: remove {other}"
            )
    return tuple(notes)


def _pool_of(path: Path) -> str:
    with open_regular(path) as stream:
        line = stream.readline(_LONGEST_LINE)
    try:
        return str(json.loads(line)["entry"]["pool"])
    except (ValueError, KeyError, TypeError):
        return ""
