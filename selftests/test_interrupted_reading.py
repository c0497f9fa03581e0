"""Ctrl-C and SIGTERM in every phase of an audit: bounded, logged out, and the bundle is written."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fixtures.dom0_reading import Dom0Address, read_dom0s
from fixtures.ssh_settings import SshOptions
from reports.manifest import UNDER_WAY, verify
from selftests.live_pool import LivePool, live
from selftests.running import ROOT, Run, audit, clean_environment
from selftests.screen import Screen, Terminal
from simpool.pools import build
from simpool.ssh_endpoint import SshFault
from simpool.xenapi_server import Usual

SECONDS = 90.0
# A plugin that stops at one moment until it is told to go on, or until a signal ends the moment.
HOLDER = """
import os, pathlib, time

import fixtures.reading
import reports.session

FOLDER = pathlib.Path(os.environ["HELD_IN"])
PHASES = os.environ["HELD_AT"].split()

def hold(phase):
    if phase in PHASES:
        (FOLDER / phase).touch()
        until = time.monotonic() + 60
        while not (FOLDER / (phase + ".go")).exists() and time.monotonic() < until:
            time.sleep(0.02)

def held(module, name, phase):
    usual = getattr(module, name)
    def instead(*args, **more):
        hold(phase)
        return usual(*args, **more)
    setattr(module, name, instead)

held(fixtures.reading, "write_facts", "storing")
held(reports.session, "open_account", "planning")
held(reports.session, "write_results", "writing")
judged = []

def pytest_collection_modifyitems(items):
    hold("collecting")

def pytest_runtest_logstart(nodeid, location):
    judged.append(nodeid)
    if len(judged) == 20:
        hold("judging")
"""


class Started:
    """An audit under way in a process of its own; every process that it starts bears its mark."""

    def __init__(
        self,
        folder: Path,
        *words: str,
        terminal: Terminal | None = None,
        environment: Mapping[str, str] | None = None,
        held_at: str = "",
    ) -> None:
        self.folder, self.archive = folder, folder / "archive"
        self.mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
        (folder / "holder.py").write_text(HOLDER)
        extra = {"PYTHONPATH": str(folder), "HELD_IN": str(folder), "HELD_AT": held_at}
        found = {**clean_environment(**extra, MARK=self.mark), **(environment or {})}
        if terminal is not None:
            found = {**found, "CI": "", "TERM": "xterm"}
        options = ["-p", "no:hypothesispytest", "-p", "holder", f"--archive={self.archive}"]
        self._out = folder / "out"

        def prepare() -> None:
            # A job in the background of a script is born with Ctrl-C ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if terminal is not None:
                fcntl.ioctl(terminal.theirs, termios.TIOCSCTTY, 0)

        with self._out.open("wb") as out:
            screen = out.fileno() if terminal is None else terminal.theirs
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *options, *words],
                cwd=ROOT, env=found, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen,
                start_new_session=True, preexec_fn=prepare,  # noqa: PLW1509
            )  # fmt: skip

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for a moment that must come."""
        end = time.monotonic() + SECONDS
        while not ready():
            if time.monotonic() > end or self.process.poll() is not None:
                self.process.kill()
                self.process.wait()
                pytest.fail(f"it did not come to that: {self._out.read_text()}")
            time.sleep(0.02)

    def at(self, phase: str) -> None:
        """Wait until it is held in a phase."""
        self.until((self.folder / phase).exists)

    def go(self, phase: str) -> None:
        """Let it go on."""
        (self.folder / f"{phase}.go").touch()

    def press(self, sent: signal.Signals = signal.SIGINT) -> None:
        """A signal, and wait until it was answered with words."""
        before = len(self._answers())
        self.process.send_signal(sent)
        self.until(lambda: len(self._answers()) > before)

    def _answers(self) -> list[str]:
        return re.findall(r"^(?:Ctrl-C|SIGTERM): .*$", self._out.read_text(), re.MULTILINE)

    def end(self) -> Run:
        """Wait for its end, which leaves nothing of it behind."""
        try:
            self.process.wait(timeout=SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
        out = self._out.read_text()
        assert "Traceback" not in out
        assert "Exception ignored" not in out
        assert not list(self._marked())
        return Run(self.process.returncode, out, self.archive)

    def _marked(self) -> Iterator[int]:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    yield int(folder.name)
            except OSError:
                continue


def incomplete(run: Run) -> None:
    """It ended as it should: one whole bundle with the verdict INCOMPLETE."""
    assert run.code == 40, run.out
    assert run.results["verdict"] == "INCOMPLETE"
    assert run.results["flags"]["incomplete"]
    assert verify(run.bundle) == ()
    assert not (run.bundle / UNDER_WAY).exists()
    assert "\nINCOMPLETE" in run.out


def held(pool: LivePool, method: str) -> tuple[threading.Event, threading.Event]:
    """Have a call answered late: when it was asked, and when it may be answered."""
    asked, over = threading.Event(), threading.Event()

    def slow(*_params: object) -> object:
        asked.set()
        over.wait(60)
        return Usual()

    pool.xenapi.faults[method] = slow
    return asked, over


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was not interrupted, to be judged again: that takes less time."""
    return audit(tmp_path_factory.mktemp("whole"), "--pool=sim", "--no-database-copy").bundle


def test_while_the_xenapi_is_read_what_is_there_is_judged(tmp_path: Path) -> None:
    with live(build("default"), tmp_path) as pool:
        asked, over = held(pool, "SR.get_all_records")
        run = Started(tmp_path, *pool.words, environment=pool.environment)
        run.until(asked.is_set)
        run.press()
        ended = run.end()
        left = len(pool.xenapi.sessions)
        over.set()
    incomplete(ended)
    assert left == 0, "the session was not closed"
    assert "Ctrl-C: the reading stops; what was read is judged" in ended.out
    assert "Ctrl-C again" in ended.out
    ledger = ended.results["ledger"]
    assert ledger["judged"] + ledger["not-verified"] > 100
    assert ledger["not-reached"] == 0
    # What was not read is not taken for good.
    assert {one["outcome"] for one in ended.results["outcomes"]} >= {"pass", "not-verified"}
    again = audit(tmp_path / "again", f"--pool={ended.bundle}")
    assert again.results["outcomes"] == ended.results["outcomes"]
    assert again.code == 40


def test_twice_while_the_xenapi_is_read_nothing_is_judged(tmp_path: Path) -> None:
    with live(build("default"), tmp_path) as pool:
        asked, over = held(pool, "SR.get_all_records")
        leaving, left = held(pool, "session.logout")
        run = Started(tmp_path, *pool.words, environment=pool.environment)
        run.until(asked.is_set)
        run.press()
        run.until(leaving.is_set)
        run.press()
        left.set()
        ended = run.end()
        over.set()
        assert not pool.xenapi.sessions
    incomplete(ended)
    assert "Ctrl-C: nothing is judged" in ended.out
    assert {one["outcome"] for one in ended.results["outcomes"]} <= {"not-verified"}
    assert ended.results["ledger"]["not-reached"] > 100


def test_while_the_pool_is_left_nothing_that_was_read_is_lost(tmp_path: Path) -> None:
    with live(build("default"), tmp_path) as pool:
        asked, over = held(pool, "session.logout")
        run = Started(tmp_path, *pool.words, environment=pool.environment)
        run.until(asked.is_set)
        run.press()
        over.set()
        ended = run.end()
        assert not pool.xenapi.sessions
    incomplete(ended)
    assert ended.results["ledger"]["judged"] == 0
    again = audit(tmp_path / "again", f"--pool={ended.bundle}")
    assert not again.results["flags"]["incomplete"], "all of it was there"
    assert not any("interrupted" in one["cause"] for one in again.results["outcomes"])


def test_before_there_is_a_pool(tmp_path: Path) -> None:
    with live(build("default"), tmp_path) as pool:
        asked, over = held(pool, "pool.get_all_records")
        run = Started(tmp_path, *pool.words, environment=pool.environment)
        run.until(asked.is_set)
        run.press()
        ended = run.end()
        left = len(pool.xenapi.sessions)
        over.set()
    assert ended.code == 40, ended.out
    assert left == 0
    assert not ended.bundles


@pytest.mark.parametrize("driver", ["paramiko", "openssh"])
def test_while_a_dom0_is_read_by_sigterm(driver: str, tmp_path: Path) -> None:
    default = build("default")
    silent = min(default.dom0)
    with live(default, tmp_path, {silent: SshFault.SILENT}) as pool:
        words = [*pool.words, f"--ssh-driver={driver}"]
        run = Started(tmp_path, *words, environment=pool.environment)
        run.until(lambda: pool.ssh.sessions(silent) > 0)
        run.press(signal.SIGTERM)
        ended = run.end()
        left = len(pool.xenapi.sessions)
    incomplete(ended)
    assert left == 0
    assert "SIGTERM: the reading stops" in ended.out
    causes = {one["cause"] for one in ended.results["outcomes"] if one["outcome"] == "not-verified"}
    assert any("interrupted" in cause for cause in causes), causes


@pytest.mark.parametrize("phase", ["storing", "planning"])
def test_when_the_reading_is_over_and_nothing_is_judged_yet(
    phase: str, whole: Path, tmp_path: Path
) -> None:
    run = Started(tmp_path, f"--pool={whole}", held_at=phase)
    run.at(phase)
    run.press()
    run.press(signal.SIGTERM)
    run.go(phase)
    ended = run.end()
    incomplete(ended)
    assert ended.results["ledger"]["judged"] == 0
    assert ended.results["ledger"]["not-reached"] == ended.results["ledger"]["planned"]


def test_while_checks_are_collected(whole: Path, tmp_path: Path) -> None:
    run = Started(tmp_path, f"--pool={whole}", held_at="collecting")
    run.at("collecting")
    run.press()
    ended = run.end()
    incomplete(ended)
    assert ended.results["ledger"]["judged"] == 0


def test_again_and_again_while_checks_are_judged_and_the_bundle_is_written(
    whole: Path, tmp_path: Path
) -> None:
    run = Started(tmp_path, f"--pool={whole}", held_at="judging writing")
    run.at("judging")
    run.press()
    run.at("writing")
    run.press()
    run.press(signal.SIGTERM)
    run.press()
    run.go("writing")
    ended = run.end()
    incomplete(ended)
    assert "the judging stops; the bundle is written" in ended.out
    assert "!!!" not in ended.out
    assert ended.out.count("is being written") == 3
    assert 0 < len(ended.results["outcomes"]) < 100
    assert ended.results["ledger"]["not-reached"] > 100


def test_the_deadline_is_a_fact(tmp_path: Path) -> None:
    default = build("default")
    silent = min(default.dom0)
    with live(default, tmp_path, {silent: SshFault.SILENT}) as pool:
        run = pool.audit("--deadline=5s")
        assert not pool.xenapi.sessions
    assert run.code == 30, run.out
    assert run.results["verdict"] == "NOT VERIFIED"
    note = "the reading ended at its deadline of 5 s (--deadline)"
    assert any(note in one for one in run.results["notes"])
    assert note in " ".join(run.out.split())
    causes = {one["cause"] for one in run.results["outcomes"] if one["outcome"] == "not-verified"}
    assert any(re.search("deadline|within|in time", cause) for cause in causes), causes
    again = audit(tmp_path / "again", f"--pool={run.bundle}")
    assert again.results["outcomes"] == run.results["outcomes"]
    assert again.results["notes"] == run.results["notes"]


def test_typed_at_a_terminal(tmp_path: Path) -> None:
    default = build("default")
    silent = min(default.dom0)
    name = next(
        host["name_label"] for host in default.records["host"].values() if host["uuid"] == silent
    )
    screen = Screen(100)
    with live(default, tmp_path, {silent: SshFault.SILENT}) as pool, Terminal(100) as terminal:
        words = [*pool.words, "--ssh-driver=openssh"]
        run = Started(tmp_path, *words, terminal=terminal, environment=pool.environment)

        def drawn(text: str) -> Callable[[], bool]:
            return lambda: text in "\n".join(screen.feed(terminal.read()).rows)

        run.until(drawn("3 contacted, 2 answering"))
        run.until(drawn(f"slowest: {name}"))
        run.until(drawn("Ctrl-C: stop reading, judge what is there"))
        assert len(screen.rows) == 3
        assert re.match(r"0:\d\d, 9:\d\d left · ", screen.rows[0])
        os.write(terminal.ours, b"\x03")
        run.until(drawn("Ctrl-C again: judge nothing, write the bundle, end"))
        while run.process.poll() is None:
            screen.feed(uncoloured(terminal.read()))
            time.sleep(0.02)
        screen.feed(uncoloured(terminal.read()))
        ended = run.end()
        assert not pool.xenapi.sessions
    assert ended.code == 40
    assert ended.results["verdict"] == "INCOMPLETE"
    assert screen.rows[0].startswith("Ctrl-C: the reading stops")
    assert not any("contacted" in row or "to go" in row for row in screen.rows)
    assert any(row.startswith("INCOMPLETE") for row in screen.rows)


def test_the_terminal_hangs_up(tmp_path: Path) -> None:
    default = build("default")
    silent = min(default.dom0)
    with live(default, tmp_path, {silent: SshFault.SILENT}) as pool:
        with Terminal(100) as terminal:
            run = Started(tmp_path, *pool.words, terminal=terminal, environment=pool.environment)
            run.until(lambda: "slowest" in terminal.read())
        assert run.end().code == 40
        assert not pool.xenapi.sessions
    (bundle,) = (tmp_path / "archive").glob("*/*")
    assert verify(bundle) == ()
    assert json.loads((bundle / "results.json").read_bytes())["verdict"] == "INCOMPLETE"


def uncoloured(text: str) -> str:
    """The findings may have colours; where the cursor goes is another matter."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_an_address_reaches_no_command(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    config = tmp_path / "config"
    config.write_text(f'Match exec "touch {seen}; echo %h"\n User x\n')
    hostile = ["", "-oProxyCommand=touch x", "$(touch x)", "a;touch x", "a b", "a\nb", "`x`"]
    hosts = [Dom0Address(str(n), "x", address) for n, address in enumerate(hostile)]
    for driver in ("paramiko", "openssh"):
        options = SshOptions(config_file=config, driver=driver)
        found = read_dom0s(hosts, [], options, 20)
        assert {raw.cause for raw in found.values()} == {
            "the address of this host is not known, or is none"
        }
    assert not seen.exists()
    assert not Path("x").exists()
