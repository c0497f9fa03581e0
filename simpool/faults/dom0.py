"""What can be wrong in a dom0: messages, hardware, disk, partition layout, space."""

from datetime import UTC, datetime

from fixtures import probes
from fixtures.probes import BLOBS_XCP, DISK_SIZE, MOUNTS, SPACE, Probe
from simpool.builder import change_dom0, host
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault

_DEADLINE = "did not end within its deadline"


def _answer(pool: SimPool, name: str, probe: Probe, answer: CannedAnswer) -> None:
    pool.dom0[host(pool, name)["uuid"]][probe.command] = answer


def _pile_up_messages(pool: SimPool) -> None:
    change_dom0(pool, "xen-01", messages=9412, oldest_message=datetime(2015, 3, 2, tzinfo=UTC))


def _hang_over_messages(pool: SimPool) -> None:
    _answer(pool, "xen-01", BLOBS_XCP.messages, CannedAnswer(hang=True))


def _be_another_server(pool: SimPool) -> None:
    host(pool, "xen-03")["bios_strings"]["system-product-name"] = "PowerEdge 2950"


def _lose_hardware_list(pool: SimPool) -> None:
    pool.inputs["hardware_list"] = None


def _order_a_layout_switch(pool: SimPool) -> None:
    change_dom0(pool, "xen-03", layout="B", efi=False, safe2upgrade=True)


def _lose_dom0(pool: SimPool) -> None:
    del pool.dom0[host(pool, "xen-03")["uuid"]]


def _shrink_disk(pool: SimPool) -> None:
    _answer(pool, "xen-02", DISK_SIZE, CannedAnswer("20971520\n512\n"))


def _lose_disk_size(pool: SimPool) -> None:
    gone = "cat: /sys/block/dm-0/size: No such file or directory\n"
    _answer(pool, "xen-02", DISK_SIZE, CannedAnswer("", gone, 1))


def _fill_root(pool: SimPool) -> None:
    change_dom0(pool, "xen-01", root_used_kib=16_500_000)


def _hang_over_space(pool: SimPool) -> None:
    _answer(pool, "xen-01", SPACE, CannedAnswer(hang=True))


def _fill_logs(pool: SimPool) -> None:
    change_dom0(pool, "xen-02", logs_used_kib=3_500_000)


def _hang_over_mounts(pool: SimPool) -> None:
    _answer(pool, "xen-02", MOUNTS, CannedAnswer(hang=True))


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-BLOBS-01",
        tells=("field-05",),
        # Of a folder that this release does not have.
        spare=(
            probes.BLOBS_XAPI.kilobytes,
            probes.BLOBS_XAPI.messages,
            probes.BLOBS_XAPI.oldest,
        ),
        change=_pile_up_messages,
        on="xen-01",
        finds=(
            "host xen-01: messages and blobs - expected: at most 5000 messages and 200 MiB, "
            "found: 9412 messages and 6 MiB, the oldest of 2015-03-02"
        ),
        loss=_hang_over_messages,
        cause=_DEADLINE,
        outcome="warning",
    ),
    Fault(
        check="HOST-HCL-01",
        tells=("field-08",),
        needs=("host.uuid", "host.bios_strings", "host.cpu_info"),
        # The numbers decide, the names are for people.
        spare=(probes.PCI_NAMES,),
        change=_be_another_server,
        on="xen-03",
        finds=(
            "host xen-03: hardware - expected: listed for Citrix Hypervisor 8.0, "
            "found: not listed server PowerEdge 2950"
        ),
        loss=_lose_hardware_list,
        cause="no hardware list was given",
        outcome="warning",
    ),
    Fault(
        check="HOST-LAYOUT-01",
        tells=("field-09",),
        # Two signs that agree are enough; the disk plays no part on the new layout.
        spare=(
            probes.INVENTORY,
            probes.MOUNTS,
            probes.SPACE,
            probes.TABLE_SGDISK,
            probes.TABLE_PARTED,
            probes.PRIMARY_DISK,
        ),
        change=_order_a_layout_switch,
        on="xen-03",
        finds=(
            "host xen-03: partition layout - expected: new, or old and kept as it is, found: old "
            "(B), to be switched (the marker /var/preserve/safe2upgrade is there): the installer "
            "would erase the local SR on the primary disk and partition it anew"
        ),
        loss=_lose_dom0,
        cause="does not answer",
    ),
    Fault(
        check="HOST-DISK-01",
        # A disk that is large enough for the new layout is so with and without the marker.
        spare=(probes.SAFE2UPGRADE,),
        change=_shrink_disk,
        on="xen-02",
        finds="host xen-02: primary disk - expected: at least 12 GiB, found: 10 GiB",
        loss=_lose_disk_size,
        cause="No such file or directory",
    ),
    Fault(
        check="HOST-SPACE-01",
        tells=(
            "story-69",
            "installer-11",
            "field-12",
        ),
        # The layout by two other signs; one of two programs reads the table.
        spare=(
            probes.MOUNTS,
            probes.TABLE_SGDISK,
            probes.TABLE_PARTED,
        ),
        change=_fill_root,
        on="xen-01",
        finds=(
            "host xen-01: root file system - expected: room for the upgrade, "
            "found: 968 MiB free instead of 2048"
        ),
        loss=_hang_over_space,
        cause=_DEADLINE,
    ),
    Fault(
        check="HOST-SPACE-02",
        tells=("field-11",),
        change=_fill_logs,
        on="xen-02",
        finds="host xen-02: /var/log - expected: below 80 % used, found: 90 %",
        loss=_hang_over_mounts,
        cause=_DEADLINE,
    ),
)
