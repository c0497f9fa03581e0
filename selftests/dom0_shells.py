"""Shells that may be the `sh` of a dom0, and running the dom0 script in one of them."""

import shutil
import subprocess
from pathlib import Path

import pytest

SHELLS = ("bash", "dash", "busybox")
_APPLETS = ("head", "cat", "sleep", "setsid", "ls", "sed", "grep", "sort", "wc", "tail")


def place_shell(name: str, tmp_path: Path) -> Path:
    """The `sh` of a directory of its own, for every shell that the script starts; or skip."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "sh").symlink_to(found)
    if name == "busybox":  # its own tools as well, as far as it has them
        for applet in _APPLETS:
            (directory / applet).symlink_to(found)
    return directory / "sh"


def run(shell: Path, script: str, banner: str = "") -> bytes:
    """What the script prints, as the login shell would run it."""
    environment = {"PATH": f"{shell.parent}:/usr/bin:/bin", "TMPDIR": "/nowhere"}
    command = [str(shell), "-c", f"{banner} exec sh -s"]
    done = subprocess.run(
        command,
        input=script.encode(),
        capture_output=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    return done.stdout
