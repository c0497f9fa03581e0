"""What this machine must have for the laboratory, and what of it is missing."""

import functools
import os
import shutil
import subprocess
from typing import Final

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Program -> Debian package.
_PROGRAMS: Final = {
    "sshd": "openssh-server", "ssh-keygen": "openssh-client", "ip": "iproute2",
    "unshare": "util-linux", "nsenter": "util-linux", "sfdisk": "fdisk", "mkfs.ext4": "e2fsprogs",
    "sgdisk": "gdisk", "parted": "parted", "rpm": "rpm", "rpmbuild": "rpm",
    "busybox": "busybox-static", "ps": "procps",
}  # fmt: skip
_TRIAL: Final = (
    "mount -t tmpfs none /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && "
    "mount -t overlay -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w none /mnt/m && "
    "ip link add trial type bridge && mount -t proc proc /proc"
)


@functools.cache
def missing() -> str:
    """Why the laboratory cannot run here, in one line; empty if it can."""
    if os.geteuid() != 0:
        return "the laboratory needs root, to make namespaces and mounts"
    absent = sorted({pack for name, pack in _PROGRAMS.items() if not which(name)})
    if absent:
        return f"the laboratory needs these packages: {' '.join(absent)}"
    command = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "sh", "-c"]
    tried = subprocess.run([*command, _TRIAL], capture_output=True, check=False, timeout=60)
    if tried.returncode:
        why = tried.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["refused"]
        return f"the laboratory cannot make its namespaces here: {why[0]}"
    return ""


def which(name: str) -> str | None:
    """The path of a program, administrators' folders included."""
    return shutil.which(name, path=PATH)
