"""Faults of SRs."""

from typing import Final

from simpool.builder import add_sr, add_vm, find, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.vms import NETWORK, refuse_agility, refuse_evacuation

ARCHIVE: Final = "Archive on NFS"


def _unplug(pool: SimPool) -> None:
    sr = add_sr(pool, ARCHIVE, "nfs", shared=True, size_gib=2048)
    host = ref_of(pool, "host", "xen-03")
    _pbd(pool, ARCHIVE, host)["currently_attached"] = False
    ref = add_vm(pool, "archive-01", host="xen-01", disks=[(ARCHIVE, 900)], networks=[NETWORK])
    refuse_evacuation(pool, "xen-01", ref, "VM_REQUIRES_SR", sr)
    refuse_agility(pool, ref, "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", sr)


def _lose_attachment(pool: SimPool) -> None:
    del _pbd(pool, "ISO library", ref_of(pool, "host", "xen-02"))["currently_attached"]


def _pbd(pool: SimPool, sr: str, host: str) -> dict[str, object]:
    ref, _ = find(pool, "SR", sr)
    return next(r for r in pool.records["PBD"].values() if (r["SR"], r["host"]) == (ref, host))


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="POOL-STORAGE-01",
        tells=(
            "story-60",
            "xencenter-S01",
            "xapi-storage",
        ),
        needs=("PBD.SR", "PBD.host", "PBD.currently_attached", "SR.shared", "SR.type", "PBD"),
        also=("VM-AGILE-01", "VM-EVACUATE-01"),
        change=_unplug,
        on=ARCHIVE,
        finds=f"SR {ARCHIVE}: storage - expected: attached on every host, of a type that the "
        "target supports, found: not attached on xen-03, needed by running VM archive-01",
        loss=_lose_attachment,
        cause="field currently_attached is missing from what was read",
    ),
)
