"""The files of one host: whatever a simulated dom0 says that it has is there as a real file.

The simulator's answers say what a healthy dom0 of a release looks like; here they are turned into
the files that make real programs give them.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from fixtures import probes
from lab.base import ANSWERS
from rules.added_by_hand import CRONTABS
from rules.boot import KERNELS
from rules.boot_multipath import NOTED
from rules.carried_over import LOCALTIME
from rules.multipath_settings import SETTINGS
from rules.proxies import PROXIES
from rules.repositories import REPOSITORIES
from rules.services import SERVICES
from rules.trust import ANCHORS, POOL_CERTIFICATES
from simpool.data import CannedAnswer

_CAT: Final = re.compile(r"cat (/[\w./-]+)")
_STAT: Final = re.compile(r"stat -L -c '\S+' (/[\w./-]+)")
_LS: Final = re.compile(r"ls -1Aq (/[\w./-]+)/")
_NAMED: Final = re.compile(r"(/[\w./-]+):(.*)")
# Probe -> the stand-in that prints the same.
_PRINTED: Final = {
    probes.CHRONY: "chronyc", probes.NTP: "ntpq", probes.PCI: "lspci", SERVICES: "systemctl",
    probes.DMI: "dmidecode",
}  # fmt: skip


def write_files(root: Path, answers: Mapping[str, CannedAnswer]) -> None:
    """Write all files that these answers speak of; what lies in /proc is the kernel's own."""
    good = {command: answer.stdout for command, answer in answers.items() if answer.status == 0}
    for command, printed in good.items():
        _write(root, command, printed)
    for probe, name in _PRINTED.items():
        if (found := answers.get(probe.command)) and found.status == 0:
            _put(root, f"/{ANSWERS}/{name}", found.stdout)
    for probe, write in _SPECIAL.items():
        if found := answers.get(probe.command):
            write(root, found.stdout)
    listed = {match[1]: command for command in good if (match := _LS.fullmatch(command))}
    for path in sorted(listed, key=len, reverse=True):  # what is inside first: it makes folders
        _fill(root / path.lstrip("/"), good[listed[path]].splitlines())


def _write(root: Path, command: str, printed: str) -> None:
    if match := _CAT.fullmatch(command):
        _put(root, match[1], printed)
    elif match := _STAT.fullmatch(command):
        _make_as_stated(root, match[1], printed)


def _fill(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (folder / name).exists():
            (folder / name).touch()


def _put(root: Path, path: str, text: str) -> None:
    if path.startswith("/proc/"):
        return
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def _make_as_stated(root: Path, path: str, printed: str) -> None:
    """A file or folder of this kind, size and mode, as `stat -c '%F|%s|%a ...'` states it."""
    if path.startswith("/sys/"):
        return
    kind, size, mode = printed.split("|")[:3]
    place = root / path.lstrip("/")
    if kind == "directory":
        place.mkdir(parents=True, exist_ok=True)
    else:
        _make_sized(place, int(size))
        place.chmod(int(mode, 8))


def _make_sized(place: Path, size: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("ab") as file:
        file.truncate(size)


def _sized_files(folder: str) -> Callable[[Path, str], None]:
    """Writes the files that `find -printf "%s %p"` or `"%s %f"` named."""

    def write(root: Path, printed: str) -> None:
        for size, _, name in (line.partition(" ") for line in printed.splitlines()):
            if size.isdigit():
                place = name if name.startswith("/") else f"{folder}/{name}"
                _make_sized(root / place.lstrip("/"), int(size))

    return write


def _lines_of_files(root: Path, printed: str) -> None:
    """Adds the lines that `grep -H` printed to their files."""
    for match in filter(None, map(_NAMED.fullmatch, printed.splitlines())):
        place = root / match[1].lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8") as file:
            file.write(f"{match[2]}\n")


def _empty_files(root: Path, printed: str) -> None:
    for line in printed.splitlines():
        if line.startswith("/"):
            _make_sized(root / line.lstrip("/"), 0)


def _executable_files(root: Path, printed: str) -> None:
    for name in printed.splitlines():
        _put(root, f"/etc/firstboot.d/{name}", "#!/bin/sh\n")
        (root / "etc/firstboot.d" / name).chmod(0o755)


def _time_zone(root: Path, printed: str) -> None:
    _make_sized(root / printed.strip().lstrip("/"), 0)
    (root / "etc/localtime").symlink_to(printed.strip())


def _disk_size(root: Path, printed: str) -> None:
    size, block = printed.split()
    _put(root, "/sys/block/sda/size", f"{size}\n")
    _put(root, "/sys/block/sda/queue/logical_block_size", f"{block}\n")


def _proxies_unset(root: Path, printed: str) -> None:
    """`grep -c` counted none; the files themselves come from the repositories."""
    if not re.fullmatch(r"(?:/\S+:0\n)*done\n", printed):
        raise ValueError(f"the laboratory cannot write: {printed!r}")
    for name in re.findall(r"(/\S+):0", printed):
        place = root / name.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


_SPECIAL: Final[Mapping[probes.Probe, Callable[[Path, str], None]]] = {
    KERNELS: _sized_files("/boot"),
    ANCHORS: _sized_files(""),
    POOL_CERTIFICATES: _sized_files(""),
    CRONTABS: _empty_files,
    REPOSITORIES: _lines_of_files,
    SETTINGS: _lines_of_files,
    PROXIES: _proxies_unset,
    LOCALTIME: _time_zone,
    NOTED: lambda root, printed: _put(root, NOTED.command.split()[-1], printed),
    probes.DISK_SIZE: _disk_size,
    probes.FIRSTBOOT_SCRIPTS: _executable_files,
}
