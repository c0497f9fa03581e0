"""What the script of one host costs: bytes sent, bytes answered, seconds; see README.md."""

import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fixtures import ssh_openssh, ssh_paramiko
from fixtures.catalogue import discover
from fixtures.dom0_framing import batches, end_marker, parse
from fixtures.dom0_reading import LARGEST_ANSWER
from fixtures.dom0_script import compose, new_marker
from fixtures.probes import Probe
from fixtures.ssh_settings import resolve
from selftests.sshd import Sshd, running_sshd
from simpool.dom0_answers import answered
from simpool.dom0_frames import closing, opening, printed
from simpool.pools import POOLS, build

SHELLS = ("bash", "dash", "busybox")
ROUNDS = 3
SLOWEST = 8


def main(deep: bool) -> None:  # noqa: FBT001 - the one option of the command
    """Measure and print."""
    probes, marker = discover().probes_asked(deep=deep), new_marker()
    script = compose(probes, marker).encode()
    most = sum(probe.cap for probe in probes)
    print(f"{len(probes)} commands, {len(script)} bytes sent")
    print(f"at most {LARGEST_ANSWER} bytes taken; each command alone within its cap: {most} bytes")
    with tempfile.TemporaryDirectory() as folder:
        for name in SHELLS:
            if found := shutil.which(name):
                _shell(name, found, Path(folder), script)
        output = _servers(Path(folder), script, marker)
    _slowest(output, probes, marker)
    _simulated(probes, marker)


def _shell(name: str, program: str, folder: Path, script: bytes) -> None:
    """Run the script with this shell as `sh`, the worker of each probe included."""
    place = folder / name
    place.mkdir()
    (place / "sh").symlink_to(program)
    environment = {"PATH": f"{place}:/usr/sbin:/usr/bin:/sbin:/bin"}
    for _ in range(ROUNDS):
        before, begun = _processor_seconds(), time.monotonic()
        done = subprocess.run(
            [str(place / "sh"), "-s"],
            input=script,
            capture_output=True,
            env=environment,
            check=False,
        )
        seconds, busy = time.monotonic() - begun, _processor_seconds() - before
        print(f"{name:10} {seconds:6.2f} s, {busy:5.2f} s of a CPU, {len(done.stdout)} bytes")


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _servers(folder: Path, script: bytes, marker: str) -> bytes:
    """Run the script through a real OpenSSH server, by both drivers; the last output."""
    output = b""
    try:
        with running_sshd(folder / "sshd") as server:
            for driver in ("paramiko", "openssh"):
                output = _server(driver, server, script, marker)
    except pytest.skip.Exception as why:
        print(f"sshd: {why}")
    return output


def _server(driver: str, server: Sshd, script: bytes, marker: str) -> bytes:
    run = {"paramiko": ssh_paramiko.run_script, "openssh": ssh_openssh.run_script}[driver]
    target = resolve(server.options(driver=driver, ports={"a": server.port}), "a", "127.0.0.1")
    said = b""
    for _ in range(ROUNDS):
        begun = time.monotonic()
        output = run(target, script, 300.0, LARGEST_ANSWER, threading.Event(), end_marker(marker))
        seconds, said = time.monotonic() - begun, output.stdout
        print(f"{driver:10} {seconds:6.2f} s, {len(said)} bytes, {output.ended}")
    return said


def _slowest(output: bytes, probes: Sequence[Probe], marker: str) -> None:
    found = parse(output, probes, marker).values()
    for answer in sorted(found, key=lambda one: -one.seconds)[:SLOWEST]:
        size = len(answer.stdout.encode())
        print(f"{answer.seconds:6.2f} s {size:8} bytes {answer.state} {answer.command[:60]}")


def _simulated(probes: Sequence[Probe], marker: str) -> None:
    """What the embedded pools answer, as the script would frame it."""
    for name in POOLS:
        largest = 0
        for canned in build(name).dom0.values():
            answers = [answered(canned.get(probe.command), probe) for probe in probes]
            parts = [part for part, _ in printed(marker, answers, batches(probes))]
            said = opening(marker) + b"".join(parts) + closing(marker, len(answers))
            largest = max(largest, len(said))
        print(f"sim:{name:10} {largest} bytes of the host that says most")


if __name__ == "__main__":
    main("--deep" in sys.argv[1:])
