"""How far a run has come: a few lines that renew themselves on a terminal, one per phase elsewhere."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self, TextIO

from reports.text import cells, for_terminal

Stage = Literal["contacted", "answering", "done", "failed"]

_SECONDS_BETWEEN: Final = 0.1
_NAME_LIMIT: Final = 32
_WIDEST: Final = 100  # columns; what is drawn narrower is not broken by most changes of the window
_USUAL_SIZE: Final = os.terminal_size((80, 24))
HINT: Final = "Ctrl-C: stop reading, judge what is there"


@dataclass(slots=True)
class _Counter:
    done: int
    total: int
    began: float
    said: bool = False


@dataclass(slots=True)
class _Host:
    name: str
    began: float
    stage: Stage = "contacted"
    ended: float | None = None

    def seconds(self, now: float) -> float:
        return (now if self.ended is None else self.ended) - self.began


class Progress:
    """Counters and hosts that several threads may move; a context manager that cleans up behind it.

    On a terminal (`live`) a few lines are drawn over and over, at most ten times a second:

        0:14, 9:46 left · reading XenAPI 12/38, 26 to go
        dom0: 64 contacted, 61 answering · slowest: web-07 12 s
        Ctrl-C: stop reading, judge what is there

    Elsewhere each counter is one line, when it is full or, with the words *not finished*, at the
    end; nothing that a terminal obeys is ever written there.

    Args:
        stream: where to write; the caller writes nothing there meanwhile.
        live: the stream is a terminal that a person watches.
        size: columns and lines of that terminal; asked for at every drawing if not given.
        clock: seconds, monotonic.
        every: seconds after which the lines are drawn anew although nothing has moved; None for
            never, which is for those who share the stream.
        hint: what the operator can do, drawn while there is a limit.
        names: False leaves the names of hosts out.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool,
        size: Callable[[], os.terminal_size] | None = None,
        clock: Callable[[], float] = time.monotonic,
        every: float | None = None,
        hint: str = HINT,
        names: bool = True,
    ) -> None:
        self._stream = stream
        self._live = live
        self._size = size or self._size_of_terminal
        self._clock = clock
        self._every = every
        self._hint = hint
        self._names = names
        self._encoding = stream.encoding or "utf-8"
        self._dot, self._more = (" · ", "…") if self._carries("·…") else (" - ", "~")
        self._began = clock()
        self._until: float | None = None
        self._drawn_at = float("-inf")
        self._drawn: list[str] = []
        self._counters: dict[str, _Counter] = {}
        self._hosts: dict[str, _Host] = {}
        self._said: list[str] = []
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def limit(self, seconds: float) -> None:
        """What is going on has to end within so many seconds from now."""
        self._until = self._clock() + seconds

    def set(self, name: str, done: int, total: int) -> None:
        """Counter `name` stands at `done` of `total`."""
        with self._lock:
            counter = self._counters.get(name)
            if counter is None:
                counter = self._counters[name] = _Counter(done, total, self._clock())
            counter.done, counter.total = done, total
            full = done >= total
            if self._live:
                self.tick(now=full)
            elif full and not counter.said:
                self._tell(name, counter)

    def host(self, key: str, name: str, stage: Stage) -> None:
        """The dom0 `key`, which people call `name`, has come to a stage."""
        with self._lock:
            now = self._clock()
            host = self._hosts.setdefault(key, _Host(name, now))
            if host.ended is not None:  # a thread that was given up may come late
                return
            host.stage = stage
            if stage in {"done", "failed"}:
                host.ended = now
            self.tick()

    def announce(self, text: str) -> bool:
        """Say something that stays; a signal handler may call this at any moment.

        It is drawn with the next lines, for the stream may be in the middle of a write.

        Returns:
            Whether it will be seen: only a terminal is drawn on.
        """
        if self._live and not self._over.is_set():
            self._said.append(self._safe(text))
            return True
        return False

    def tick(self, *, now: bool = False) -> None:
        """Draw the lines again, so that the seconds move; not more often than is useful."""
        if not self._live:
            return
        with self._lock:
            moment = self._clock()
            if self._over.is_set() or (not now and moment - self._drawn_at < _SECONDS_BETWEEN):
                return
            self._drawn_at = moment
            self._draw(moment)
            if self._ticker is None and self._every is not None:
                self._ticker = threading.Thread(target=self._keep_on, name="progress", daemon=True)
                self._ticker.start()

    def close(self) -> None:
        """Take the lines away, leaving what was announced; what is not full is told elsewhere."""
        with self._lock:
            self._over.set()
            if self._drawn:
                self._write(self._upwards(self._columns()) + "\x1b[J")
                self._drawn = []
            self._write("".join(f"{line}\n" for line in self._said))
            if not self._live:
                for name, counter in self._counters.items():
                    if not counter.said:
                        self._tell(name, counter)
            self._said.clear()
            self._counters.clear()
            self._hosts.clear()
        if self._ticker is not None:
            self._ticker.join(timeout=5)

    def _keep_on(self) -> None:
        while not self._over.wait(self._every):
            self.tick()

    def _tell(self, name: str, counter: _Counter) -> None:
        counter.said = True
        seconds = self._clock() - counter.began
        words = f"{name}{_count(counter)}, {seconds:.0f} s"
        if counter.done < counter.total:
            words += ", not finished"
        if "dom0" in name and (slowest := self._slowest()):
            words += f", slowest: {slowest}"
        self._write(f"{self._safe(words)}\n")

    def _draw(self, moment: float) -> None:
        columns, rows = self._columns(), self._size().lines
        last = self._said or [self._hint] * (self._until is not None)
        # A row stays free for the cursor of whoever types, and a column because a terminal wraps
        # when the last one is written.
        texts = [
            *self._joined(self._first(moment), columns),
            *self._joined(self._second(), columns),
        ]
        shown = [self._fitted(text, columns - 1) for text in (*texts, *last)][: max(rows - 1, 1)]
        if shown == self._drawn:
            return
        lines = "\x1b[K\n".join(shown)
        self._write(f"{self._upwards(columns)}{lines}\x1b[J")
        self._drawn = shown

    def _joined(self, parts: Sequence[str], columns: int) -> list[str]:
        """Parts beside each other as long as there is room, then below each other."""
        lines: list[str] = []
        for part in map(self._safe, parts):
            beside = f"{lines[-1]}{self._dot}{part}" if lines else part
            if lines and cells(beside) < columns:
                lines[-1] = beside
            else:
                lines.append(part)
        return lines

    def _first(self, moment: float) -> list[str]:
        spent = _minutes(moment - self._began)
        if self._until is not None:
            left = self._until - moment
            spent += f", {_minutes(left)} left" if left > 0 else ", no time left"
        going = {n: c for n, c in self._counters.items() if c.done < c.total}
        if not going:
            going = dict(list(self._counters.items())[-1:])
        return [spent, *(_described(name, one) for name, one in going.items())]

    def _second(self) -> list[str]:
        if not self._hosts:
            return []
        stages = [host.stage for host in self._hosts.values()]
        failed = stages.count("failed")
        answered = len(stages) - failed - stages.count("contacted")
        parts = [f"dom0: {len(stages)} contacted, {answered} answering"]
        parts += [f"{failed} failed"] * bool(failed)
        return [*parts, f"slowest: {self._slowest()}"]

    def _slowest(self) -> str:
        """The host that takes or took longest; one that is still awaited comes first."""
        now = self._clock()
        hosts = list(self._hosts.values())
        if not hosts:
            return ""
        found = max(hosts, key=lambda host: (host.ended is None, host.seconds(now)))
        shown = for_terminal(found.name, _NAME_LIMIT) if self._names else "a host"
        return f"{shown} {found.seconds(now):.0f} s" + ", not done yet" * (found.ended is None)

    def _upwards(self, columns: int) -> str:
        """To the beginning of what was drawn; a window made narrower has broken its lines."""
        if not self._drawn:
            return "\r"
        rows = sum(max(1, -(-cells(line) // columns)) for line in self._drawn)
        return f"\r\x1b[{rows - 1}A" if rows > 1 else "\r"

    def _fitted(self, text: str, width: int) -> str:
        safe = self._safe(text)
        if cells(safe) <= width:
            return safe
        while safe and cells(safe) > width - 1:
            safe = safe[:-1]
        return safe + self._more

    def _columns(self) -> int:
        return max(2, min(self._size().columns, _WIDEST))

    def _write(self, text: str) -> None:
        # A terminal that has gone, or a full disk behind a pipe, is no reason to end an audit.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def _size_of_terminal(self) -> os.terminal_size:
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return _USUAL_SIZE
        return found if found.columns and found.lines else _USUAL_SIZE

    def _carries(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeError:
            return False
        return True

    def _safe(self, text: str) -> str:
        return for_terminal(text, None, self._encoding)


def _described(name: str, counter: _Counter) -> str:
    left = counter.total - counter.done if counter.total > 1 else 0
    return f"{name}{_count(counter)}" + f", {left} to go" * (left > 0)


def _count(counter: _Counter) -> str:
    """How far it is, unless it is all one piece."""
    return f" {counter.done}/{counter.total}" if counter.total > 1 else ""


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
