"""Reads the dom0 script's probes and frames answers as the script does, without running it."""

import re
import shlex
from collections.abc import Sequence

from fixtures.dom0_framing import KILLED, STDERR_CAP, Batch
from fixtures.probes import Probe
from fixtures.raw import RawProbe

_MARK_LENGTH = 128  # no mark is longer


def read_probes_from(script: str) -> tuple[str, tuple[Probe, ...]]:
    """The marker and the probes of a composed script.

    Raises:
        ValueError: the text is not a script of `compose`.
    """
    found = re.search(r"^m=([A-Za-z0-9-]{16,})$", script, re.MULTILINE)
    if not found:
        raise ValueError("not a script of probes")
    probes: dict[int, Probe] = {}
    for words in _calls(script):
        inner = _split(words[5]) if words[0] == "b" else [words]
        for _, index, deadline, cap, command in inner:
            probes[int(index)] = Probe(command, int(deadline), int(cap) - 1)
    return found[1], tuple(probes[index] for index in sorted(probes))


def read_batches_from(script: str) -> tuple[Batch, ...]:
    """Which of the probes of a composed script share a worker."""
    return tuple(
        Batch(
            int(words[1]),
            tuple(int(call[1]) for call in _split(words[5])),
            int(words[2]),
            int(words[3]),
            int(words[4]),
        )
        for words in _calls(script)
        if words[0] == "b"
    )


def _calls(script: str) -> list[list[str]]:
    """The words of each call that runs a batch, or a probe that is in none."""
    found = re.search(r"^say [^\n]* A[^\n]*\n(.*)^say [^\n]* Z ", script, re.MULTILINE | re.DOTALL)
    return _split(found[1]) if found else []


def _split(text: str) -> list[list[str]]:
    words, calls = shlex.split(text), []
    while words:
        length = {"p": 5, "b": 6}[words[0]]
        calls.append(words[:length])
        words = words[length:]
    return calls


def opening(marker: str) -> bytes:
    """What the script prints before the first frame."""
    return f"\n{marker} A\n".encode()


def closing(marker: str, count: int) -> bytes:
    """What the script prints after the last frame."""
    return f"\n{marker} Z {count}\n".encode()


def frame(marker: str, index: int, answer: RawProbe, started: float = 0.0) -> bytes:
    """The frame that the script prints for one answer; the inverse of `dom0_framing.parse`.

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


def printed(
    marker: str, answers: Sequence[RawProbe], batches: Sequence[Batch] = ()
) -> list[tuple[bytes, float]]:
    """What the script prints between opening and closing, and the seconds until each part is said.

    No time is spent on what hangs.

    Args:
        marker: of the script.
        answers: of all its probes.
        batches: of the script; one that would be given up is printed as single frames.
    """
    sound = [batch for batch in batches if _fits(batch, answers)]
    together = {member for batch in sound for member in batch.members}
    parts = {batch.members[0]: _batch(marker, batch, answers) for batch in sound} | {
        index: (frame(marker, index, answer), answer.seconds * (answer.state == "done"))
        for index, answer in enumerate(answers)
        if index not in together
    }
    return [parts[index] for index in sorted(parts)]


def _fits(batch: Batch, answers: Sequence[RawProbe]) -> bool:
    mine = [answers[member] for member in batch.members]
    return (
        all(answer.state == "done" for answer in mine)
        and all(len(answer.stderr.encode()) <= STDERR_CAP for answer in mine)
        and sum(answer.seconds for answer in mine) < batch.deadline
        and sum(len(answer.stdout.encode()) + _MARK_LENGTH for answer in mine) < batch.cap
        and sum(len(answer.stderr.encode()) + _MARK_LENGTH for answer in mine) < batch.stderr_cap
    )


def _batch(marker: str, batch: Batch, answers: Sequence[RawProbe]) -> tuple[bytes, float]:
    number, now = batch.number, 0.0
    out, err = f"\n{marker} B {number} {now:.2f}\n", f"\n{marker} X {number}\n"
    for member in batch.members:
        answer = answers[member]
        now += answer.seconds
        out += f"{answer.stdout}{'x' * answer.truncated}"
        out += f"\n{marker} e {member} {now:.2f} {answer.status}\n"
        err += f"{answer.stderr}\n{marker} f {member}\n"
    out += "."
    err += f"\n{marker} f {number}"
    end = f"\n{marker} S {number} 0\n\n{marker} E {number} {now:.2f} 0\n"
    return f"{out}{err}{end}".encode(), now
