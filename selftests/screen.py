"""What a person sees: the rows of a terminal that was sent some bytes, and a terminal to send to."""

import fcntl
import os
import pty
import re
import struct
import termios
import tty
import unicodedata
from typing import Self

_TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\s\S])")


class Screen:
    """Understands what progress lines need, and nothing else: anything more is a mistake.

    A column too far wraps when the next character comes, as on a real terminal; there are as many
    rows as are needed, so nothing scrolls away.
    """

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.cells: list[list[str]] = [[]]
        self.row = self.column = 0
        self.highest = 0

    def feed(self, text: str) -> Self:
        """Take in what was written."""
        for number, letter, char in _TOKEN.findall(text):
            if letter:
                self._obey(int(number or "0"), letter)
            elif char == "\r":
                self.column = 0
            elif char == "\n":  # as the line discipline passes it on
                self.column = 0
                self._down()
            else:
                assert char.isprintable(), f"a terminal would obey {char!r}"
                self._put(char)
        return self

    @property
    def rows(self) -> list[str]:
        """What stands there, without blanks at the ends."""
        shown = ["".join(row).rstrip() for row in self.cells]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def _obey(self, number: int, letter: str) -> None:
        if letter == "A":
            assert self.row >= max(number, 1), "above the top"
            self.row -= max(number, 1)
        elif letter == "K":
            del self.cells[self.row][self.column :]
        elif letter == "J":
            del self.cells[self.row][self.column :], self.cells[self.row + 1 :]
        else:
            raise AssertionError(f"unknown: CSI {number} {letter}")

    def _down(self) -> None:
        self.row += 1
        while len(self.cells) <= self.row:
            self.cells.append([])

    def _put(self, char: str) -> None:
        width = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if self.column + width > self.columns:
            self.column = 0
            self._down()
        row = self.cells[self.row]
        row += [" "] * (self.column + width - len(row))
        row[self.column : self.column + width] = [char, *[""] * (width - 1)]
        self.column += width


class Terminal:
    """A real pseudo-terminal of some size; whoever opens it closes it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.ours, self.theirs = pty.openpty()
        tty.setraw(self.theirs, termios.TCSANOW)
        mode = termios.tcgetattr(self.theirs)
        mode[1] |= termios.OPOST | termios.ONLCR
        mode[3] |= termios.ISIG  # Ctrl-C is a signal
        termios.tcsetattr(self.theirs, termios.TCSANOW, mode)
        self.resize(columns, rows)
        os.set_blocking(self.ours, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.ours)
        os.close(self.theirs)

    def resize(self, columns: int, rows: int = 24) -> None:
        """Pull at the window."""
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self) -> str:
        """What has been written since the last time."""
        data = b""
        while True:
            try:
                more = os.read(self.ours, 65_536)
            except (BlockingIOError, OSError):
                break
            if not more:
                break
            data += more
        return data.decode("utf-8")
