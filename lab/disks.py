"""Sparse images of primary disks with real partition tables."""

import subprocess
from pathlib import Path
from typing import Final

from lab.needs import which
from simpool.dom0_disks import partitions
from simpool.dom0_state import Dom0State

FIELD_DISK_BYTES: Final = 146_163_105_792
"""The disk of the field report."""

_GUIDS: Final = {
    "0700": "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
    "8200": "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
    "8E00": "E6D6D379-F507-44C2-A23C-238F2A3DF928",
    "EF00": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "EF02": "21686148-6449-6E6F-744E-656564454649",
}
_MBR_TYPES: Final = {"8300": "83", "8E00": "8e"}


def make_disk(image: Path, state: Dom0State) -> None:
    """Make the primary disk of a dom0: GPT, or MBR in layout A; every partition where it belongs."""
    with image.open("wb") as file:
        file.truncate(state.disk_bytes)
    mbr = state.layout == "A"
    kinds = _MBR_TYPES if mbr else _GUIDS
    head = ["label: dos"] if mbr else ["label: gpt", "first-lba: 34"]
    rows = [
        f"{p.number}: start={p.start}, size={p.sectors}, type={kinds[p.code]}"
        + (", bootable" if mbr and p.role == "root" else "")
        for p in sorted(partitions(state), key=lambda p: p.number)
    ]
    _run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", str(image), text=[*head, *rows])


def _run(name: str, *args: str, text: list[str] | None = None) -> None:
    program = which(name) or name
    done = subprocess.run(
        [program, *args],
        input="\n".join([*(text or []), ""]).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
