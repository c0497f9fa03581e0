"""Multipath, sessions, mounts and stuck processes of a simulated dom0."""

from typing import Final

from rules.multipath_settings import FOLDER, OWN_FILE, SETTINGS
from rules.processes import AGAIN, PROCESSES
from rules.scsi_devices import SCSI
from simpool.data import CannedAnswer
from simpool.dom0_state import Dom0State

PROCESS_TABLE: Final = """\
STAT   PID COMMAND
Ss       1 systemd
S        2 kthreadd
S<       5 kworker/0:0H
Ssl   1423 xapi
Sl    1502 xenopsd-xc
Ss    1610 sshd
R+    8820 ps
"""
SCSI_TABLE: Final = """\
Attached devices:
Host: scsi0 Channel: 00 Id: 00 Lun: 00
  Vendor: DELL     Model: PERC H730 Mini   Rev: 4.25
  Type:   Direct-Access                    ANSI  SCSI revision: 05
"""
_OWN_SETTINGS: Final = (
    "defaults {", "\tuser_friendly_names no", "}", "devices {", "\tdevice {",
    '\t\tvendor "3PARdata"', '\t\tproduct "VV"', "\t}", "}",
)  # fmt: skip


def multipath_settings(*added: str) -> CannedAnswer:
    """The platform's own settings, and lines that somebody added to custom.conf."""
    lines = [f"{OWN_FILE}:{line}" for line in _OWN_SETTINGS]
    lines += [f"{FOLDER}/custom.conf:{line}" for line in added]
    return CannedAnswer("".join(f"{line}\n" for line in [*lines, "done"]))


def answers(state: Dom0State) -> dict[str, CannedAnswer]:
    """Command -> answer, healthy."""
    del state
    return {
        PROCESSES.command: CannedAnswer(PROCESS_TABLE),
        AGAIN.command: CannedAnswer(PROCESS_TABLE),
        SCSI.command: CannedAnswer(SCSI_TABLE),
        SETTINGS.command: multipath_settings(),
    }
