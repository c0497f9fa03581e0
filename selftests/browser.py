"""A real Chromium, spoken to over its own pipe: no port, no driver, no network."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
)


class Browser:
    """One page of one browser.

    Attributes:
        events: everything that the browser said unasked, such as scripts parsed and dialogs.
    """

    def __init__(self, read: int, write: int) -> None:
        self._in, self._out = read, write
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Debugger", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask one thing and wait for its answer."""
        self._number += 1
        number = self._number
        asked: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        data = json.dumps(asked).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while True:
            said = self._next()
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']}")
                result: dict[str, Any] = said["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError("Chromium has ended")
            self._rest += more
        data, _, self._rest = self._rest.partition(b"\0")
        said: dict[str, Any] = json.loads(data)
        if "method" in said:
            self.events.append(said)
        return said

    def open(self, path: Path, *, dark: bool = False, width: int = 1200, height: int = 900) -> None:
        """Load a page and wait until it is there."""
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.events.clear()
        self.call("Page.navigate", url=path.absolute().as_uri())
        while not any(one["method"] == "Page.loadEventFired" for one in self.events):
            self._next()

    def value(self, expression: str) -> Any:
        """What a line of script of ours says; the page's own policy does not reach it."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return done["result"].get("value")

    def said(self, *methods: str) -> list[dict[str, Any]]:
        """Events of these kinds since the page was opened."""
        return [one["params"] for one in self.events if one["method"] in methods]


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own, and end it."""
    assert CHROMIUM
    theirs_in, ours_out = _pipe()
    ours_in, theirs_out = _pipe()
    errors = os.open(os.devnull, os.O_WRONLY)
    actions = [
        (os.POSIX_SPAWN_DUP2, theirs_in, 3),
        (os.POSIX_SPAWN_DUP2, theirs_out, 4),
        (os.POSIX_SPAWN_DUP2, errors, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
    ]
    words = [CHROMIUM, *OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    process = os.posix_spawn(CHROMIUM, words, os.environ, file_actions=actions, setsid=True)
    for end in (theirs_in, theirs_out, errors):
        os.close(end)
    try:
        yield Browser(ours_in, ours_out)
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process, signal.SIGTERM)
        with contextlib.suppress(OSError):
            os.waitpid(process, 0)
        os.close(ours_in)
        os.close(ours_out)


def _pipe() -> tuple[int, int]:
    """A pipe whose numbers are none that the browser is to find it under."""
    ends = os.pipe()
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return read, write
