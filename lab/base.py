"""The roots that all hosts share: programs of this machine with their libraries, as dom0 has them.

`dom0` has the tools of a dom0 and a real rpm database; `busybox` has nothing but busybox and sshd.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lab.needs import PATH, which

TOOLS: Final = (
    "bash", "blkid", "cat", "chmod", "cut", "date", "df", "du", "echo", "env", "expr", "find",
    "grep", "head", "hostname", "id", "ls", "mkdir", "mount", "parted", "ps", "readlink", "rm", "rmdir",
    "rpm", "sed", "setsid", "sgdisk", "sleep", "sort", "stat", "tail", "test", "touch", "tr",
    "umount", "uname", "wc",
)  # fmt: skip
# What a dom0 has and no machine of ours: each prints a file of the host, if the host has it.
STAND_INS: Final = ("chronyc", "dmidecode", "lspci", "ntpq", "systemctl")
# Where the host's answers for the stand-ins are.
ANSWERS: Final = "usr/share/lab"
_APPLETS: Final = (
    "cat", "chmod", "cut", "date", "df", "du", "echo", "env", "expr", "find", "grep", "head",
    "hostname", "id", "ls", "mkdir", "mount", "printf", "ps", "readlink", "rm", "rmdir", "sed", "setsid",
    "sh", "sleep", "sort", "stat", "tail", "test", "touch", "tr", "umount", "uname", "wc",
)  # fmt: skip
_FOLDERS: Final = (
    "boot", "dev", "etc/rpm", "etc/ssh", "proc", "root/.ssh", "run", "sys", "tmp", "usr/bin", "usr/lib",
    "usr/lib64", "usr/sbin", "var/empty", "var/lib", "var/log",
)  # fmt: skip
_STAND_IN: Final = """#!/bin/sh
[ -e /{answers}/{name} ] || {{ echo "sh: {name}: command not found" >&2; exit 127; }}
exec cat /{answers}/{name}
"""
_SSHD_CONFIG: Final = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
UseDNS no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
_PASSWD: Final = "root:x:0:0:root:/root:{shell}\nsshd:x:74:74::/var/empty:/bin/false\n"
_PRIVATE_PARTS: Final = ("sshd-session", "sshd-auth")  # of OpenSSH 9.8 and later


def build_dom0(root: Path, public_key: str) -> None:
    """Make the root with a dom0's tools; the rpm database is added by `rpm_database`."""
    _skeleton(root, public_key, "/bin/bash")
    _install(root, [*TOOLS, "sshd"])
    (root / "usr/bin/sh").symlink_to("bash")
    for name in STAND_INS:
        program = root / "usr/bin" / name
        program.write_text(_STAND_IN.format(answers=ANSWERS, name=name), encoding="ascii")
        program.chmod(0o755)
    shutil.copytree("/usr/lib/rpm", root / "usr/lib/rpm", ignore=_all_but_settings)


def build_busybox(root: Path, public_key: str) -> None:
    """Make the root in which only POSIX `sh` and old options exist."""
    _skeleton(root, public_key, "/bin/sh")
    _install(root, ["busybox", "sshd"])
    for name in _APPLETS:
        (root / "usr/bin" / name).symlink_to("busybox")


def _skeleton(root: Path, public_key: str, shell: str) -> None:
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    texts = {
        "etc/passwd": _PASSWD.format(shell=shell),
        "etc/group": "root:x:0:\nsshd:x:74:\n",
        "etc/shadow": "root:*:19000:0:99999:7:::\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\n",
        "etc/ssh/sshd_config": _SSHD_CONFIG,
        "etc/rpm/macros": "%_dbpath /var/lib/rpm\n",  # as on its own systems
        "root/.ssh/authorized_keys": public_key + "\n",
    }
    for name, text in texts.items():
        (root / name).write_text(text, encoding="ascii")
    (root / "etc/shadow").chmod(0o600)
    (root / "root/.ssh").chmod(0o700)


def _install(root: Path, names: Iterable[str]) -> None:
    """Copy programs, and all that the dynamic linker loads for them, to where they are here."""
    programs = {name: Path(found) for name in names if (found := which(name))}
    for name, path in programs.items():
        folder = "usr/sbin" if "sbin" in path.parent.name else "usr/bin"
        shutil.copy2(path.resolve(), root / folder / name)
    parts = [path for name in _PRIVATE_PARTS for path in Path("/usr/lib").glob(f"openssh/{name}")]
    for path in parts:
        _copy_to_same_place(root, path)
    # ldd complains about static programs, of which there is one.
    listed = subprocess.run(
        ["ldd", *map(str, [*programs.values(), *parts])],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": PATH, "LC_ALL": "C"},
    )
    for library in sorted(set(re.findall(r"(/\S+) \(0x", listed.stdout))):
        _copy_to_same_place(root, Path(library))


def _copy_to_same_place(root: Path, path: Path) -> None:
    place = root / str(path).lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path.resolve(), place)


def _all_but_settings(folder: str, names: list[str]) -> list[str]:
    """What of rpm's folder a query does not need: its scripts, and settings of other machines."""
    return (
        [name for name in names if name not in {"macros", "rpmrc", "platform", "macros.d"}]
        if (folder == "/usr/lib/rpm")
        else []
    )
