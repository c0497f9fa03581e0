import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.dom0_framing import STDERR_CAP, batches, end_marker, parse
from fixtures.dom0_script import compose, frame_commands, new_marker
from fixtures.probes import BASE_PROBES, CLOCK, MOUNTS, Probe
from fixtures.raw import RawProbe
from selftests.dom0_shells import SHELLS, place_shell, run
from simpool.dom0_frames import closing, frame, opening, read_batches_from, read_probes_from

MARKER = "poolproof-0123456789abcdef0123456789abcdef"


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return place_shell(request.param, tmp_path)


def ask(shell: Path, *probes: Probe, banner: str = "", batched: bool = True) -> list[RawProbe]:
    output = run(shell, frame_commands(probes, MARKER, batched=batched), banner)
    assert end_marker(MARKER) in output
    return list(parse(output, probes, MARKER).values())


@pytest.mark.parametrize("batched", [True, False])
def test_answers(shell: Path, *, batched: bool) -> None:
    one, two, three, four, five = ask(
        shell,
        Probe("echo one; echo two >&2; exit 3"),
        Probe("cat; echo stdin is empty"),
        Probe("printf 'a\\000\\377z'; printf 'e\\000f\\n' >&2"),
        Probe("no-such-program"),
        Probe("if"),
        banner="echo welcome to this machine; echo and more >/dev/null;",
        batched=batched,
    )
    assert (one.state, one.status, one.stdout, one.stderr) == ("done", 3, "one\n", "two")
    assert two.stdout == "stdin is empty\n"
    assert three.stdout == "a\0\ufffdz"
    assert three.stderr == "ef"
    assert four.status == 127
    assert "not found" in four.stderr
    assert five.status == 2


@pytest.mark.parametrize("batched", [True, False])
def test_nothing_is_run_twice_or_after_a_failure(shell: Path, *, batched: bool) -> None:
    probes = [Probe(f"echo {number}; exit {number}") for number in range(20)]
    answers = ask(shell, *probes, batched=batched)
    assert [answer.stdout for answer in answers] == [f"{number}\n" for number in range(20)]
    assert [answer.status for answer in answers] == list(range(20))


def test_deadlines(shell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ever = f"98765.{os.getpid()}"  # the same test may run for another shell meanwhile
    stuck, stubborn, held, after = ask(
        shell,
        Probe(f"echo begun; sleep {ever}; echo late", 1),
        Probe(f"trap '' TERM HUP INT; sleep {ever} | cat", 1),
        Probe(f"sleep {ever} & echo its child has the pipe", 1),
        Probe("echo after", 1),
    )
    assert [stuck.state, stubborn.state, held.state] == ["timeout"] * 3
    assert stuck.status is None
    assert 0.9 <= stuck.seconds < 10
    assert (after.state, after.stdout) == ("done", "after\n")
    seen = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(ever.encode() in line for line in seen)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_floods_and_caps(shell: Path) -> None:
    out, err, both, exact, over = ask(
        shell,
        Probe("yes", 20, 1000),
        Probe("head -c 3000000 /dev/zero | tr '\\000' x >&2; echo fine", 20),
        Probe("yes >&2", 1),
        Probe("printf 12345", cap=5),
        Probe("printf 123456", cap=5),
    )
    assert out.state == "done"
    assert out.truncated
    assert len(out.stdout) == 1000
    assert (err.state, err.status, err.stdout, len(err.stderr)) == ("done", 0, "fine\n", STDERR_CAP)
    assert both.state == "timeout"
    assert (exact.stdout, exact.truncated) == ("12345", False)
    assert (over.stdout, over.truncated) == ("12345", True)


def test_a_process_that_cannot_be_killed_is_abandoned(shell: Path, tmp_path: Path) -> None:
    """A process that the script's user may not kill stands for one in disk sleep."""
    setpriv = shutil.which("setpriv")
    if os.getuid() != 0 or setpriv is None:
        pytest.skip("needs root and setpriv")
    for path in (tmp_path, *tmp_path.parents[:-2]):
        path.chmod(0o755)
    suid = tmp_path / "as-root"
    shutil.copy(setpriv, suid)
    suid.chmod(stat.S_ISUID | 0o755)
    probe = Probe(
        f"{suid} --reuid=0 --clear-groups sh -c 'echo 1; sleep 3; echo late; echo late >&2'", 1
    )
    script = frame_commands((probe, Probe("echo after; sleep 2; echo end")), MARKER)
    environment = {"PATH": f"{shell.parent}:/usr/bin:/bin"}
    done = subprocess.run(
        [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", str(shell), "-s"],
        input=script.encode(), capture_output=True, env=environment, check=False, timeout=60,
    )  # fmt: skip
    answers = parse(done.stdout, (probe, Probe("echo after; sleep 2; echo end")), MARKER)
    first, after = answers.values()
    if first.state == "done":
        pytest.skip("setuid programs have no effect on this file system")
    assert first.state == "timeout"
    assert (after.state, after.stdout) == ("done", "after\nend\n")
    assert b"late" not in done.stdout
    assert done.returncode == 0


def test_a_machine_on_which_nothing_can_be_written(shell: Path) -> None:
    """Read-only file systems, and not a byte left where temporary files would be."""
    prepare = (
        "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && mount -o remount,bind,ro / && "
        'mount -t tmpfs -o size=4k none /var/tmp && cat /dev/zero >/var/tmp/full; exec "$0" -s'
    )
    probes = (MOUNTS, Probe("echo x >/var/tmp/y; echo x >/root/y; df -P /var/tmp | tail -n 1"))
    if shutil.which("unshare") is None or os.getuid() != 0:
        pytest.skip("needs root and unshare")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", prepare, str(shell)],
        input=frame_commands((*probes, *BASE_PROBES[:5]), MARKER).encode(), capture_output=True,
        env={"PATH": f"{shell.parent}:/usr/bin:/bin", "TMPDIR": "/var/tmp"}, check=False, timeout=60,
    )  # fmt: skip
    answers = parse(done.stdout, (*probes, *BASE_PROBES[:5]), MARKER)
    if " / " not in answers[MOUNTS.command].stdout:
        pytest.skip("mounting is not allowed here")
    written = answers[probes[1].command]
    assert "100%" in written.stdout
    assert re.search("(?i)read-only", written.stderr)
    assert {answer.state for answer in answers.values()} == {"done"}


@pytest.mark.parametrize("batched", [True, False])
def test_a_slow_reader_loses_nothing(shell: Path, *, batched: bool) -> None:
    """The clock interrupts the script while nobody reads what it says."""
    probes = [Probe(f"head -c 30000 /dev/zero | tr '\\000' {letter}") for letter in "abcdef"]
    process = subprocess.Popen(
        [str(shell), "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"PATH": f"{shell.parent}:/usr/bin:/bin"},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(frame_commands(probes, MARKER, batched=batched).encode())
    process.stdin.close()
    time.sleep(2.5)
    with process.stdout as stdout:
        answers = parse(stdout.read(), probes, MARKER)
    process.wait(timeout=15)
    assert [answer.stdout for answer in answers.values()] == [one * 30000 for one in "abcdef"]


def test_the_clock_disturbs_nothing(shell: Path) -> None:
    """With a hundred of its signals a second: no answer is lost, none comes late, nothing hangs."""
    probes = [Probe(f"echo {number}; exit 3", 600) for number in range(60)]
    script = frame_commands(probes, MARKER)
    assert "sleep 1 &&" in script
    output = run(shell, script.replace("sleep 1 &&", "sleep 0.01 &&"))
    answers = parse(output, probes, MARKER).values()
    assert [(a.stdout, a.status) for a in answers] == [(f"{n}\n", 3) for n in range(60)]


def test_the_script_ends_when_nobody_listens(shell: Path) -> None:
    script = frame_commands([Probe("echo x")] * 3 + [Probe("sleep 0.2")] * 100, MARKER)
    process = subprocess.Popen(
        [str(shell), "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"PATH": f"{shell.parent}:/usr/bin:/bin"},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(script.encode())
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=15)


def test_a_script_cut_short_does_nothing(shell: Path, tmp_path: Path) -> None:
    script = frame_commands([Probe(f"echo x >{tmp_path}/written")], MARKER)
    subprocess.run(
        [str(shell), "-s"], input=script[: script.rindex("exit 0")].encode(), capture_output=True,
        env={"PATH": f"{shell.parent}:/usr/bin:/bin"}, check=False, timeout=20,
    )  # fmt: skip
    assert not (tmp_path / "written").exists()


def test_every_base_probe_has_an_answer(shell: Path) -> None:
    output = run(shell, compose(BASE_PROBES, MARKER))
    answers = parse(output, BASE_PROBES, MARKER)
    assert {answer.state for answer in answers.values()} == {"done"}
    assert abs(int(answers[CLOCK.command].stdout) - time.time()) < 60
    assert " / " in answers[MOUNTS.command].stdout


def test_only_old_tools_are_used() -> None:
    script = compose(BASE_PROBES, MARKER)
    for newer in (
        "timeout ",
        "mktemp",
        "python",
        "<<",
        "/tmp",
        "stdbuf",
        "<(",
        "[[",
        "BASHPID",
        "mkfifo",
    ):
        assert newer not in script, newer


def test_compose_refuses_what_is_not_read_only() -> None:
    with pytest.raises(PermissionError):
        compose([Probe("ls /"), Probe("rm -rf /")], MARKER)
    with pytest.raises(ValueError, match="marker"):
        compose([Probe("ls /")], "x; rm y")


def test_markers_differ() -> None:
    assert new_marker() != new_marker()


def test_script_to_probes_and_back() -> None:
    probes = (Probe("ls '/a b'", 3, 7), Probe("echo 'p 1 2 3 x' \"q\""), *BASE_PROBES)
    script = compose(probes, MARKER)
    assert read_probes_from(script) == (MARKER, probes)
    assert read_batches_from(script) == batches(probes)
    framed = frame_commands(probes, MARKER, batched=False)
    assert (read_probes_from(framed), read_batches_from(framed)) == ((MARKER, probes), ())
    with pytest.raises(ValueError, match="not a script"):
        read_probes_from("echo x")


PROBES = (Probe("ls /a", cap=4), Probe("ls /b"), Probe("ls /c", deadline=2))


def written(answers: Sequence[RawProbe]) -> bytes:
    frames = b"".join(frame(MARKER, at, answer, 100.0 + at) for at, answer in enumerate(answers))
    return opening(MARKER) + frames + closing(MARKER, len(answers))


ANSWERS = (
    RawProbe("ls /a", "done", 0, 0.25, "abcd", "", truncated=True),
    RawProbe("ls /b", "done", 1, 0.0, "", "bad\nworse"),
    RawProbe("ls /c", "timeout", None, 2.0, "part"),
)


def test_frames_are_read_as_they_were_written() -> None:
    assert tuple(parse(written(ANSWERS), PROBES, MARKER).values()) == ANSWERS
    assert (
        parse(b"banner\r\n" + written(ANSWERS) + b"late bytes", PROBES, MARKER)["ls /a"]
        == ANSWERS[0]
    )


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 255))
def test_any_answer_survives(stdout: str, stderr: str, status: int) -> None:
    stdout = stdout.encode("utf-8", "ignore").decode()
    stderr = stderr.encode("utf-8", "ignore").decode()
    answer = RawProbe("ls /b", "done", status, 1.5, stdout, stderr)
    assert parse(written((ANSWERS[0], answer)), PROBES[:2], MARKER)["ls /b"] == answer


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_cut_loses_exactly_what_is_behind_it(cut: int) -> None:
    whole = written(ANSWERS)
    answers = tuple(parse(whole[:cut], PROBES, MARKER).values())
    for at, answer in enumerate(answers):
        end = re.search(rf"\n{MARKER} E {at} [^\n]*\n", whole.decode())
        assert end is not None
        assert answer == ANSWERS[at] if cut >= end.end() else answer.state == "missing"


def test_a_doubled_or_swapped_frame_is_missing() -> None:
    twice = written(ANSWERS) + frame(MARKER, 1, ANSWERS[0])
    answers = parse(twice, PROBES, MARKER)
    assert answers["ls /b"].state == "missing"
    assert answers["ls /a"] == ANSWERS[0]
    swapped = written(ANSWERS).replace(b" X 0", b" S 0 0")
    assert parse(swapped, PROBES, MARKER)["ls /a"].state == "missing"


def test_killed_before_the_deadline_is_missing() -> None:
    early = RawProbe("ls /c", "timeout", None, 0.5)
    assert parse(written((*ANSWERS[:2], early)), PROBES, MARKER)["ls /c"].state == "missing"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(), st.lists(st.sampled_from([
    b"\n", MARKER.encode(), b" B 0 1.0", b" X 0", b" S 0 0", b" E 0 2.0 0", b" E 0 2.0 137",
    b" Z 3", b" A", b" B 0", b" S 0 x",
    b" S 0", b" E 0", b" B 0 ..", b" E 0 1.1.1 137", b"x", b"\xff\0",
    b" B 999999 1", b" S 0 999999",
]), max_size=30).map(b"".join)))  # fmt: skip
def test_no_bytes_are_too_strange(output: bytes) -> None:
    answers = parse(output, PROBES, MARKER)
    assert list(answers) == [probe.command for probe in PROBES]
