"""Probes that share a worker: the facts are those of probes that each have a worker of their own."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import dom0_framing
from fixtures.dom0_framing import STDERR_CAP, Batch, batches, parse
from fixtures.dom0_script import frame_commands
from fixtures.probes import Probe
from fixtures.raw import RawProbe
from selftests.dom0_shells import SHELLS, place_shell, run
from simpool.dom0_frames import closing, frame, opening, printed, read_batches_from

MARKER = "poolproof-0123456789abcdef0123456789abcdef"


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return place_shell(request.param, tmp_path)


def facts(output: bytes, probes: Sequence[Probe]) -> list[RawProbe]:
    """Without what differs between any two runs, and a shell's own counting of lines."""
    return [
        replace(answer, seconds=0.0, stderr=re.sub(r"\bline \d+", "line", answer.stderr))
        for answer in parse(output, probes, MARKER).values()
    ]


def both(shell: Path, probes: Sequence[Probe]) -> tuple[bytes, list[RawProbe], list[RawProbe]]:
    """The output with batches, its facts, and the facts without batches."""
    output = run(shell, frame_commands(probes, MARKER))
    alone = run(shell, frame_commands(probes, MARKER, batched=False))
    return output, facts(output, probes), facts(alone, probes)


def framed(output: bytes) -> set[int]:
    """The probes and batches that have a frame."""
    return {int(found) for found in re.findall(rf"{MARKER} B (\d+)".encode(), output)}


def test_who_shares_a_worker() -> None:
    probes = [
        *(Probe(f"ls /{number}") for number in range(30)),
        Probe("ls /slow", 61), Probe("ls /heavy", heavy=True), *(Probe(f"cat /{n}") for n in range(21)),
    ]  # fmt: skip
    first, second, *none = batches(probes)
    assert none == []
    assert (first.number, first.members) == (53, tuple(range(25)))
    assert (second.number, second.members[5:7], len(second.members)) == (54, (32, 33), 25)
    assert batches(probes[:1]) == ()
    (short,) = batches([Probe("ls /a", 2, 10), Probe("ls /b", 1, 20)])
    assert short == Batch(2, (1, 0), 7, 286, 8448)
    (long,) = batches([Probe("ls /a", 60), *(Probe(f"ls /{number}") for number in range(24))])
    assert (long.deadline, long.members) == (30, (*range(1, 25), 0))


def test_no_batch_takes_all_the_time_there_is() -> None:
    probes = [Probe("ls /a", 60), Probe("ls /b", 60)]
    for within, seconds in ((300.0, 30), (80.0, 10), (5.0, 1)):
        (batch,) = read_batches_from(frame_commands(probes, MARKER, within))
        assert batch.deadline == seconds


def test_sound_batches_are_all_there_is(shell: Path) -> None:
    probes = [
        Probe(text)
        for text in (
            "echo out; echo err >&2; exit 7", "echo err >&2", "printf err >&2; printf out",
            "printf '\\n\\n' >&2", "printf '\\nb\\n\\nc\\n\\n' >&2; printf '\\n\\n'",
            "head -c 9000 /dev/zero | tr '\\000' e >&2; echo fine", "printf 'a\\000b\\ncd' >&2",
            f"echo {MARKER[:-1]} B 0 1.0; echo {MARKER[:-1]} f 0 >&2", "no-such-program", "exit 255",
            "v=1; cd /; exec 1>&2; echo moved", "echo $v; pwd >/dev/null; printf '\\377\\000z'", ":",
        )
    ]  # fmt: skip
    probes += [Probe(f"printf {number}", cap=1) for number in range(30)]
    output, shared, alone = both(shell, probes)
    assert shared == alone
    assert framed(output) == {len(probes), len(probes) + 1}
    assert shared[0] == RawProbe(probes[0].command, "done", 7, 0.0, "out\n", "err")
    assert len(shared[5].stderr) == STDERR_CAP
    assert [answer.truncated for answer in shared[-30:]] == [False] * 10 + [True] * 20


def test_what_is_left_behind_is_waited_for(shell: Path) -> None:
    """What it says belongs to its own probe, as without batches."""
    probes = [Probe("echo 0"), Probe("{ sleep 0.4; echo late; echo late >&2; } &"), Probe("echo 2")]
    output, shared, alone = both(shell, probes)
    assert shared == alone
    assert framed(output) == {3}
    assert [answer.stdout for answer in shared] == ["0\n", "late\n", "2\n"]
    assert [answer.stderr for answer in shared] == ["", "late", ""]


# (the probe in the middle, its deadline, and what becomes of it)
SPOILERS = {
    # It leaves the process group that is killed, as if nothing could kill it.
    "hangs": ("setsid sh -c 'echo begun; sleep 6; echo late; echo late >&2'", 1, "timeout"),
    "leaves-a-child": ("echo begun; sleep 98765.4 &", 1, "timeout"),
    "hides-a-child": ("echo begun; sleep 7.65432 >/dev/null 2>&1 &", 1, "done"),
    "floods": ("yes", 5, "done"),
    "floods-stderr": ("yes >&2", 1, "timeout"),
    "much-stderr": ("head -c 300000 /dev/zero | tr '\\000' x >&2; echo fine", 5, "done"),
    "too-much": ("head -c 300000 /dev/zero | tr '\\000' x", 5, "done"),
    "just-too-much": ("head -c 262100 /dev/zero", 5, "done"),
    "cannot-be-read": ("if", 5, "done"),
    "kills-all": ("kill -9 0", 5, "missing"),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_a_spoilt_batch_is_asked_again(
    spoiler: str, shell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, deadline, state = SPOILERS[spoiler]
    monkeypatch.setattr(dom0_framing, "_BATCH_SLACK", 0)
    probes = [Probe(f"echo {at}; echo e{at} >&2", deadline) for at in range(28)]
    probes[12] = Probe(command, deadline)
    output = run(shell, frame_commands(probes, MARKER))
    found = facts(output, probes)
    (alone,) = facts(run(shell, frame_commands([probes[12]], MARKER)), [probes[12]])
    assert alone.state == state
    # The status of what `head` closes the pipe of depends on who is faster.
    assert replace(found.pop(12), status=None) == replace(alone, status=None)
    del probes[12]
    for answer, (number, probe) in zip(found, enumerate(probes), strict=True):
        at = number + (number >= 12)
        assert answer == RawProbe(probe.command, "done", 0, 0.0, f"{at}\n", f"e{at}")
    assert framed(output) == {*range(25), 28, 29}
    assert len(output) < 600_000
    assert b"late" not in output


ANSWERS = (
    RawProbe("ls /a", "done", 0, 0.25, "abcd", "", truncated=True),
    RawProbe("ls /b", "done", 1, 0.0, "", "bad\nworse"),
    RawProbe("ls /c", "done", 2, 2.0, "part\n\n", "x"),
    RawProbe("ls /d", "timeout", None, 61.0, "part"),
)
PROBES = (Probe("ls /a", cap=4), Probe("ls /b"), Probe("ls /c"), Probe("ls /d", 61))


def written(answers: Sequence[RawProbe] = ANSWERS, shared: Sequence[Batch] | None = None) -> bytes:
    parts = printed(MARKER, answers, batches(PROBES) if shared is None else shared)
    return opening(MARKER) + b"".join(part for part, _ in parts) + closing(MARKER, len(answers))


def states(output: bytes) -> list[str]:
    """Of each probe; no answer is other than it was."""
    answers = list(parse(output, PROBES, MARKER).values())
    for answer, real in zip(answers, ANSWERS, strict=True):
        assert answer in (real, RawProbe(real.command, "missing"))
    return [answer.state for answer in answers]


def test_batches_are_read_as_they_were_written() -> None:
    assert framed(written()) == {3, 4}
    assert states(b"banner\r\n" + written() + b"late bytes") == [one.state for one in ANSWERS]


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 255))
def test_any_answer_survives(stdout: str, stderr: str, status: int) -> None:
    stdout = stdout.encode("utf-8", "ignore").decode()
    stderr = stderr.encode("utf-8", "ignore").decode().replace("\0", "").rstrip("\n")
    answer = RawProbe("ls /b", "done", status, 1.5, stdout, stderr)
    given = (ANSWERS[0], answer, *ANSWERS[2:])
    assert tuple(parse(written(given), PROBES, MARKER).values()) == given


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_cut_batch_is_no_batch(cut: int) -> None:
    end = re.search(rf"\n{MARKER} E 4 [^\n]*\n", written().decode())
    assert end is not None
    expected = ["done"] * 3 if cut >= end.end() else ["missing"] * 3
    assert states(written()[:cut])[:3] == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_marks_that_are_lost_doubled_or_moved(data: st.DataObject) -> None:
    """The parts that begin with a mark, in any other order or number, give no batch."""
    begun, *parts = re.split(rf"(?=\n{MARKER} [BXSEef] )".encode(), written())
    order = data.draw(
        st.lists(st.sampled_from(range(len(parts))), max_size=len(parts) + 3)
        | st.permutations(range(len(parts)))
        | st.integers(0, len(parts)).map(lambda at: [n for n in range(len(parts)) if n != at])
        | st.integers(0, len(parts)).map(
            lambda at: [*range(at), *range(max(0, at - 1), len(parts))]
        )
    )
    states(begun + b"".join(parts[at] for at in order))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b" S 4 0\n", b" S 4 1\n"), (b" S 4 0\n", b" S 4 0\nover\n"), (b" E 4 2.25 0", b" E 4 2.25 137"),
        (b" f 4\n", b" f 4\nlate\n"), (b" e 2 2.25 2\n", b" e 2 2.25 2\nlate\n"),
        (b" e 2 2.25 2\n.", b" e 2 2.25 2\n"),
        (b" e 1 0.25 1", b" e 1 0.25 256"), (b" e 1 0.25 1", b" e 1 0.25"), (b" f 1\n", b" f 7\n"),
        (b" X 4\n", b" X 5\n"), (b" e 0 0.25 0\n", b" e 1 0.25 0\n"),
    ],
)  # fmt: skip
def test_a_batch_that_is_not_sound(before: bytes, after: bytes) -> None:
    assert written().count(before) == 1
    assert states(written().replace(before, after)) == ["missing"] * 3 + ["timeout"]


def test_a_batch_that_was_given_up_and_asked_again() -> None:
    """Wherever it broke off, and killed at its deadline or not."""
    sound, alone = written(), written(shared=())
    begin, end = sound.index(b" B 4"), sound.index(b" X 4")
    head = len(f"\n{MARKER}")
    for cut in range(begin - head, end - head, 7):
        gone = b"\n" + MARKER.encode() + b" E 4 15.00 137\n"
        assert states(sound[: cut + 1] + gone + alone) == [one.state for one in ANSWERS]


def test_answered_twice_is_not_answered() -> None:
    assert states(written() + frame(MARKER, 1, ANSWERS[1])) == [
        "done",
        "missing",
        "done",
        "timeout",
    ]
