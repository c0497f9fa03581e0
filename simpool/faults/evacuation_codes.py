"""Every code by which xapi says that a VM cannot leave its host, each on a VM of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from simpool.builder import add_vm, pool_record, ref_of
from simpool.data import SimPool
from simpool.faults.fault import Fault
from simpool.faults.vms import EVACUATION

_NAME: Final = "ticketing"
_HOST: Final = "xen-02"
_VM: Final = "@vm"


@dataclass(frozen=True, slots=True)
class _Case:
    """One code: its parameters (`@class name` is a reference), the words wanted, further stories."""

    code: str
    params: tuple[str, ...]
    words: str
    tells: tuple[str, ...] = ()


_CASES: Final = (
    _Case(
        "VM_REQUIRES_SR",
        (_VM, "@SR Local storage of xen-02"),
        "a disk is on SR Local storage of xen-02, which is local to its host",
    ),
    _Case("VM_MISSING_PV_DRIVERS", (_VM,), "it has no guest tools, so it cannot be moved"),
    _Case(
        "VM_OLD_PV_DRIVERS",
        (_VM, "6", "2"),
        "its tools are too old to be moved (version 6.2)",
    ),
    _Case(
        "VM_LACKS_FEATURE",
        (_VM,),
        "its guest tools do not say that it can be suspended",
        ("story-13",),
    ),
    _Case(
        "VM_LACKS_FEATURE_SUSPEND",
        (_VM,),
        "its guest tools do not say that it can be suspended",
    ),
    _Case(
        "VM_HAS_PCI_ATTACHED",
        (_VM,),
        "a PCI device of its host is passed through to it",
        ("story-07", "xo-gate-15"),
    ),
    _Case(
        "VM_HAS_VGPU",
        (_VM,),
        "it has a virtual GPU that cannot move",
        ("story-07", "xo-gate-15"),
    ),
    _Case(
        "VM_HAS_SRIOV_VIF",
        (_VM,),
        "it has a network interface on SR-IOV",
        ("story-07", "xo-gate-15"),
    ),
    _Case("VM_REQUIRES_GPU", (_VM, "GRID K2"), "no other host has a free GPU of group GRID K2"),
    _Case(
        "VM_REQUIRES_NETWORK",
        (_VM, "@network DMZ"),
        "it is on network DMZ, which not every other host has",
    ),
    _Case(
        "NO_HOSTS_AVAILABLE",
        (_VM,),
        "there is no other enabled host of the same or a newer version to take it",
    ),
    _Case(
        "HOST_NOT_ENOUGH_FREE_MEMORY",
        (_VM,),
        "the other hosts do not have enough free memory for it",
    ),
    _Case(
        "OTHER_OPERATION_IN_PROGRESS",
        ("VM", _VM, "snapshot"),
        "another operation is in progress on it: snapshot",
    ),
    _Case(
        "HOST_EVACUATE_VM_NOT_HA_PROTECTED",
        (_VM,),
        "HA is on and does not protect this VM",
    ),
    _Case(
        "VM_INCOMPATIBLE_WITH_THIS_HOST",
        (_VM, "@host xen-01", "VM last booted on a CPU with features this host's CPU lacks"),
        "the processors of host xen-01 do not offer what it was started with: VM last booted on a "
        "CPU with features this host's CPU lacks",
        ("story-08",),
    ),
    _Case("VM_HAS_VUSBS", (_VM,), "a USB device of its host is passed through to it"),
    _Case(
        "VM_NON_SUSPENDABLE",
        (_VM, "an NVMe disk is in use"),
        "the guest refuses to be suspended: an NVMe disk is in use",
    ),
    _Case("VM_IS_IMMOBILE", (_VM,), "it is set not to migrate, or uses nested virtualisation"),
    _Case(
        "OPERATION_BLOCKED",
        (_VM, "by order of the shift"),
        "somebody has blocked its migration (blocked_operations, pool_migrate: by order of the "
        "shift)",
    ),
    _Case(
        "VM_REQUIRES_IOMMU",
        ("@host xen-03",),
        "host xen-03 does not pass devices through (IOMMU is off)",
    ),
    _Case(
        "VM_REQUIRES_VGPU",
        (_VM, "GRID M60", "GRID M60-1Q"),
        "no other host has room for its virtual GPU of group GRID M60",
    ),
    _Case(
        "VGPU_TYPE_NO_LONGER_SUPPORTED",
        ("Intel GVT-g",),
        "its type of virtual GPU is no longer supported",
    ),
    _Case(
        "NETWORK_SRIOV_INSUFFICIENT_CAPACITY",
        ("@network DMZ",),
        "another host has no free SR-IOV function on network DMZ",
    ),
    _Case(
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",
        (),
        "a cached disk of it is reset at every boot (IntelliCache)",
    ),
    _Case(
        "HOST_NOT_ENOUGH_PCPUS",
        ("24", "16"),
        "it has 24 virtual processors, another host only 16",
    ),
    _Case("HOST_NOT_LIVE", ("@host xen-03",), "host xen-03 is not live"),
    _Case("HOST_DISABLED", ("@host xen-03",), "host xen-03 is disabled"),
    _Case(
        "VM_HVM_REQUIRED",
        (_VM,),
        "another host has no hardware virtualisation (VT-x or AMD-V is off)",
    ),
    _Case(
        "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION",
        ("@host xen-03", "[0, 1]", _VM, "2"),
        "host xen-03 does not offer its virtual hardware platform version",
    ),
    _Case(
        "MEMORY_CONSTRAINT_VIOLATION",
        ("static_min ≤ dynamic_min",),
        "its memory limits contradict each other",
    ),
    _Case("INVALID_VALUE", ("VCPUs_max", "0"), "its settings are not valid: VCPUs_max"),
    _Case(
        "OPERATION_NOT_ALLOWED",
        ("the USB device is on another host",),
        "xapi does not allow it: the USB device is on another host",
    ),
    _Case(
        "VM_BAD_POWER_STATE",
        (_VM, "running", "paused"),
        "it is paused, and only a running VM can move",
    ),
    _Case("NOT_SUPPORTED_DURING_UPGRADE", (), "a rolling upgrade is in progress"),
)


def _refuse(pool: SimPool, code: str, params: tuple[str, ...]) -> None:
    """Let xapi say of a VM, with exactly these parameters, that it cannot leave its host."""
    ref = add_vm(
        pool, _NAME, host=_HOST, disks=[("iSCSI array", 12)], networks=["Servers"],
    )  # fmt: skip

    def resolved(param: str) -> str:
        if param == _VM:
            return ref
        if param.startswith("@"):
            xenapi_class, _, name = param[1:].partition(" ")
            return ref_of(pool, xenapi_class, name)
        return param

    answers = pool.answers.setdefault(EVACUATION, {host: {} for host in pool.records["host"]})
    answers[ref_of(pool, "host", _HOST)][ref] = [code, *(resolved(param) for param in params)]


def _refuse_by_ha(pool: SimPool) -> None:
    pool_record(pool)["ha_enabled"] = True
    _refuse(pool, "HOST_NOT_ENOUGH_FREE_MEMORY", (_VM,))


def _fault(change: Callable[[SimPool], None], words: str, tells: tuple[str, ...]) -> Fault:
    return Fault(
        check="VM-EVACUATE-01",
        change=change,
        on=_NAME,
        finds=f"VM {_NAME}: evacuation - expected: can move to every other host, found: {words}",
        tells=tells,
    )


FAULTS: tuple[Fault, ...] = (
    *(
        _fault(
            partial(_refuse, code=case.code, params=case.params),
            case.words,
            (f"xencenter-code-{case.code}", *case.tells),
        )
        for case in _CASES
    ),
    _fault(
        _refuse_by_ha,
        "HA is on and does not protect this VM",
        ("story-03",),
    ),
)
