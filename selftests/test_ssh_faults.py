"""One pool in which every dom0 has another fault: each its own cause, and none delays another."""

import contextlib
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from fixtures.dom0_reading import LARGEST_ANSWER, Dom0Address, read_dom0s
from fixtures.probes import INVENTORY, Probe
from fixtures.raw import RawDom0
from fixtures.secret import Secret
from fixtures.ssh_settings import SshFailureError, SshOptions, resolve
from selftests.sshd import running_sshd
from selftests.test_ssh_drivers import Runner, runner
from simpool.broken_ports import LOOPBACK, PortFault, broken_port
from simpool.data import CannedAnswer, SimPool, SimUser
from simpool.ssh_endpoint import SshEndpoint
from simpool.ssh_faults import SshFault

PASSWORD = "sesame open"
PROBES = (
    *(Probe(f"ls /{number}") for number in range(6)),
    Probe("cat /odd"),
    Probe("ls /hang", deadline=1),
)
HEALTHY = ("healthy 1", "healthy 2", "healthy 3")
ELSEWHERE = "ffffffff-ffff-4fff-8fff-ffffffffffff"
Fault = SshFault | PortFault | str


class Expected(NamedTuple):
    """What must be said of one host.

    `how` is the kind of the failure, or how the reading ended. `cause` matches the whole cause, and
    `openssh` instead of it where that program says other things. `lost` are answers without the rest.
    """

    how: str
    cause: str = ""
    openssh: str = ""
    lost: bool = False


HERE = r"127\.0\.0\.1"
PORT = rf"{HERE} \(port \d+\)"
WHO = rf"root@{HERE}"
KEY = rf"the SSH host key of {HERE} \(\[{HERE}\]:\d+\)"
SEEN = r"ssh-ed25519 SHA256:\S{43}"
TIMES = r" \(\d times in a row\)"
FULL = r"its sshd takes no more logins at once \(MaxStartups\), or none from here" + TIMES
GREETS = rf"{HERE}, which greets as (SSH-2\.0-)?OpenSSH_7\.4,"
LET_IN = rf"{HERE} let us in,"
LATE = r"within [\d.]+ s"
EXPECTED: Mapping[Fault, Expected] = {
    SshFault.REFUSE_LOGIN: Expected("login-refused", rf"{WHO}: the SSH login was refused: .+"),
    SshFault.CHANGED_KEY: Expected(
        "host-key-changed",
        rf"{KEY} is not the one in known_hosts: {SEEN}; nothing was sent to it",
    ),
    SshFault.UNKNOWN_KEY: Expected("host-key-unknown", rf"{KEY} is unknown: {SEEN}"),
    SshFault.BUSY: Expected("complete"),
    SshFault.LOGIN_HANGS: Expected("timeout", rf"{WHO}: the SSH login was not answered {LATE}"),
    SshFault.LOGIN_CUT: Expected(
        "dropped", rf"{WHO}: the connection was closed during the SSH login"
    ),
    SshFault.NO_SESSION: Expected(
        "no-session",
        rf"{HERE} let root in but opened no session: .+; its sshd may allow none, or no more "
        r"\(MaxSessions\)",
    ),
    SshFault.COMMAND_UNANSWERED: Expected(
        "timeout|deadline",
        rf"{HERE} let root in but began no command {LATE}",
        rf"{LET_IN} but the script did not begin before the host's deadline",
    ),
    SshFault.NO_SHELL: Expected(
        "dropped",
        rf"{LET_IN} but the shell ended \(status 1\) before the script began; it said: "
        r"This account is currently not available\.",
    ),
    SshFault.SILENT: Expected(
        "deadline", rf"{LET_IN} but the script did not begin before the host's deadline"
    ),
    SshFault.FLOOD: Expected("complete"),
    SshFault.ENDLESS: Expected(
        "cap",
        rf"{LET_IN} but its shell said more than is read before the script began; it said: x+…",
    ),
    SshFault.CHATTY: Expected("complete"),
    SshFault.DRIPS: Expected(
        "deadline",
        rf"{LET_IN} but the script did not begin before the host's deadline",
    ),
    SshFault.STALLS: Expected("deadline", lost=True),
    SshFault.CUT_OFF: Expected("dropped", lost=True),
    SshFault.ALTERED: Expected("complete", lost=True),
    SshFault.REPEATED: Expected("complete", lost=True),
    SshFault.MIXED: Expected("complete", lost=True),
    SshFault.HOLED: Expected("complete", lost=True),
    PortFault.REFUSED: Expected(
        "refused", rf"{PORT} refused the SSH connection", rf"{WHO}: refused the SSH connection: .+"
    ),
    PortFault.DROPPED: Expected(
        "timeout", rf"{PORT} did not answer {LATE}", rf"{WHO}: did not answer in time: .+"
    ),
    PortFault.SILENT: Expected(
        "timeout",
        rf"{PORT} accepted the connection and then said nothing for [\d.]+ s",
        rf"{WHO}: sent no SSH greeting in time: .+",
    ),
    PortFault.GREETS: Expected("timeout", rf"{GREETS} did not finish the key exchange {LATE}"),
    PortFault.DRIPS: Expected(
        "timeout",
        rf"{PORT} sent no SSH greeting {LATE}, only: S+…?",
        rf"{WHO}: sent no SSH greeting in time: .+",
    ),
    PortFault.LINES: Expected(
        "no-ssh",
        rf"{PORT} is no SSH server: \d+ bytes came from it without an SSH greeting, at the end: "
        r".*Welcome.*",
        rf"{PORT} is no SSH server: .*No SSH version received.*",
    ),
    PortFault.NO_LINE_END: Expected(
        "no-ssh",
        rf"{PORT} is no SSH server: \d+ bytes came from it without an SSH greeting, at the end: "
        r"x+…",
        rf"{PORT} is no SSH server: .*banner line too long.*",
    ),
    PortFault.HTTP: Expected(
        "no-ssh",
        rf"{PORT} is no SSH server: it closed the connection after saying: HTTP/1\.1 400 .+",
    ),
    PortFault.HANGS_UP: Expected(
        "busy", rf"{PORT} closed the connection before its SSH greeting: {FULL}"
    ),
    PortFault.FULL: Expected(
        "busy",
        rf"{PORT} closed the connection before its SSH greeting, saying: Exceeded MaxStartups: "
        + FULL,
    ),
    PortFault.HANGS_UP_GREETED: Expected(
        "busy", rf"{GREETS} closed the connection before the key exchange{TIMES}"
    ),
    PortFault.GARBAGE: Expected("dropped", rf"{GREETS} failed in the key exchange: .+"),
    PortFault.HUGE_PACKET: Expected(
        "dropped",
        rf"{GREETS} sent more than any key exchange needs",
        rf"{GREETS} failed in the key exchange: .*Bad packet length.*",
    ),
    PortFault.EMPTY_PACKETS: Expected(
        "timeout", rf"{GREETS} did not finish the key exchange {LATE}"
    ),
    "another machine": Expected(
        "complete",
        rf"the machine that answered at {HERE} is {ELSEWHERE} by its inventory, not \S+",
    ),
    "no inventory": Expected(
        "complete",
        rf"which machine answered at {HERE} is not known: its inventory could not be read: .+",
    ),
    **dict.fromkeys(HEALTHY, Expected("complete")),
}
UUIDS: Mapping[Fault, str] = {
    fault: f"{at:08x}-0000-4000-8000-00000000000f" for at, fault in enumerate(EXPECTED)
}


@pytest.fixture(params=["paramiko", "openssh"])
def driver(request: pytest.FixtureRequest) -> Literal["paramiko", "openssh"]:
    return request.param  # type: ignore[no-any-return]


def answers(fault: Fault) -> dict[str, CannedAnswer]:
    uuid = ELSEWHERE if fault == "another machine" else UUIDS[fault]
    found = {probe.command: CannedAnswer(f"{probe.command}\n") for probe in PROBES}
    found["cat /odd"] = CannedAnswer("\udcff\udcfe not UTF-8\x1b[2J\n", "\udcff", 3)
    found["ls /hang"] = CannedAnswer("part of it\n", hang=True)
    if fault != "no inventory":
        found[INVENTORY.command] = CannedAnswer(f"INSTALLATION_UUID='{uuid}'\n")
    return found


@contextlib.contextmanager
def faulty_pool(folder: Path) -> Iterator[SshOptions]:
    """A host per fault, and how they are reached."""
    servers = [fault for fault in EXPECTED if not isinstance(fault, PortFault)]
    pool = SimPool(
        "t", "7.2", {}, dom0={UUIDS[fault]: answers(fault) for fault in servers},
        users={"root": SimUser(PASSWORD)},
    )  # fmt: skip
    faults = {UUIDS[fault]: fault for fault in EXPECTED if isinstance(fault, SshFault)}
    with SshEndpoint(pool, faults) as endpoint, contextlib.ExitStack() as opened:
        ports = {UUIDS[fault]: opened.enter_context(broken_port(fault)) for fault in PortFault}
        (folder / "known_hosts").write_text("\n".join(endpoint.known_hosts_lines) + "\n")
        (folder / "config").write_text("IdentityAgent none\nIdentityFile none\n")
        yield SshOptions(
            config_file=folder / "config",
            known_hosts=(folder / "known_hosts",),
            password=Secret(PASSWORD),
            offer_keys=False,
            ports={**endpoint.ports, **ports},
        )


def children() -> set[str]:
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_every_fault_has_its_own_cause(
    driver: Literal["paramiko", "openssh"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    threads, before = set(threading.enumerate()), (descriptors(), children())
    ended: dict[str, float] = {}
    # Forty ssh programs on two processors are not given more time by their own limits.
    patience = {"paramiko": (4.0, 12.0), "openssh": (8.0, 20.0)}[driver]
    with faulty_pool(tmp_path) as options:
        given = replace(
            options, driver=driver, connect_timeout=patience[0], host_deadline=patience[1]
        )
        hosts = [Dom0Address(uuid, str(fault), LOOPBACK) for fault, uuid in UUIDS.items()]
        begun = time.monotonic()
        found = read_dom0s(
            hosts, PROBES, given, 60,
            lambda host, _raw: ended.__setitem__(host.uuid, time.monotonic() - begun),
        )  # fmt: skip
        seconds = time.monotonic() - begun
        left_over = [one.name for one in threading.enumerate() if one.name.startswith("dom0-")]
        assert list(scratch.iterdir()) == []
    assert {fault: problem(fault, found[uuid], driver) for fault, uuid in UUIDS.items()} == (
        dict.fromkeys(UUIDS, "")
    )
    assert seconds < 60
    assert len(ended) == len(UUIDS)
    # Who answers is not kept waiting by those who do not.
    assert max(ended[UUIDS[name]] for name in HEALTHY) < patience[1]
    assert left_over == []
    assert (descriptors(), children()) == before
    assert [one for one in threading.enumerate() if one not in threads and one.is_alive()] == []


def problem(fault: Fault, raw: RawDom0, driver: str) -> str:
    """What is wrong with what was made of a host; nothing if it is as expected."""
    expected = EXPECTED[fault]
    how = raw.connection.get("failure") or raw.connection.get("ended")
    cause = expected.openssh if driver == "openssh" and expected.openssh else expected.cause
    if (
        not re.fullmatch(expected.how, str(how))
        or not re.fullmatch(cause, raw.cause)
        or "\n" in raw.cause
    ):
        return f"{how}: {raw.cause}"
    if raw.connection.get("bytes", 0) > LARGEST_ANSWER + 200_000:
        return "more was kept than is asked for"
    if raw.cause:
        return "answers of a host that was not read" if raw.probes else ""
    return answers_problem(raw, lost=expected.lost)


def answers_problem(raw: RawDom0, *, lost: bool) -> str:
    """Every answer is whole, or it is missing; none is half."""
    states = [raw.probes[probe.command].state for probe in PROBES]
    for probe, state in zip(PROBES, states, strict=True):
        said = raw.probes[probe.command]
        if state == "missing" and lost:
            continue
        wanted = {
            "cat /odd": ("done", 3, "\ufffd\ufffd not UTF-8\x1b[2J\n"),
            "ls /hang": ("timeout", None, "part of it\n"),
        }.get(probe.command, ("done", 0, f"{probe.command}\n"))
        if (said.state, said.status, said.stdout) != wanted:
            return f"{probe.command}: {said}"
    if lost and states[0] == "done" and "missing" not in states:
        return "nothing is lost"
    return "" if states[0] == "done" else "what came before the fault is lost too"


def test_what_has_no_login_yet_is_ended_with_the_reading(tmp_path: Path) -> None:
    stop = threading.Event()
    with faulty_pool(tmp_path) as options:
        slow = (PortFault.SILENT, PortFault.GREETS, SshFault.LOGIN_HANGS, SshFault.SILENT)
        given = replace(options, connect_timeout=60.0)
        hosts = [Dom0Address(UUIDS[fault], "a", LOOPBACK) for fault in slow]
        threading.Timer(1.5, stop.set).start()
        begun = time.monotonic()
        found = read_dom0s(hosts, PROBES, given, 60, stop=stop)
        assert time.monotonic() - begun < 20
    assert all("interrupted" in raw.cause for raw in found.values()), found


def run_once(run: Runner, options: SshOptions, script: bytes = b"echo in") -> bytes:
    uuid = next(iter(options.ports))
    output = run(resolve(options, uuid, LOOPBACK), script, 30.0, 1 << 20, threading.Event())
    return bytes(output.stdout)


def test_max_startups_of_a_real_sshd(driver: str, tmp_path: Path) -> None:
    """Its waiting places are taken: that is said; and once they are free, the next try gets in."""
    uuid = UUIDS["healthy 1"]
    with running_sshd(tmp_path / "sshd", "MaxStartups 2:100:2\nLoginGraceTime 60") as server:
        options = server.options(driver=driver, ports={uuid: server.port})
        time.sleep(0.3)  # the test of its start is no waiting login any more
        with contextlib.ExitStack() as places:
            for _ in range(2):
                taken = socket.create_connection((LOOPBACK, server.port))
                places.enter_context(taken).recv(10)
            with pytest.raises(SshFailureError, match="MaxStartups") as raised:
                run_once(runner(driver), options)
            assert raised.value.kind == "busy"
            threading.Timer(1.0, places.pop_all().close).start()
        raw = read_dom0s([Dom0Address(uuid, "a", LOOPBACK)], [], options, 30)[uuid]
    assert "inventory could not be read" in raw.cause  # this machine answered, and is no dom0


def test_max_sessions_of_a_real_sshd(driver: str, tmp_path: Path) -> None:
    with running_sshd(tmp_path / "sshd", "MaxSessions 0") as server:
        options = server.options(driver=driver, ports={UUIDS["healthy 1"]: server.port})
        with pytest.raises(SshFailureError, match=r"let .* in but opened no session") as raised:
            run_once(runner(driver), options)
    assert raised.value.kind == "no-session"


def test_a_command_of_several_programs_is_ended_whole(tmp_path: Path) -> None:
    """A ProxyCommand that leaves a child behind its shell."""
    config = tmp_path / "config"
    config.write_text("ProxyCommand sleep 98764.3 | cat >/dev/null\n")
    options = SshOptions(config_file=config, ports={"u": 1}, connect_timeout=1.0)
    with pytest.raises(SshFailureError):
        run_once(runner("paramiko"), options)
    until = time.monotonic() + 10  # what is killed needs a moment to be gone
    while runs("98764.3") and time.monotonic() < until:
        time.sleep(0.05)
    assert not runs("98764.3")


def runs(word: str) -> bool:
    """Whether a process with this word in its command line runs."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                return True
    return False
