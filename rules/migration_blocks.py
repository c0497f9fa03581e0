"""What forbids the operation pool_migrate on a VM, whatever the other hosts are like.

Source: xapi, ocaml/xapi/xapi_vm_lifecycle.ml. Each step gives one reason at most.
"""

from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PGPU, VM
from fixtures.version_order import compare_versions
from rules.cpu_features import is_paravirtual
from rules.evacuation_codes import Reason, explain

_CANNOT_SUSPEND_FROM: Final = "25.24"
_NVIDIA_SINCE: Final = "7.5"
_VGPU_SINCE: Final = "6.5"
_IMMOBILE_SINCE: Final = "7.1"
_FEATURE_SINCE: Final = "7.1"
_SUSPEND_SINCE: Final = "6.5"
_OLD_DRIVERS_UNTIL: Final = "6.0"
_TRUE: Final = ("true", "1")


def blocked_reason(vm: VM) -> Reason | None:
    """Whether an administrator or a backup product forbids it."""
    if "pool_migrate" not in vm.blocked_operations:
        return None
    return explain(vm, ("OPERATION_BLOCKED", vm.ref, vm.blocked_operations["pool_migrate"]))


def power_state_reason(vm: VM) -> Reason | None:
    """Whether it is not running."""
    if vm.power_state == "Running":
        return None
    return explain(vm, ("VM_BAD_POWER_STATE", vm.ref, "Running", vm.power_state))


def busy_reason(vm: VM) -> Reason | None:
    """Whether an operation is in progress on it."""
    running = sorted(vm.current_operations.values())
    return explain(vm, ("OTHER_OPERATION_IN_PROGRESS", "VM", vm.ref, *running)) if running else None


def immobile_reason(vm: VM) -> Reason | None:
    """Whether it is tied to its host by nested virtualisation or by decision (from 7.1 on)."""
    if vm.facts.at_least(_IMMOBILE_SINCE) is False:
        return None
    if vm.metrics:
        immobile = vm.measured.nomigrate or vm.measured.nested_virt
    else:
        immobile = any(vm.platform.get(key) in _TRUE for key in ("nomigrate", "nested-virt"))
    return explain(vm, ("VM_IS_IMMOBILE", vm.ref)) if immobile else None


def tools_reason(vm: VM) -> Reason | None:
    """Whether its tools do not say that it can be suspended; a PV guest always can.

    A guest that never reported anything has no tools as far as xapi knows.
    """
    if _needs_no_feature(vm):
        return None
    facts, guest = vm.facts, vm.guest
    if guest is not None:
        if facts.at_least(_OLD_DRIVERS_UNTIL) is False and not guest.PV_drivers_up_to_date:
            raise NotVerifiedError("whether its outdated tools let it move is not known")
        version = guest.PV_drivers_version
        if all(version.get(key, "").lstrip("-").isdecimal() for key in ("major", "minor")):
            return None
        if guest.other.get("feature-suspend") == "1":
            return None
    code = "VM_LACKS_FEATURE"
    if facts.at_least(_FEATURE_SINCE) is False:
        suspend = facts.at_least(_SUSPEND_SINCE)
        code = "VM_LACKS_FEATURE_SUSPEND" if suspend else "VM_MISSING_PV_DRIVERS"
    return explain(vm, (code, vm.ref))


def _needs_no_feature(vm: VM) -> bool:
    """Whether the kernel of a guest can always be suspended, in whatever it is wrapped."""
    return is_paravirtual(vm) or (vm.has("domain_type") and vm.domain_type in ("pvh", "pv_in_pvh"))


def refusal_reason(vm: VM) -> Reason | None:
    """Whether the guest itself refuses to be suspended (from xapi 25.24 on)."""
    build = vm.facts.pool.coordinator.software_version.get("xapi_build", "")
    if compare_versions(build, _CANNOT_SUSPEND_FROM) < 0 or vm.guest is None:
        return None
    why = vm.guest.other.get("data-cant-suspend-reason")
    return None if why is None else explain(vm, ("VM_NON_SUSPENDABLE", vm.ref, why))


def cache_reason(vm: VM) -> Reason | None:
    """Whether a cached disk of it is reset at every boot."""
    for vbd in vm.vbds:
        if vbd.empty:
            continue
        config = vbd.vdi.sm_config
        if config.get("on_boot") == "reset" and config.get("caching") == "true":
            return explain(vm, ("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION",))
    return None


def pci_reason(vm: VM) -> Reason | None:
    """Whether a PCI device is passed through; a function of a virtual GPU does not count."""
    if not vm.has("attached_PCIs"):
        return None
    functions = {vgpu.PCI for vgpu in vm.vgpus if vgpu.has("PCI")}
    others = [pci for pci in vm.attached_PCIs if pci not in functions]
    return explain(vm, ("VM_HAS_PCI_ATTACHED", vm.ref)) if others else None


def gpu_reason(vm: VM) -> Reason | None:
    """Whether it has a virtual GPU that cannot move.

    Raises:
        NotVerifiedError: it may move: that depends on the physical GPUs and their drivers.
    """
    if not vm.vgpus:
        return None
    unknown = NotVerifiedError("whether its virtual GPU can move to another host is not known")
    if not vm.facts.at_least(_VGPU_SINCE):
        raise unknown
    if not vm.facts.at_least(_NVIDIA_SINCE):
        return explain(vm, ("VM_HAS_VGPU", vm.ref))
    for vgpu in vm.vgpus:
        home = vm.facts.find(PGPU, vgpu.resident_on)
        if home is None or not home.compatibility_metadata:
            return explain(vm, ("VM_HAS_VGPU", vm.ref))
    raise unknown


def usb_reason(vm: VM) -> Reason | None:
    """Whether a USB device is passed through."""
    return explain(vm, ("VM_HAS_VUSBS", vm.ref)) if vm.vusbs else None


STEPS: Final = (
    blocked_reason,
    power_state_reason,
    busy_reason,
    immobile_reason,
    tools_reason,
    refusal_reason,
    cache_reason,
    pci_reason,
    gpu_reason,
    usb_reason,
)
