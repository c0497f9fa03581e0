"""Files of packages that were changed in dom0, as `rpm -V` tells them."""

import re
from dataclasses import dataclass
from typing import Any, Final

from fixtures.exceptions import NotVerifiedError
from fixtures.probes import Probe

VERIFY: Final = Probe("rpm -Va --nodeps --noscripts", deadline=240, cap=262_144, heavy=True)
"""Reads every packaged file; `--noscripts` keeps rpm from running the packages' own scripts."""

_NOT_RUN: Final = range(126, 160)  # a shell's word that it did not run, or was killed
_CHANGED: Final = re.compile(r"([SM5DLUGTPC.?]{8,9})\s+(?:([acdglmr])\s+)?(/[^\x00-\x1f]{1,4096})")
_MISSING: Final = re.compile(r"missing\s+(?:([acdglmr])\s+)?(/[^\x00-\x1f]{1,4096})")
_NO_MATTER: Final = ("d", "g", "l", "r")  # documentation, files made at run time, licences
_STRIPPED: Final = re.compile(r"/usr/share/(?:doc|info|licenses|locale|man)/.+")
# Configuration that the installer and the toolstack write themselves, or carry over.
# Source: host-installer, upgrade.py, what is restored; xapi's and firstboot's own scripts.
_OWN: Final = re.compile(
    r"/etc/(?:fstab|hosts|hostname|issue|motd|passwd|group|gshadow|shadow|sub[ug]id|resolv\.conf|"
    r"localtime|adjtime|chrony\.conf|chrony\.keys|ntp\.conf|ntp/\S*|mdadm\.conf|vconsole\.conf|"
    r"locale\.conf|machine-id|krb5\.conf|nsswitch\.conf|sysconfig/\S+|xensource/\S+|xapi\S*|"
    r"iscsi/\S+|lvm/\S+|depmod\.d/\S+|modprobe\.d/\S+|samba/\S+|stunnel/\S+|snmp/\S+|nagios/\S+|"
    r"logrotate\.d/\S+|rsyslog\S*|pam\.d/\S+|securetty|inittab|grub\S*|udev/\S+|pki/\S+|ssl/\S+)"
)


@dataclass(frozen=True, slots=True)
class Modified:
    """Paths of changed files, each sorted; `programs` is everything that is not configuration."""

    programs: tuple[str, ...]
    settings: tuple[str, ...]


def modified(dom0: Any) -> Modified:
    """The packaged files of dom0 whose content somebody changed or that are gone.

    Times, owners and modes alone are no change, and so is configuration that the platform writes.

    Raises:
        NotVerifiedError: rpm did not look at all files, or said what nobody understands.
    """
    answer = dom0.run(VERIFY.command)
    complaints = [line for line in answer.stderr.splitlines() if "error:" in line]
    if complaints or answer.rc in _NOT_RUN:
        why = complaints[0][:200] if complaints else f"it ended with {answer.rc}"
        raise NotVerifiedError(f"dom0: rpm did not verify all files: {why}")
    lines = str(answer.stdout).splitlines()
    if bool(lines) != bool(answer.rc):
        raise NotVerifiedError(f"dom0: rpm ended with {answer.rc} and {len(lines)} files")
    programs, settings = set(), set()
    for line in lines:
        kind, path = _read(line)
        if path and kind == "c":
            settings.add(path)
        elif path:
            programs.add(path)
    return Modified(tuple(sorted(programs)), tuple(sorted(settings)))


def _read(line: str) -> tuple[str, str]:
    """Kind and path of one line's file; without a path where the line is of no matter."""
    if gone := _MISSING.fullmatch(line):
        kind, path = gone[1] or "", gone[2]
        return kind, "" if _is_own(kind, path) else f"{path} (missing)"
    found = _CHANGED.fullmatch(line)
    if not found:
        raise NotVerifiedError("dom0: what rpm says of a file is not understood")
    flags, kind, path = found[1], found[2] or "", found[3]
    if flags[2] == "?":
        raise NotVerifiedError(f"dom0: rpm could not read {path[:200]}")
    content = flags[2] == "5" or flags[0] == "S" or "L" in flags
    return kind, path if content and not _is_own(kind, path) else ""


def _is_own(kind: str, path: str) -> bool:
    """Whether the platform itself changes such a file, or nobody misses it."""
    if kind in _NO_MATTER or _STRIPPED.fullmatch(path):
        return True
    return kind == "c" and _OWN.fullmatch(path) is not None
