"""Runs the laboratories that the tests share, each once, and prints what they cost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from fixtures.facts_store import read_facts
from fixtures.raw import RawDom0
from lab.hosts import TARGETS, HostSpec, LabSpec, plain
from lab.needs import missing
from lab.running import Lab, running_lab
from selftests.running import Run, clean_environment

FAULTY = LabSpec(
    (
        HostSpec("first", ("block devices",)),
        HostSpec("mbr", ("one session",), layout="A"),
        HostSpec("small", ("banner",), layout="B"),
        HostSpec("bare", base="busybox"),
        HostSpec("down", ("no sshd",)),
        HostSpec("silent", ("packets dropped",)),
        HostSpec("swapped", ("another machine",)),
        HostSpec("rekeyed", ("changed key",)),
        HostSpec("full", ("sshd full",)),
        HostSpec("timeless", ("clock off",)),
        HostSpec("stubborn", ("stubborn probe",)),
        HostSpec("read-only", ("full tmp", "read-only root")),
        HostSpec("neglected", ("block devices", "full log", "stopped service", "foreign package")),
    )
)
"""One host per fault, or several faults that do not meet."""

OLD = LabSpec(
    (
        HostSpec("old-mbr", layout="A"),
        HostSpec("old-gpt", layout="B"),
        HostSpec("old-bare", layout="B", base="busybox"),
        *plain(5),
    ),
    release="6.5",
    round_trips=(20,),
)
"""Before systemd, and audited from 20 ms away."""

_FIGURES: list[str] = []


@dataclass(frozen=True)
class Audited:
    """A laboratory while it runs, and one audit of it.

    Attributes:
        lab: the laboratory.
        run: the audit.
        left: processes inside that are none of the laboratory's own, once the audit had ended.
    """

    lab: Lab
    run: Run
    left: list[str]

    @cached_property
    def dom0(self) -> dict[str, RawDom0]:
        """Host name -> what was read of its dom0."""
        raw = read_facts(self.run.bundle / "facts").dom0
        return {name: raw[uuid] for name, uuid in self.lab.uuids.items()}

    def words(self, check: str, name: str) -> tuple[str, str]:
        """Outcome of a check on a host, and its message, cause or reason."""
        found = self.run.of(check, name)
        said: list[Any] = [found.get(key) or "" for key in ("message", "cause", "reason")]
        return str(found["outcome"]), " ".join(filter(None, map(str, said)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured on the way."""
    for line in _FIGURES:
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip everything, and say why, where there can be no laboratory."""
    if why := missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """The pool in which every host has another fault."""
    with running_lab(FAULTY) as lab:
        yield _audited(lab, tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """A pool of XenServer 6.5."""
    with running_lab(OLD) as lab:
        yield _audited(lab, tmp_path_factory.mktemp("old"))


def _audited(lab: Lab, archive: Path) -> Audited:
    own = _processes(lab)
    target = f"--target={TARGETS[lab.spec.release]}"
    options = [*lab.audit_options(), target, "--layout=keep", f"--archive={archive}"]
    round_trip = max(lab.spec.round_trips, default=0)
    program = (sys.executable, "-m", "pytest", "-p", "no:hypothesispytest")
    begun = time.monotonic()
    done = subprocess.run(
        lab.command(*program, *options, round_trip=round_trip),
        env=clean_environment(**lab.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    seconds = time.monotonic() - begun
    _FIGURES.append(
        f"{len(lab.spec.hosts)} hosts: files {lab.base_seconds:.1f} s, start {lab.start_seconds:.1f} s, "
        f"{lab.host_mb:.1f} MB a host; audit from {round_trip} ms away {seconds:.1f} s"
    )
    time.sleep(1)  # sshd needs a moment to see that a connection has ended
    left = [name for number, name in _processes(lab).items() if number not in own]
    return Audited(lab, Run(done.returncode, done.stdout.decode("utf-8", "replace"), archive), left)


def _processes(lab: Lab) -> dict[int, str]:
    """Every process of the laboratory, by its number inside."""
    listed = subprocess.run(
        lab.command("ps", "-e", "-o", "pid=,args="), capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return {int(number): name for number, name in rows if "ps -e -o pid=" not in name}
