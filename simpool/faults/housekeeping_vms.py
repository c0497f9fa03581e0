"""What the pool says of single VMs: nowhere, with old Windows drivers, started by themselves."""

from typing import Final

from simpool.builder import NULL, add_vm, vm
from simpool.data import SimPool
from simpool.faults.fault import Fault

NFS: Final = "NFS virtual disks"


def _be_nowhere(pool: SimPool) -> None:
    vm(pool, "web-02")["resident_on"] = NULL


def _be_elsewhere(pool: SimPool) -> None:
    vm(pool, "web-02")["resident_on"] = "OpaqueRef:a-host-that-left"


def _lose_place(pool: SimPool) -> None:
    del vm(pool, "web-01")["resident_on"]


def _add_windows(pool: SimPool, tools: tuple[int, int, int], **drivers: str) -> None:
    ref = add_vm(
        pool, "print-01", host="xen-03", disks=[(NFS, 40)], networks=("Servers",), memory_gib=1,
        tools=tools, os="Microsoft Windows Server 2022 Standard",
    )  # fmt: skip
    metrics = pool.records["VM"][ref]["guest_metrics"]
    pool.records["VM_guest_metrics"][metrics]["PV_drivers_version"].update(drivers)


def _run_old_bus(pool: SimPool) -> None:
    reported = {"xenbus": "XenServer 9.1.9.105 ", "xeniface": "XenServer 9.1.12.94 "}
    _add_windows(pool, (9, 3, 3), **reported)


def _run_old_xcp_ng(pool: SimPool) -> None:
    reported = {"xenbus": "XCP_ng 9.0.9030.0 ", "xeniface": "XCP_ng 9.0.9065.0 "}
    _add_windows(pool, (9, 0, 9030), **reported)


def _do_not_report(pool: SimPool) -> None:
    _add_windows(pool, (9, 3, 3))


def _run_old_tools(pool: SimPool) -> None:
    _add_windows(pool, (8, 2, 2))


def _lose_versions(pool: SimPool) -> None:
    metrics = vm(pool, "dc-01")["guest_metrics"]
    del pool.records["VM_guest_metrics"][metrics]["PV_drivers_version"]


def _want_to_start(pool: SimPool) -> None:
    vm(pool, "mail-01")["other_config"]["auto_poweron"] = "true"


def _want_to_start_later(pool: SimPool) -> None:
    vm(pool, "build-agent-02")["other_config"]["auto_poweron"] = "true"


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="VM-HOST-01",
        change=_be_nowhere,
        on="web-02",
        finds="VM web-02: host of the running VM - expected: one, found: none",
        loss=_lose_place,
        cause="field resident_on is missing",
        needs=("VM.power_state", "VM.resident_on"),
        tells=("xo-gate-16",),
        settings={"target": "citrix-hypervisor-8.0"},
    ),
    Fault(
        check="VM-HOST-01",
        change=_be_elsewhere,
        on="web-02",
        finds="VM web-02: host of the running VM - expected: one, found: one that is not in the "
        "pool",
        tells=("xo-gate-16",),
    ),
    Fault(
        check="VM-DRIVERS-01",
        change=_run_old_bus,
        on="print-01",
        finds="VM print-01: Windows drivers - expected: mended of XSA-468, found: xenbus 9.1.9.105 "
        "(mended: 9.1.11.115)",
        loss=_lose_versions,
        cause="field PV_drivers_version is missing",
        outcome="info",
        needs=(
            "VM.power_state",
            "VM.guest_metrics",
            "VM_guest_metrics",
            "VM_guest_metrics.os_version",
            "VM_guest_metrics.PV_drivers_version",
        ),
        tells=("xo-warning-xsa-468",),
    ),
    Fault(
        check="VM-DRIVERS-01",
        change=_run_old_xcp_ng,
        on="print-01",
        finds="VM print-01: Windows drivers - expected: mended of XSA-468, found: xenbus "
        "9.0.9030.0 (mended: 9.0.9065)",
        outcome="info",
        tells=("xo-warning-xsa-468",),
    ),
    Fault(
        check="VM-DRIVERS-01",
        change=_do_not_report,
        on="print-01",
        finds="VM print-01: Windows drivers - expected: mended of XSA-468, found: not told: tools "
        "9.3.3 do not report their drivers here",
        outcome="info",
    ),
    Fault(
        check="VM-DRIVERS-01",
        change=_run_old_tools,
        on="print-01",
        finds="VM print-01: Windows drivers - expected: mended of XSA-468, found: those of tools "
        "8.2.2, older than any that are mended",
        outcome="info",
    ),
    Fault(
        check="VM-AUTOSTART-01",
        change=_want_to_start,
        on="mail-01",
        finds="VM mail-01: autostart - expected: off, found: on for the VM",
        outcome="warning",
        tells=("xencenter-V02",),
    ),
    Fault(
        check="VM-AUTOSTART-01",
        change=_want_to_start_later,
        on="build-agent-02",
        finds="VM build-agent-02: autostart - expected: off, found: on for the VM",
        outcome="info",
    ),
    Fault(
        check="VM-AUTOSTART-01",
        change=_want_to_start,
        on="mail-01",
        finds="VM mail-01: autostart - expected: off, found: on for the VM",
        outcome="info",
        settings={"method": "standalone"},
    ),
)
