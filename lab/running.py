"""Starts a laboratory, and runs commands in the network of its pool."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.hosts import LabSpec, address

ROOT: Final = Path(__file__).resolve().parent.parent
_START: Final = (
    "unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
    "--mount-proc",
)  # fmt: skip
KEY, KNOWN_HOSTS, CONFIG = "/mnt/id", "/mnt/known_hosts", "/mnt/config"


class LabError(RuntimeError):
    """The laboratory did not start."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory that runs.

    Attributes:
        spec: what it consists of.
        process: its process 1, as seen from outside.
        fingerprint: SHA-256 of the coordinator's certificate.
        password: of the XenAPI account root.
        uuids: host name -> uuid.
        base_seconds: what building the shared roots and all files took.
        start_seconds: from there until every host answered.
        host_mb: memory of one host, in megabytes.
    """

    spec: LabSpec
    process: int
    fingerprint: str
    password: str
    uuids: dict[str, str]
    base_seconds: float
    start_seconds: float
    host_mb: float

    def command(self, *args: str, round_trip: int = 0) -> list[str]:
        """A command as it is run in the pool's network, `round_trip` milliseconds away.

        It has the laboratory's mounts and processes too, and so ends with it.
        """
        enter = ["nsenter", "--target", str(self.process), "--net", "--mount", "--pid", "--"]
        away = ["nsenter", f"--net=/mnt/net-{round_trip}", "--"] if round_trip else []
        return [*enter, *away, "env", "-C", str(ROOT), *args]

    def audit_options(self) -> list[str]:
        """What an audit is told to get in; the password is given apart, by `environment`."""
        return [
            f"--pool={address(0)}",
            f"--tls-fingerprint={self.fingerprint}",
            f"--ssh-config={CONFIG}",
            f"--ssh-identity-file={KEY}",
            f"--known-hosts={KNOWN_HOSTS}",
            "--ssh-user=root",
        ]

    @property
    def environment(self) -> dict[str, str]:
        """For the process that audits."""
        return {"POOLPROOF_PASSWORD": self.password, "SSH_AUTH_SOCK": ""}


@contextlib.contextmanager
def running_lab(spec: LabSpec) -> Iterator[Lab]:
    """Run a laboratory while the block lasts; `lab.needs.missing` says whether it can.

    Raises:
        LabError: it did not start.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*_START, sys.executable, "-m", "lab.machine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            text=True,
            start_new_session=True,  # a Ctrl-C of the terminal is for us, who then end it
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(spec.as_json()) + "\n")
            process.stdin.flush()
            told = process.stdout.readline()
            if not told:
                errors.seek(0)
                raise LabError(errors.read().decode("utf-8", "replace").strip()[-2000:])
            yield Lab(spec, _only_child(process.pid), **json.loads(told))
        finally:
            with contextlib.suppress(OSError):
                process.stdin.close()  # this ends it, and with it everything inside
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _only_child(process: int) -> int:
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return int(children.split()[0])


def measured(command: Sequence[str], seconds: float) -> str:
    """Standard output of a command, which must succeed within some seconds."""
    done = subprocess.run(command, capture_output=True, check=False, timeout=seconds)
    if done.returncode:
        raise LabError(f"{command[-1]}: {done.stderr.decode('utf-8', 'replace')[-2000:]}")
    return done.stdout.decode("utf-8", "replace")
