"""A whole audit beside the straightforward way, on the same simulated pools; see README.md.

    python -m benchmarks.whole_audit [--sizes 3x12 16x500 ...] [--rtt 0 20] [--straightforward N]

Each pool is served by a process of its own, behind a relay that adds the round trip, so that CPU and
memory are the client's alone. `--straightforward N` asks every Nth VM and host in the straightforward
way and extrapolates what it costs beyond its start; 1 asks them all, 0 leaves it out.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from fixtures.catalogue import ROOT

SIZES: Final = ("3x12", "16x500", "64x2400", "64x10000")
_STRAIGHTFORWARD: Final = ROOT / "benchmarks" / "straightforward"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost its own process and its children.

    Attributes:
        seconds: by the clock.
        cpu: user and system, in seconds.
        memory: the largest resident set, in MiB.
        asked: what the server counted.
        says: the last line of what it printed.
    """

    seconds: float
    cpu: float
    memory: int
    asked: dict[str, Any]
    says: str


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_audit")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), metavar="HOSTSxVMS")
    parser.add_argument("--rtt", nargs="+", type=float, default=[0.0, 20.0], metavar="MS")
    parser.add_argument("--straightforward", type=int, default=10, metavar="N")
    asked = parser.parse_args()
    measured: dict[float, list[tuple[int, Cost]]] = {}
    for size in asked.sizes:
        for rtt in asked.rtt:
            cost = _run(size, rtt, _audit)
            _show(f"{size:>9} {rtt:4.0f} ms  audit", cost)
            measured.setdefault(rtt, []).append((int(size.partition("x")[2]), cost))
            if asked.straightforward:
                _compare(size, rtt, asked.straightforward, cost)
    for rtt, costs in measured.items():
        _show_growth(rtt, costs)


def _audit(served: Path, folder: Path) -> list[str]:
    options = {
        "--pool": told_by(served, "address"),
        "--tls-fingerprint": told_by(served, "fingerprint"),
        "--password-file": served / "password",
        "--known-hosts": served / "known_hosts",
        "--ssh-config": served / "ssh_config",
        "--settings": served / "poolproof.toml",
        "--archive": folder / "archive",
    }
    words = [f"{name}={value}" for name, value in options.items()]
    return ["-p", "no:hypothesispytest", "--ssh-same-password", *words]


def _straightforward(served: Path, folder: Path, every: int, more: Sequence[str] = ()) -> list[str]:
    where = [
        "-c",
        os.devnull,
        f"--rootdir={_STRAIGHTFORWARD}",
        "--confcutdir",
        str(_STRAIGHTFORWARD),
    ]
    quiet = ["-q", "--tb=line", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    page = ["--self-contained-html", f"--html={folder / 'report.html'}"]
    asked = [f"--served={served}", f"--sample={every}"]
    return [*where, *quiet, *page, *asked, *more, str(_STRAIGHTFORWARD)]


def _compare(size: str, rtt: float, every: int, ours: Cost) -> None:
    cost = _run(size, rtt, partial(_straightforward, every=every))
    _show(f"{size:>9} {rtt:4.0f} ms  straightforward{f', 1 of {every}' if every > 1 else ''}", cost)
    seconds, cpu = cost.seconds, cost.cpu
    if every > 1:
        start = _run(size, rtt, partial(_straightforward, every=10**9, more=("-k", "no_such_test")))
        seconds = start.seconds + every * (cost.seconds - start.seconds)
        cpu = start.cpu + every * (cost.cpu - start.cpu)
        print(f"{'':>19}EXTRAPOLATED to all of them: {seconds:.0f} s, {cpu:.0f} s of CPU")
    print(f"{'':>19}times the audit: {seconds / ours.seconds:.1f} (CPU {cpu / ours.cpu:.1f})")


def _run(size: str, rtt: float, words: Callable[[Path, Path], list[str]]) -> Cost:
    """Serve a pool, run pytest with the words for it, and count what that costs."""
    with tempfile.TemporaryDirectory(prefix="poolproof-benchmark-") as name:
        folder = Path(name)
        served = folder / "served"
        served.mkdir(mode=0o700)
        told: list[str] = []
        with serving(f"large-{size}", served, rtt, told):
            return measured(["-m", "pytest", *words(served, folder)], folder, told)


@contextlib.contextmanager
def serving(pool: str, folder: Path, rtt: float, told: list[str], *more: str) -> Iterator[None]:
    """Serve a pool for a while; what the server counted is added to `told` at the end."""
    words = ["-m", "benchmarks.pool_server", pool, str(folder), "--rtt", str(rtt), *more]
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            if server.stdout is None or server.stdout.readline() != "ready\n":
                raise RuntimeError(f"{pool} could not be served")
            yield
        finally:
            told.append(server.communicate()[0])


def measured(words: Sequence[str], folder: Path, told: list[str]) -> Cost:
    """Run Python; `told` is filled once the server has ended."""
    begun = time.monotonic()
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=out, stderr=out)
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    lines = (folder / "out").read_text(encoding="utf-8", errors="replace").splitlines()
    says = next((line for line in lines if " planned = " in line), lines[-1] if lines else "")
    asked = _Asked(told)
    seconds = time.monotonic() - begun
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, asked, says)


class _Asked(dict[str, Any]):
    """What the server counted: known once it has ended."""

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self._told = told

    def __missing__(self, name: str) -> Any:
        self.update(json.loads(self._told[0]))
        return self[name]


def told_by(served: Path, name: str) -> str:
    """What a `benchmarks.pool_server` has written for its clients: its `address` and so on."""
    return (served / name).read_text(encoding="utf-8").strip()


def _show(what: str, cost: Cost) -> None:
    print(
        f"{what:45} {cost.seconds:7.1f} s, {cost.cpu:6.1f} s of CPU, {cost.memory:5} MiB, "
        f"{cost.asked['bytes'] / 1e6:6.1f} MB, {cost.asked['xenapi calls']} XenAPI calls, "
        f"{cost.asked['dom0 scripts or commands']} scripts or commands, "
        f"{cost.asked['round trips']} round trips\n{'':19}{cost.says}",
        flush=True,
    )


def _show_growth(rtt: float, costs: list[tuple[int, Cost]]) -> None:
    """The slope between each size and the next: equal slopes are linear growth."""
    for (few, less), (many, more) in pairwise(costs):
        vms = many - few
        print(
            f"{rtt:.0f} ms, {few} to {many} VMs: {1000 * (more.cpu - less.cpu) / vms:.2f} ms of CPU, "
            f"{1024 * (more.memory - less.memory) / vms:.0f} KiB per VM"
        )


if __name__ == "__main__":
    main()
