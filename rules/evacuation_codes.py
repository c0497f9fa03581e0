"""The codes by which xapi says why a VM cannot move or is not agile, for people."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from fixtures.exceptions import NotVerifiedError
from fixtures.model import PCI, PGPU, PIF, SR, VDI, VGPU, VM, Host, Network, PoolFacts, Record, Ref

MEMORY_CODES: Final = ("HOST_NOT_ENOUGH_FREE_MEMORY", "HOST_EVACUATE_VM_NOT_HA_PROTECTED")
_ALWAYS_RESTART: Final = ("restart", "0", "1", "2", "3")
_MIB: Final = 1024**2
_MOST: Final = 300

_NAMED: Final[tuple[type[Record], ...]] = (SR, Network, Host, VM, VDI, PGPU, VGPU, PIF)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a VM cannot do something.

    Attributes:
        code: xapi's error code.
        object: name of the SR, network, device or host at fault; empty if it is the VM itself.
        words: the sentence to show, with names instead of references.
    """

    code: str
    object: str
    words: str


_Words: TypeAlias = Callable[[VM, Sequence[str]], str]


def explain(vm: VM, description: Sequence[str], detail: str = "") -> Reason:
    """Put one of xapi's codes into words.

    Args:
        vm: what it is about.
        description: the code, then its parameters, in which references may stand.
        detail: what is known beside that, such as the hosts that lack the SR.

    Returns:
        The reason; an unknown code is printed as it is.
    """
    facts = vm.facts
    code, *params = (str(part)[:_MOST] for part in description or ("",))
    names = [named(facts, param) for param in params if param != vm.ref]
    words = _TABLE.get(code)
    if words is None:
        raw = " ".join([code or "an empty answer", *names])
        return Reason(code, names[0] if names else "", f"xapi says {raw}")
    return Reason(code, names[0] if names else "", words(vm, params) + (detail and f" ({detail})"))


def named(facts: PoolFacts, param: str) -> str:
    """The name behind a reference; any other text as it stands."""
    if not param.startswith("OpaqueRef:"):
        return param
    for record_class in _NAMED:
        try:
            found = facts.find(record_class, Ref(param))
        except NotVerifiedError:
            # Without its class an object keeps its reference; the reason itself stands.
            continue
        if found is not None:
            return _device_name(found)
    return _gpu_group(facts, Ref(param)) or param


def _gpu_group(facts: PoolFacts, group: Ref) -> str:
    """The model of the GPUs in a group, by which xapi names the group too; empty if it is none."""
    try:
        gpus = facts.referring(PGPU, "GPU_group", group)
        card = facts.find(PCI, gpus[0].PCI) if gpus else None
        name = f"{card.vendor_name} {card.device_name}" if card else ""
    except NotVerifiedError:
        name = ""  # As above: the group keeps its reference, the reason stands.
    return name


def _device_name(record: Record) -> str:
    if isinstance(record, VGPU):
        return f"virtual GPU {record.device}"
    return record.title


def ha_leaves_it(vm: VM) -> bool:
    """Whether HA is on and does not promise to restart this VM.

    Such a VM is refused for want of memory, whatever memory there is (xapi before 26; xapi,
    ocaml/xapi/xapi_ha_vm_failover.ml).
    """
    if not vm.facts.pool.ha_enabled:
        return False
    return not (vm.ha_always_run and vm.ha_restart_priority in _ALWAYS_RESTART)


def _at(vm: VM, params: Sequence[str], index: int) -> str:
    return named(vm.facts, params[index]) if len(params) > index else "one that xapi does not name"


def _last(vm: VM, params: Sequence[str]) -> str:
    others = [param for param in params if param != vm.ref]
    return named(vm.facts, others[-1]) if others else "one that xapi does not name"


def _storage(vm: VM, params: Sequence[str]) -> str:
    name, ref = _last(vm, params), Ref(params[-1] if params else "")
    what = "a disk"
    try:
        drives = [vbd for vbd in vm.vbds if not vbd.empty and ref == vbd.vdi.SR]
        if drives and all(vbd.type == "CD" for vbd in drives):
            what = "the CD in its drive"
        shared = vm.facts.get(SR, ref).shared
    except NotVerifiedError:
        return f"it needs SR {name}, which is not attached on every other host"
    if not shared:
        return f"{what} is on SR {name}, which is local to its host"
    return f"{what} is on SR {name}, which is not attached on every other host"


def _memory(vm: VM, params: Sequence[str]) -> str:
    try:
        if ha_leaves_it(vm):
            return "HA is on and does not protect this VM (xapi calls that a lack of memory)"
    except NotVerifiedError:
        pass  # Whether HA is to blame is not known; that xapi refuses it is.
    if len(params) == 2 and all(re.fullmatch(r"[0-9]{1,18}", param) for param in params):
        needed, free = (int(param) // _MIB for param in params)
        return f"it needs {needed} MiB, another host has {free} MiB free"
    return "the other hosts do not have enough free memory for it"


def _state(vm: VM, params: Sequence[str]) -> str:
    state = _at(vm, params, 2) if len(params) > 2 else vm.power_state
    return f"it is {state.lower()}, and only a running VM can move"


def _text(words: str) -> _Words:
    return lambda _vm, _params: words


def _with_name(words: str) -> _Words:
    """A sentence with the name of the last parameter that is not the VM itself."""
    return lambda vm, params: words.format(_last(vm, params))


def _blocked(vm: VM, params: Sequence[str]) -> str:
    others = [param for param in params if param != vm.ref]
    note = f": {others[-1]}" if others and others[-1] else ""
    return f"somebody has blocked its migration (blocked_operations, pool_migrate{note})"


def _busy(vm: VM, params: Sequence[str]) -> str:
    return f"another operation is in progress on it: {_at(vm, params, 2)}"


def _incompatible(vm: VM, params: Sequence[str]) -> str:
    others = [param for param in params if param != vm.ref]
    host = named(vm.facts, others[0]) if others else "another host"
    why = f": {others[1]}" if len(others) > 1 else ""
    return f"the processors of host {host} do not offer what it was started with{why}"


def _old_tools(vm: VM, params: Sequence[str]) -> str:
    version = ".".join(param for param in params if param != vm.ref)
    return f"its tools are too old to be moved{version and f' (version {version})'}"


_TABLE: Final[Mapping[str, _Words]] = {
    "NO_HOSTS_AVAILABLE": _text(
        "there is no other enabled host of the same or a newer version to take it"
    ),
    "HOST_NOT_ENOUGH_FREE_MEMORY": _memory,
    "HOST_EVACUATE_VM_NOT_HA_PROTECTED": _text("HA is on and does not protect this VM"),
    "VM_REQUIRES_SR": _storage,
    "VM_REQUIRES_NETWORK": _with_name("it is on network {}, which not every other host has"),
    "HOST_CANNOT_ATTACH_NETWORK": _with_name("another host cannot attach its network {}"),
    "VM_REQUIRES_GPU": _with_name("no other host has a free GPU of group {}"),
    "VM_REQUIRES_VGPU": lambda vm, params: (
        f"no other host has room for its virtual GPU of group {_at(vm, params, 1)}"
    ),
    "VM_REQUIRES_IOMMU": _with_name("host {} does not pass devices through (IOMMU is off)"),
    "VM_HAS_PCI_ATTACHED": _text("a PCI device of its host is passed through to it"),
    "VM_HAS_VGPU": _text("it has a virtual GPU that cannot move"),
    "VM_HAS_VUSBS": _text("a USB device of its host is passed through to it"),
    "VM_HAS_SRIOV_VIF": _text("it has a network interface on SR-IOV"),
    "NETWORK_SRIOV_INSUFFICIENT_CAPACITY": _with_name(
        "another host has no free SR-IOV function on network {}"
    ),
    "VM_IS_IMMOBILE": _text("it is set not to migrate, or uses nested virtualisation"),
    "VM_MISSING_PV_DRIVERS": _text("it has no guest tools, so it cannot be moved"),
    "VM_OLD_PV_DRIVERS": _old_tools,
    "VM_LACKS_FEATURE_SUSPEND": _text("its guest tools do not say that it can be suspended"),
    "VM_LACKS_FEATURE": _text("its guest tools do not say that it can be suspended"),
    "VM_NON_SUSPENDABLE": _with_name("the guest refuses to be suspended: {}"),
    "VM_INCOMPATIBLE_WITH_THIS_HOST": _incompatible,
    "VM_HOST_INCOMPATIBLE_VERSION": _text("the other hosts run an older version"),
    "VM_HOST_INCOMPATIBLE_VERSION_MIGRATE": _text("the other hosts run an older version"),
    "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION": lambda vm, params: (
        f"host {_at(vm, params, 0)} does not offer its virtual hardware platform version"
    ),
    "HOST_NOT_ENOUGH_PCPUS": lambda vm, params: (
        f"it has {_at(vm, params, 0)} virtual processors, another host only {_at(vm, params, 1)}"
    ),
    "HOST_DISABLED": _with_name("host {} is disabled"),
    "HOST_NOT_LIVE": _with_name("host {} is not live"),
    "VM_HVM_REQUIRED": _text("another host has no hardware virtualisation (VT-x or AMD-V is off)"),
    "OPERATION_BLOCKED": _blocked,
    "OPERATION_NOT_ALLOWED": _with_name("xapi does not allow it: {}"),
    "OTHER_OPERATION_IN_PROGRESS": _busy,
    "VM_BAD_POWER_STATE": _state,
    "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION": _text(
        "a cached disk of it is reset at every boot (IntelliCache)"
    ),
    "VGPU_TYPE_NO_LONGER_SUPPORTED": _text("its type of virtual GPU is no longer supported"),
    "HOST_EVACUATION_IS_REQUIRED": _text("an update asks for its host to be evacuated first"),
    "NOT_SUPPORTED_DURING_UPGRADE": _text("a rolling upgrade is in progress"),
    "MEMORY_CONSTRAINT_VIOLATION": _text("its memory limits contradict each other"),
    "INVALID_VALUE": lambda vm, params: f"its settings are not valid: {_at(vm, params, 0)}",
    "VALUE_NOT_SUPPORTED": lambda vm, params: f"a setting is not valid: {_at(vm, params, 0)}",
    "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED": _with_name("SR {} is not shared by all enabled hosts"),
    "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED": _with_name(
        "network {} is not on all enabled hosts"
    ),
    "HANDLE_INVALID": lambda vm, params: f"it refers to a {_at(vm, params, 0)} that does not exist",
}
