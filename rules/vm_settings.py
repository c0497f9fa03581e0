"""What of a VM's own settings disturbs an upgrade: discs, autostart, type, processors, memory."""

from collections.abc import Mapping
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import SR, VBD, VM
from fixtures.releases import Release
from fixtures.settings import Settings
from rules.confidence import Objection
from rules.features import feature_objection
from rules.power_state import known_power_state

ACTIVE: Final = ("Running", "Paused")
MOST_SOCKETS: Final = 16
_AUTOSTART: Final = "auto_poweron"
_CORES: Final = "cores-per-socket"
_DRIVES: Final = ("CD", "Disk", "Floppy")
_FULL: Final = ("hvm", "pvh")
_PARAVIRTUAL: Final = ("pv", "pv_in_pvh")
_GUIDANCE: Final = (
    "pending_guidances",
    "pending_guidances_recommended",
    "pending_guidances_full",
)


def discs(vm: VM, state: str, settings: Settings) -> tuple[Objection, ...]:
    """The discs in the CD drives of a VM.

    A disc weighs the most where XenCenter or xapi refuse to move the VM because of it.

    Raises:
        NotVerifiedError: a drive is of a kind that is not known, or its disc is not.
    """
    return tuple(
        _disc(vbd.vdi.title, vbd.vdi.sr, state, settings)
        for vbd in vm.vbds
        if _kind(vbd) == "CD" and not vbd.empty
    )


def _kind(vbd: VBD) -> str:
    if vbd.type not in _DRIVES:
        raise NotVerifiedError(f"VBD {vbd.title}: {vbd.type!r} is no kind of drive that we know")
    return vbd.type


def _disc(name: str, sr: SR, state: str, settings: Settings) -> Objection:
    tools = _holds_tools(sr)
    what = "the tools ISO" if tools else f"{name} of SR {sr.title}"
    if not tools and not sr.shared:
        what += ", which is not shared"
    alone = settings.no_xencenter and len(sr.facts.hosts) == 1
    if settings.phase == "after" or settings.method != "rolling" or alone:
        return Objection(what, "no VM has to move now")
    if state not in ACTIVE:
        return Objection(what, f"the VM is {state.lower()} and need not move")
    return Objection(what, "" if tools or not sr.shared else "every host sees the disc")


def _holds_tools(sr: SR) -> bool:
    """Whether an SR is the one of the guest tools; before 7.0 only a key says so."""
    marked = sr.other_config.get("xenserver_tools_sr") == "true"
    return marked or (sr.has("is_tools_sr") and sr.is_tools_sr)


def autostart(other_config: Mapping[str, str], what: str) -> bool:
    """Whether a VM, or its pool, is set to start VMs together with their host.

    Raises:
        NotVerifiedError: the key is neither true nor false.
    """
    value = other_config.get(_AUTOSTART, "false").strip().lower()
    if value not in ("true", "false", ""):
        raise NotVerifiedError(f"{what}: {_AUTOSTART} is neither true nor false")
    return value == "true"


def wizard_minds_autostart(vm: VM, settings: Settings) -> bool:
    """Whether XenCenter's wizard finds the VM on a host, and then wants its own key off.

    Raises:
        NotVerifiedError: its power state is not known.
    """
    uses_wizard = settings.method == "rolling" and not settings.no_xencenter
    return uses_wizard and known_power_state(vm) in ACTIVE


def paravirtual_type(vm: VM) -> str:
    """How a paravirtualised VM is set to run; empty if it is not one.

    Source: xapi, ocaml/xapi/xapi_vm_helpers.ml (derive_domain_type). Before 7.5, and where the
    type is not specified, the boot policy decides.

    Raises:
        NotVerifiedError: the type is not known.
    """
    kind = vm.domain_type if vm.has("domain_type") else "unspecified"
    if kind == "unspecified":
        kind = "hvm" if vm.HVM_boot_policy else "pv"
    if kind not in (*_FULL, *_PARAVIRTUAL):
        raise NotVerifiedError(f"VM {vm.title}: {kind!r} is not a domain type that we know")
    return kind if kind in _PARAVIRTUAL else ""


def paravirtual_objection(
    kind: str, target: Release | None, possible_targets: str
) -> Objection | None:
    """What speaks against a paravirtualised VM with the target.

    Raises:
        NotVerifiedError: it is one, and what the target makes of it is not known.
    """
    if not kind:
        return None
    if target is None:
        raise NotVerifiedError(
            f"it is paravirtualised ({kind}) and no --target was given; possible are "
            f"{possible_targets}"
        )
    return feature_objection(target, "pv-guests", f"paravirtualised ({kind})")


def wizard_is_used(settings: Settings, target: Release | None) -> bool:
    """Whether XenCenter may do a rolling upgrade; it manages only some targets."""
    if settings.no_xencenter or settings.method != "rolling" or settings.phase == "after":
        return False
    return target is None or target.managed_by_xencenter.value


def topology_problem(vm: VM) -> str:
    """Why XenCenter calls a VM's sockets and cores invalid; empty if it does not.

    Raises:
        NotVerifiedError: their numbers cannot be understood.
    """
    text, processors = vm.platform.get(_CORES, "1"), vm.VCPUs_max
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text)) or processors < 1:
        raise NotVerifiedError(f"VM {vm.title}: {processors} vCPUs with {text!r} cores per socket")
    cores = int(text)
    words = f"{processors} vCPUs with {cores} cores per socket"
    if processors % cores:
        return f"{words}, no whole number of sockets"
    sockets = processors // cores
    return f"{words}, {sockets} sockets" if sockets > MOST_SOCKETS else ""


def dynamic_part(vm: VM) -> int:
    """To how many percent of its most memory a VM may be squeezed.

    Raises:
        NotVerifiedError: its memory limits make no sense.
    """
    least, most = vm.memory_dynamic_min, vm.memory_dynamic_max
    if not 0 < least <= most:
        raise NotVerifiedError(f"VM {vm.title}: its dynamic memory is {least} to {most} bytes")
    return least * 100 // most


def operations(vm: VM) -> tuple[str, ...]:
    """What is being done with a VM, its drives and its images now."""
    found = [f"{operation} of the VM" for operation in vm.current_operations.values()]
    for vbd in vm.vbds:
        found += [f"{operation} of its drive" for operation in vbd.current_operations.values()]
        if not vbd.empty:
            image = vbd.vdi
            found += [f"{word} of {image.title}" for word in image.current_operations.values()]
    return tuple(dict.fromkeys(found))


def expects_device_id(vm: VM) -> bool:
    """Whether a VM is a Windows guest by its Viridian interface, or by what its tools report.

    Raises:
        NotVerifiedError: the key is neither on nor off.
    """
    value = vm.platform.get("viridian", "false").strip().lower()
    if value not in ("true", "1", "false", "0"):
        raise NotVerifiedError(f"VM {vm.title}: platform key viridian is neither on nor off")
    if value in ("true", "1"):
        return True
    guest = vm.guest
    if guest is None:
        return False
    system = f"{guest.os_version.get('distro', '')} {guest.os_version.get('name', '')}".lower()
    return "windows" in system or "microsoft" in system


def pending_guidance(vm: VM) -> tuple[str, ...]:
    """What updates still ask to be done with a VM."""
    return tuple(dict.fromkeys(word for name in _GUIDANCE for word in getattr(vm, name)))
