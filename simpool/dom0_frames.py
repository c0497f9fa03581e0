"""Reads the dom0 script's probes and frames answers as the script does, without running it."""

import re
import shlex

from fixtures.dom0_script import KILLED
from fixtures.probes import Probe
from fixtures.raw import RawProbe


def read_probes_from(script: str) -> tuple[str, tuple[Probe, ...]]:
    """The marker and the probes of a composed script.

    Raises:
        ValueError: the text is not a script of `compose`.
    """
    found = re.search(r"^m=([A-Za-z0-9-]{16,})$", script, re.MULTILINE)
    if not found:
        raise ValueError("not a script of probes")
    probes: list[Probe] = []
    for line in script.splitlines():
        if re.match(r"p \d+ \d+ \d+ ", line):
            _, _, deadline, cap, command = shlex.split(line)
            probes.append(Probe(command, int(deadline), int(cap) - 1))
    return found[1], tuple(probes)


def opening(marker: str) -> bytes:
    """What the script prints before the first frame."""
    return f"\n{marker} A\n".encode()


def closing(marker: str, count: int) -> bytes:
    """What the script prints after the last frame."""
    return f"\n{marker} Z {count}\n".encode()


def frame(marker: str, index: int, answer: RawProbe, started: float = 0.0) -> bytes:
    """The frame that the script prints for one answer; the inverse of `dom0_script.parse`.

    Args:
        marker: of the script.
        index: of the probe in the script.
        answer: `missing` gives a frame that breaks off.
        started: uptime of the dom0 in seconds.
    """
    # One byte more than the cap is how the script tells that something was cut.
    text = f"\n{marker} B {index} {started:.2f}\n{answer.stdout}{'x' * answer.truncated}"
    end = f"{started + answer.seconds:.2f}"
    if answer.state == "done":
        text += f"\n{marker} X {index}\n{answer.stderr}\n{marker} S {index} {answer.status}\n"
        text += f"\n{marker} E {index} {end} 0\n"
    elif answer.state == "timeout":
        text += f"\n{marker} E {index} {end} {KILLED}\n"
    return text.encode()
