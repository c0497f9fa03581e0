"""Runs an audit as its user does: a process of its own, its exit code, its words, its bundle."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """One audit that has ended."""

    code: int
    out: str
    archive: Path

    @property
    def bundles(self) -> list[Path]:
        return sorted(self.archive.glob("*/*"))

    @property
    def bundle(self) -> Path:
        (only,) = self.bundles
        return only

    @cached_property
    def results(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.bundle / "results.json").read_bytes())
        return loaded

    def outcomes(self, check: str) -> dict[str, str]:
        """Object name -> outcome."""
        return {
            one["object"]["name"]: one["outcome"]
            for one in self.results["outcomes"]
            if one["check"] == check
        }

    def of(self, check: str, name: str) -> dict[str, Any]:
        """The outcome of a check on the object of that name."""
        return next(
            one
            for one in self.results["outcomes"]
            if one["check"] == check and one["object"]["name"] == name
        )


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without what could change an audit, or have it compile everything anew."""
    dropped = ("POOLPROOF_", "PYTEST_", "PYTHONOPTIMIZE", "PYTHONDONTWRITEBYTECODE", "COLUMNS")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return {**kept, "CI": "true", **extra}


def audit(
    archive: Path,
    *args: str,
    seconds: float = 120,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run `pytest ARGS` and wait for its end."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"--archive={archive}", *args],
        cwd=cwd,
        env=clean_environment(**(environment or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
        preexec_fn=_heed_ctrl_c,
    )
    out = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Run(done.returncode, out, archive)


def _heed_ctrl_c() -> None:
    """A job in the background of a script is born with Ctrl-C ignored, and so are its audits."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(
    archive: Path,
    *args: str,
    ready: Callable[[], bool],
    after: float = 0.5,
    sent: signal.Signals = signal.SIGINT,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run `pytest ARGS`, and send it a signal some seconds `after` it is `ready`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", f"--archive={archive}", *args],
        cwd=ROOT,
        env=clean_environment(**(environment or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509
    )
    until = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(after)
    process.send_signal(sent)
    out = process.communicate(timeout=60)[0].decode("utf-8", "replace")
    return Run(process.returncode, out, archive)
