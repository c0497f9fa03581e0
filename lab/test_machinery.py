"""The laboratory itself: its delay is true, and it leaves nothing behind, however it ends."""

import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lab.conftest import Audited
from lab.hosts import address
from lab.namespaces import descendants
from lab.running import ROOT, measured

CONNECT = """
import socket, time
for _ in range(15):
    begun = time.monotonic()
    socket.create_connection((%r, 22), timeout=10).close()
    print(time.monotonic() - begun)
"""
RUNNER = """
import time
from lab.hosts import HostSpec, LabSpec
from lab.namespaces import descendants
from lab.running import running_lab
with running_lab(LabSpec((HostSpec("one", ("block devices",)), HostSpec("two")), "7.2", (20,))) as lab:
    print(lab.process, flush=True)
    time.sleep(600)
"""


def test_a_round_trip_takes_the_time_it_should(old: Audited) -> None:
    program = (sys.executable, "-c", CONNECT % address(0))
    near = measured(old.lab.command(*program), 60).split()
    far = measured(old.lab.command(*program, round_trip=20), 60).split()
    added = statistics.median(map(float, far)) - statistics.median(map(float, near))
    assert min(map(float, far)) >= 0.02
    assert added < 0.06, "half of a TCP handshake waits for anything but the line"


def test_a_runner_that_is_killed_takes_everything_along() -> None:
    before = loop_devices()
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    try:
        assert runner.stdout is not None
        inside = int(runner.stdout.readline())
        members = descendants(inside)
        assert len(members) >= 5
        assert loop_devices() != before
    finally:
        runner.send_signal(signal.SIGKILL)
        runner.communicate()
    until = time.monotonic() + 20
    while time.monotonic() < until and (alive(members) or loop_devices() != before):
        time.sleep(0.1)
    assert alive(members) == set()
    assert loop_devices() == before


def alive(processes: set[int]) -> set[int]:
    return {process for process in processes if Path(f"/proc/{process}").exists()}


def loop_devices() -> tuple[str, ...]:
    """Loop devices that are attached, and partitions of any."""
    listed = subprocess.run(["losetup", "--all"], capture_output=True, text=True, check=True)
    parts = [line for line in Path("/proc/partitions").read_text().splitlines() if "loop" in line]
    return (*listed.stdout.splitlines(), *(line for line in parts if "p" in line.split()[-1][4:]))
