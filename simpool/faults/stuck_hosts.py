"""Faults of dom0s beside their storage: stuck processes, tape drives."""

from rules.processes import AGAIN, PROCESSES
from rules.scsi_devices import SCSI
from simpool.data import SimPool
from simpool.dom0_paths import SCSI_TABLE
from simpool.faults.fault import Fault
from simpool.faults.storage_health import forget, lose_processes, say


def _hang(pool: SimPool) -> None:
    row = "D     7710 df\n"
    for command in (PROCESSES.command, AGAIN.command):
        say(pool, "xen-02", command, lambda table: table + row)


def _attach_tape(pool: SimPool) -> None:
    device = (
        "Host: scsi3 Channel: 00 Id: 05 Lun: 00\n"
        "  Vendor: HP       Model: Ultrium 5-SCSI   Rev: I5AW\n"
        "  Type:   Sequential-Access                ANSI  SCSI revision: 06\n"
    )
    say(pool, "xen-03", SCSI.command, lambda _table: SCSI_TABLE + device)


def _lose_devices(pool: SimPool) -> None:
    forget(pool, "xen-03", SCSI.command)


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-STUCK-01",
        change=_hang,
        on="xen-02",
        finds=(
            "host xen-02: processes - expected: none stuck in uninterruptible sleep, "
            "found: df (7710)"
        ),
        loss=lose_processes,
        outcome="warning",
        tells=("story-66",),
    ),
    Fault(
        check="HOST-TAPE-01",
        change=_attach_tape,
        on="xen-03",
        finds=(
            "host xen-03: tape drives and medium changers - expected: none attached, "
            "found: HP Ultrium 5-SCSI (Sequential-Access)"
        ),
        loss=_lose_devices,
        outcome="warning",
        tells=("story-59",),
    ),
)
