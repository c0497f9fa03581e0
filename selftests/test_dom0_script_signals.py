"""The script's own clock interrupts it at any moment, and most of all on a loaded machine."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from fixtures.dom0_framing import parse
from fixtures.dom0_script import frame_commands, new_marker
from fixtures.probes import Probe


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_no_interruption_makes_it_wait_for_ever(shell: str) -> None:
    """A bash that is interrupted while it takes note of a child's end forgets the child."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    # The clock's signals count as seconds: with this deadline they are not enough to end a probe.
    probes, marker = [Probe(f"echo {number}", 600) for number in range(25)], new_marker()
    script = frame_commands(probes, marker).encode()
    process = subprocess.Popen(
        [shell, "-s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    told: list[bytes] = []
    reader = threading.Thread(target=lambda: told.append(process.communicate(script)[0]))
    reader.start()
    time.sleep(0.3)  # until it expects the signal
    until = time.monotonic() + 30
    with contextlib.suppress(ProcessLookupError):
        while reader.is_alive() and time.monotonic() < until:
            os.kill(process.pid, signal.SIGUSR1)
            time.sleep(0.004)
    ended = not reader.is_alive() or process.poll() is not None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    reader.join(10)
    assert ended
    assert {probe.state for probe in parse(told[0], probes, marker).values()} == {"done"}
