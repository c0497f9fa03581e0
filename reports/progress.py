"""How far a run has come: one line that renews itself on a terminal, a few lines elsewhere."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TextIO

from reports.text import for_terminal, wrap

_SECONDS_BETWEEN: Final = 0.1


@dataclass(slots=True)
class _Counter:
    done: int
    total: int
    began: float
    said: bool = False


class Progress:
    """Counters that several threads may move; a context manager that leaves a clean line behind.

    On a terminal (`live`) one line is drawn over and over, at most ten times a second:
    `reading XenAPI 12/35 · hosts 2/3 · 4 s`. Elsewhere each counter is one line when it is full.

    Args:
        stream: where to write; the caller writes nothing there meanwhile.
        live: the stream is a terminal that a person watches.
        width: its columns.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool,
        width: int = 80,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._live = live
        self._width = width
        self._clock = clock
        self._began = clock()
        self._drawn_at = float("-inf")
        self._drawn = False
        self._counters: dict[str, _Counter] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
                counter.said = True
                seconds = self._clock() - counter.began
                self._line(f"{name} {done}/{total}, {seconds:.0f} s")

    def tick(self, *, now: bool = False) -> None:
        """Draw the line again, so that the seconds move; not more often than is useful."""
        with self._lock:
            moment = self._clock()
            if not self._live or (not now and moment - self._drawn_at < _SECONDS_BETWEEN):
                return
            self._drawn_at = moment
            parts = [f"{name} {one.done}/{one.total}" for name, one in self._counters.items()]
            text = " · ".join([*parts, f"{moment - self._began:.0f} s"])
            # One column stays free: a terminal wraps when the last one is written.
            shown = wrap(self._safe(text), self._width - 1, 1)[0]
            self._drawn = True
            self._stream.write(f"\r{self._safe(shown)}\x1b[K")
            self._stream.flush()

    def close(self) -> None:
        """Take the line away; the counters start anew."""
        with self._lock:
            self._erase()
            self._counters.clear()

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False

    def _line(self, text: str) -> None:
        self._stream.write(self._safe(text) + "\n")
        self._stream.flush()

    def _safe(self, text: str) -> str:
        return for_terminal(text, None, self._stream.encoding or "utf-8")
