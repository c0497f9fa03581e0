"""Arbitrary bytes into whatever reads what a dom0, its sshd or the ssh program has written."""

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures import ssh_openssh_messages
from fixtures.dom0_framing import begun, parse
from fixtures.probes import Probe
from fixtures.raw import RawProbe
from fixtures.ssh_known_hosts import HostKey, read_known_keys
from fixtures.ssh_openssh_endings import no_session, unfinished
from fixtures.ssh_openssh_messages import OWN_END, evidence, failure
from fixtures.ssh_paramiko import run_script
from fixtures.ssh_settings import SshFailureError, SshOptions, SshTarget, resolve
from reports.text import one_line
from simpool.broken_ports import GREETING, LOOPBACK
from simpool.dom0_frames import closing, frame, opening

MARKER = "poolproof-0123456789abcdef0123456789abcdef"
PROBES = tuple(Probe(f"ls /{number}", cap=64) for number in range(5))
ANSWERS = (
    RawProbe(PROBES[0].command, "done", 0, 0.25, "one\ntwo\n", ""),
    RawProbe(PROBES[1].command, "done", 2, 0.0, "", "ls: cannot access"),
    RawProbe(PROBES[2].command, "done", 0, 1.0, "x" * 64, "", truncated=True),
    RawProbe(PROBES[3].command, "timeout", None, 10.0, "part"),
    RawProbe(PROBES[4].command, "done", 255, 0.5, f"{MARKER[:-1]} B 0\n", f"{MARKER} E"),
)
WHOLE = (
    opening(MARKER)
    + b"".join(frame(MARKER, at, answer, 100.0) for at, answer in enumerate(ANSWERS))
    + closing(MARKER, len(ANSWERS))
)
PLACE = st.integers(0, len(WHOLE))
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            f"\n{MARKER} {rest}\n".encode()
            for rest in ("B 0 1.0", "X 0", "S 0 0", "E 0 2.0 0", "Z 5")
        ]
    ),
)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The whole output with parts taken out, doubled, moved, overwritten or added."""
    output = WHOLE
    for _ in range(draw(st.integers(1, 4))):
        at, to = sorted((draw(PLACE), draw(PLACE)))
        output = draw(
            st.sampled_from([
                output[:at] + output[to:],
                output[:to] + output[at:],
                output[:at] + output[at:to][::-1] + output[to:],
                output[to:] + output[:to],
                output[:at] + draw(PIECES) + output[at:],
                output[:at] + draw(PIECES) + output[to:],
            ])
        )  # fmt: skip
    return output


def kinds(output: bytes) -> list[tuple[str, int]]:
    """Every mark in the output; read line by line, so otherwise than `parse` does."""
    pattern = re.compile(rf"{MARKER} ([BXSE]) (\d{{1,6}})(?: [\d.]{{0,20}}){{0,2}}".encode())
    found = [pattern.fullmatch(line) for line in output.split(b"\n")[1:-1]]
    return [(match[1].decode(), int(match[2])) for match in found if match]


def is_whole(output: bytes, index: int) -> bool:
    """Whether a probe's marks are there once, in their order, with no other between them."""
    marks = kinds(output)
    own = [mark for mark in marks if mark[1] == index]
    if [kind for kind, _ in own] != list("BXSE"):
        return False
    first = marks.index(own[0])
    return marks[first : first + 4] == own


@settings(max_examples=400, deadline=None)
@given(st.one_of(mutations(), st.binary(max_size=300)))
def test_no_answer_is_made_of_a_part_of_one(output: bytes) -> None:
    answers = parse(output, PROBES, MARKER)
    assert list(answers) == [probe.command for probe in PROBES]
    begun(output, MARKER)
    for index, (probe, answer) in enumerate(zip(PROBES, answers.values(), strict=True)):
        if answer.state == "done":
            assert is_whole(output, index)
            assert answer.status in range(256)
        if answer.state == "timeout":
            assert answer.status is None
            assert answer.seconds >= 0.9 * probe.deadline
        if answer.state == "missing":
            assert answer == RawProbe(probe.command, "missing")
        assert len(answer.stdout.encode()) <= 3 * probe.cap  # a byte may become a replacement


def test_what_is_not_touched_is_read_as_before() -> None:
    assert tuple(parse(WHOLE, PROBES, MARKER).values()) == ANSWERS


def test_an_answer_of_marks_is_read_in_time() -> None:
    """As many marks as fit: nothing here may grow with the square of the output."""
    flood = f"\n{MARKER} B 0 1.0\n{MARKER} X 0".encode() * 30_000
    assert parse(flood, PROBES, MARKER)[PROBES[0].command].state == "missing"
    assert parse(b"\n" * 2_000_000, PROBES, MARKER)[PROBES[0].command].state == "missing"


KEY = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519" + b"\0\0\0 " + bytes(range(32)))
OTHER = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519" + b"\0\0\0 " + bytes(32))
WORDS = st.sampled_from([
    "10.0.0.1", "[10.0.0.1]:22", "*", "!10.0.0.1", "@revoked", "@cert-authority", "#", "|1|", "|1|a|b",
    "|1|\u00e4|\u00e4", "|1|AAAA|AAAA|", "ssh-ed25519", "ssh-rsa", "AAAA", "AA", "\u00e4", "===", "",
    "1024", "65537", "[", "*" * 40 + "x",
])  # fmt: skip
LINES = st.one_of(
    st.binary(max_size=80),
    st.lists(WORDS, max_size=5).map(" ".join).map(str.encode),
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(LINES, max_size=12), st.lists(LINES, max_size=12))
def test_any_known_hosts_file(tmp_path: Path, before: list[bytes], behind: list[bytes]) -> None:
    """Rubbish neither hides a key, nor makes one known."""
    file = tmp_path / "known_hosts"
    safe = [line for line in (*before, *behind) if b"!" not in line and b"@" not in line]
    rubbish = [line.replace(b"\n", b" ").replace(b"\r", b" ") for line in safe]
    file.write_bytes(b"\n".join([*rubbish, KEY.line("10.0.0.1").encode()]))
    assert read_known_keys([file], "10.0.0.1").judge(KEY) == "known"
    file.write_bytes(b"\n".join([*before, *behind]))
    assert read_known_keys([file], "10.0.0.1").judge(OTHER) != "known"


@pytest.fixture
def target(tmp_path: Path) -> SshTarget:
    (tmp_path / "config").write_text("")
    return resolve(SshOptions(config_file=tmp_path / "config"), "u", "10.0.0.1")


SAYINGS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from([
            "debug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups",
            "debug1: Remote protocol version 2.0, remote software version \x1b[2J",
            "debug1: Server host key: ssh-ed25519 SHA256:\u202e", "Authenticated to",
            "kex_exchange_identification: Connection closed by remote host",
            "Host key verification failed.", "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
            "No ED25519 host key is known for \x1b]0;x\x07 and you", "Permission denied (publickey).",
            "channel 0: open failed: \x00: \u2028", "Unable to negotiate: no matching cipher found.",
            "x" * 5000, OWN_END,
        ]),
    ),
    max_size=8,
).map("\n".join)  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SAYINGS, st.sampled_from([{}, {"proxyjump": "bastion", "port": "22"}]))
def test_whatever_ssh_says_is_one_line(
    target: SshTarget, said: str, effective: dict[str, str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssh_openssh_messages, "fetch_host_key", lambda *_: None)
        found = [failure(target, said, effective), no_session(target, said)]
    found += [unfinished(target, ended, 1.0, said) for ended in ("deadline", "cap", "stopped")]
    for error in found:
        cause = error.cause if error else ""
        assert one_line(cause) == cause
        assert len(cause) < 2000
    for value in evidence(target, said, effective, {}).values():
        assert not isinstance(value, str) or one_line(value) == value


@pytest.fixture(scope="module")
def speaker() -> Iterator[tuple[int, list[bytes]]]:
    """A port that says the first of a list to whoever comes, and hangs up."""
    says = [b""]
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not over.is_set():
            try:
                sock = listener.accept()[0]
            except TimeoutError:
                continue
            with sock:
                sock.sendall(says[0])
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(2)
                while sock.recv(65_536):
                    pass

    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], says
        over.set()
        thread.join(timeout=10)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.tuples(st.sampled_from([b"", GREETING, b"SSH-1.5-x\n", b"SSH-"]), st.binary()))
def test_whatever_a_port_says_is_a_declared_failure(
    tmp_path: Path, speaker: tuple[int, list[bytes]], said: tuple[bytes, bytes]
) -> None:
    port, says = speaker
    says[0] = b"".join(said)
    (tmp_path / "config").write_text("IdentityAgent none\nIdentityFile none\n")
    options = SshOptions(config_file=tmp_path / "config", ports={"u": port}, connect_timeout=5.0)
    with pytest.raises(SshFailureError) as raised:
        run_script(resolve(options, "u", LOOPBACK), b"", 10.0, 1000, threading.Event())
    assert raised.value.kind in ("busy", "no-ssh", "dropped", "unreachable")
    assert one_line(raised.value.cause) == raised.value.cause
