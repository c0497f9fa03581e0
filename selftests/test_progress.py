"""What a person at a terminal sees while an audit runs, and what a log gets instead."""

import io
import os
import threading
import time
from collections.abc import Callable

import pytest

from reports.progress import Progress
from reports.text import cells
from selftests.sample_run import HOSTILE
from selftests.screen import Screen, Terminal


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def sized(columns: int, lines: int = 24) -> Callable[[], os.terminal_size]:
    return lambda: os.terminal_size((columns, lines))


def on_terminal(columns: int = 80, lines: int = 24) -> tuple[io.StringIO, Clock, Progress]:
    stream, clock = io.StringIO(), Clock()
    return stream, clock, Progress(stream, live=True, clock=clock, size=sized(columns, lines))


def test_what_a_person_wants_to_know() -> None:
    stream, clock, progress = on_terminal()
    progress.limit(600)
    progress.set("reading XenAPI", 1, 38)
    clock.now += 0.01
    progress.set("reading XenAPI", 2, 38)
    assert (
        Screen().feed(stream.getvalue()).rows[0].startswith("0:00, 10:00 left · reading XenAPI 1/")
    )
    clock.now += 14
    progress.set("reading XenAPI", 12, 38)
    assert Screen().feed(stream.getvalue()).rows == [
        "0:14, 9:45 left · reading XenAPI 12/38, 26 to go",
        "Ctrl-C: stop reading, judge what is there",
    ]
    progress.set("reading XenAPI", 38, 38)
    for number in range(4):
        progress.host(str(number), f"xs-0{number}", "contacted")
    clock.now += 2
    progress.host("0", "xs-00", "answering")
    progress.host("0", "xs-00", "done")
    progress.host("1", "xs-01", "failed")
    progress.host("2", "xs-02", "answering")
    clock.now += 5
    progress.set("reading dom0", 2, 4)
    assert Screen().feed(stream.getvalue()).rows == [
        "0:21, 9:38 left · reading dom0 2/4, 2 to go",
        "dom0: 4 contacted, 2 answering · 1 failed · slowest: xs-02 7 s, not done yet",
        "Ctrl-C: stop reading, judge what is there",
    ]
    progress.host("2", "xs-02", "done")
    progress.host("3", "xs-03", "failed")
    progress.host("3", "xs-03", "contacted")  # a late thread brings nobody back
    clock.now += 600
    progress.tick()
    assert Screen().feed(stream.getvalue()).rows[:2] == [
        "10:21, no time left · reading dom0 2/4, 2 to go",
        "dom0: 4 contacted, 2 answering · 2 failed · slowest: xs-02 7 s",
    ]
    progress.close()
    assert Screen().feed(stream.getvalue()).rows == []


def test_lines_are_drawn_over_and_not_one_after_another() -> None:
    stream, clock, progress = on_terminal()
    progress.limit(60)
    for done in range(50):
        clock.now += 0.5
        progress.set("reading XenAPI", done, 50)
        progress.host("1", "xs", "contacted")
    before = stream.getvalue()
    progress.tick(now=True)
    assert stream.getvalue() == before, "nothing has changed, nothing is written"
    assert len(Screen().feed(before).cells) == 3


def test_no_more_often_than_is_of_use() -> None:
    stream, clock, progress = on_terminal()
    for done in range(1000):
        clock.now += 0.001
        progress.set("judging", done, 60_000)
    assert stream.getvalue().count("judging") <= 11


def test_what_was_announced_stays() -> None:
    stream, clock, progress = on_terminal()
    progress.limit(60)
    progress.set("reading XenAPI", 1, 50)
    assert progress.announce("Stopped by \x1b[31mCtrl-C")
    clock.now += 1
    progress.tick()
    assert Screen().feed(stream.getvalue()).rows[1:] == ["Stopped by \\x1b[31mCtrl-C"]
    progress.close()
    assert Screen().feed(stream.getvalue()).rows == ["Stopped by \\x1b[31mCtrl-C"]
    assert not progress.announce("too late"), "the caller has to say it himself"


@pytest.mark.parametrize("columns", [1, 2, 7, 20, 39, 80, 300])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_width_and_every_name(columns: int, encoding: str) -> None:
    raw, clock = io.BytesIO(), Clock()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    progress = Progress(stream, live=True, clock=clock, size=sized(columns))
    progress.limit(600)
    for number, name in enumerate((*HOSTILE, "日本語" * 20, "\x1b[2J\r\n")):
        clock.now += 3
        progress.host(str(number), name, "contacted")
        progress.set(f"reading {name}", 1, 2)
        screen = Screen(max(columns, 2)).feed(raw.getvalue().decode(encoding))
        assert len(screen.rows) <= 23
        assert all(cells(row) < max(columns, 2) for row in screen.rows)
    progress.close()
    assert Screen(max(columns, 2)).feed(raw.getvalue().decode(encoding)).rows == []


def test_a_low_window() -> None:
    stream, clock, progress = on_terminal(80, 2)
    progress.limit(600)
    progress.host("1", "xs", "contacted")
    clock.now += 3
    progress.set("reading XenAPI", 1, 50)
    assert len(Screen().feed(stream.getvalue()).rows) == 1


def test_elsewhere_one_line_per_phase_and_no_escapes() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, live=False, clock=clock) as progress:
        progress.limit(600)
        for done in range(39):
            clock.now += 0.5
            progress.set("reading XenAPI", done, 38)
        progress.set("reading XenAPI", 38, 38)
        progress.host("1", "xs-01\x1b[2J", "contacted")
        clock.now += 5
        progress.host("1", "xs-01\x1b[2J", "done")
        progress.host("2", "xs-02", "contacted")
        progress.set("reading dom0", 1, 2)
        progress.tick()
        assert not progress.announce("stopped")
        clock.now += 4
    assert stream.getvalue().splitlines() == [
        "reading XenAPI 38/38, 19 s",
        "reading dom0 1/2, 4 s, not finished, slowest: xs-02 4 s, not done yet",
    ]


def test_from_threads() -> None:
    stream = io.StringIO()
    progress = Progress(stream, live=False)
    threads = [
        threading.Thread(target=progress.set, args=("hosts", done, 20)) for done in range(21)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.getvalue().count("\n") == 1


def test_on_a_real_terminal_that_is_made_narrower() -> None:
    clock = Clock()
    with Terminal(80) as terminal, os.fdopen(os.dup(terminal.theirs), "w", encoding="utf-8") as out:
        progress = Progress(out, live=True, clock=clock)
        progress.limit(600)
        progress.host("1", "a-rather-long-name-of-a-host", "contacted")
        clock.now += 1
        progress.set("reading XenAPI", 1, 38)
        before = Screen(80).feed(terminal.read()).rows
        assert len(before) == 4
        terminal.resize(30)
        # A terminal breaks the lines that stand there; here they are fed anew at the new width.
        screen = Screen(30).feed("\n".join(before))
        assert len(screen.rows) == 7
        clock.now += 1
        progress.tick()
        assert screen.feed(terminal.read()).rows == [
            "0:02, 9:58 left",
            "reading XenAPI 1/38, 37 to go",
            "dom0: 1 contacted, 0 answeri…",
            "slowest: a-rather-long-name-…",
            "Ctrl-C: stop reading, judge …",
        ]
        progress.close()
        assert screen.feed(terminal.read()).rows == []


def test_the_seconds_move_by_themselves() -> None:
    with Terminal(80) as terminal, os.fdopen(os.dup(terminal.theirs), "w", encoding="utf-8") as out:
        progress = Progress(out, live=True, every=0.02)
        progress.set("reading XenAPI", 1, 38)
        terminal.read()
        until, seen = time.monotonic() + 30, ""
        while "0:01" not in seen and time.monotonic() < until:
            time.sleep(0.05)
            seen += terminal.read()
        progress.close()
        assert not any(thread.name == "progress" for thread in threading.enumerate())
    assert "0:01" in seen


class Gone(io.StringIO):
    """A terminal whose other end is closed."""

    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("live", [True, False])
def test_a_terminal_that_goes_away_ends_nothing(*, live: bool) -> None:
    progress = Progress(Gone(), live=live, every=0.01)
    progress.set("reading XenAPI", 1, 38)
    progress.set("reading XenAPI", 38, 38)
    progress.close()
