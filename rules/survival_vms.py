"""What of a VM must have survived the upgrade: disks, interfaces, state, host, settings, tools."""

from collections.abc import Iterator
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.model import VBD, VDI, VIF, VM, VMPP, VMSS, Host, Ref, VMGuestMetrics
from fixtures.settings import Settings
from rules.confidence import Objection
from rules.power_state import known_power_state
from rules.survival import by_uuid, changes, is_same_host, other
from rules.vm_settings import autostart

GIB: Final = 1024**3
# What became of a VM's state, and needs no word: a guest that waits may go on.
_GOES_ON: Final = frozenset({("Suspended", "Running"), ("Paused", "Running")})
_LIMITS: Final = (
    ("static maximum", "memory_static_max"),
    ("dynamic maximum", "memory_dynamic_max"),
    ("dynamic minimum", "memory_dynamic_min"),
)
_SETTINGS: Final = (
    ("vCPUs at start", "VCPUs_at_startup"),
    ("most vCPUs", "VCPUs_max"),
    ("action after shutdown", "actions_after_shutdown"),
    ("action after reboot", "actions_after_reboot"),
    ("action after crash", "actions_after_crash"),
)
_STARTS: Final = (
    ("HA restart priority", "ha_restart_priority"),
    ("start order", "order"),
    ("start delay", "start_delay"),
    ("shutdown delay", "shutdown_delay"),
)


def lost_disks(vm: VM, old: VM) -> tuple[Objection, ...]:
    """Disks of then that are gone, or not what they were; heavy only where data may be lost."""
    found = (_disk_objection(drive, vm) for drive in _disks(old))
    return tuple(objection for objection in found if objection)


def _disks(vm: VM) -> list[VBD]:
    drives = [vbd for vbd in vm.vbds if vbd.type != "CD" and not vbd.empty]
    return sorted(drives, key=lambda vbd: (len(vbd.userdevice), vbd.userdevice))


def _disk_objection(drive: VBD, vm: VM) -> Objection | None:
    image = drive.vdi
    what = (
        f"disk {drive.userdevice} ({image.title}, {image.virtual_size // GIB} GiB, "
        f"SR {image.sr.title})"
    )
    there = next((one for one in _disks(vm) if one.userdevice == drive.userdevice), None)
    now = there.vdi if there else None
    if now is not None and now.uuid == image.uuid:
        return _same_image(what, now, image)
    if image.uuid in by_uuid(vm.facts, VDI):
        return Objection(f"{what} is not in its place", "the image is still there")
    if now is not None and now.virtual_size >= image.virtual_size:
        words = f"{what} was replaced by {now.title}, SR {now.sr.title}"
        return Objection(words, "an image of at least its size is in its place")
    return Objection(f"{what} is gone")


def _same_image(what: str, now: VDI, then: VDI) -> Objection | None:
    if now.missing and not then.missing:
        return Objection(f"the image of {what} is missing in its SR")
    if now.virtual_size < then.virtual_size:
        return Objection(f"{what} has only {now.virtual_size // GIB} GiB")
    return None


def changed_interfaces(vm: VM, old: VM) -> tuple[str, ...]:
    """Interfaces of then that are gone, or have another address or network; in words."""
    now = {vif.device: vif for vif in vm.vifs}
    return tuple(
        words
        for vif in sorted(old.vifs, key=lambda vif: (len(vif.device), vif.device))
        for words in _interface(vif, now.get(vif.device), _is_running(vm, old))
    )


def _interface(then: VIF, now: VIF | None, running: bool) -> tuple[str, ...]:  # noqa: FBT001
    what = f"interface {then.device}"
    if now is None:
        return (f"{what} ({then.MAC}, {then.on_network.title}) is gone",)
    compared: list[tuple[str, object, object]] = [
        (f"{what}: MAC", then.MAC, now.MAC),
        (f"{what}: network", *other(then.on_network, now.on_network)),
    ]
    if then.has("locking_mode"):
        compared.append((f"{what}: locking mode", then.locking_mode, now.locking_mode))
    unplugged = running and then.currently_attached and not now.currently_attached
    return (*changes(compared), *((f"{what} is unplugged",) if unplugged else ()))


def _is_running(vm: VM, old: VM) -> bool:
    return {known_power_state(vm), known_power_state(old)} == {"Running"}


def changed_state(vm: VM, old: VM) -> tuple[str, ...]:
    """How its power state differs; one that stays suspended counts as well."""
    states = (known_power_state(old), known_power_state(vm))
    if states == ("Suspended", "Suspended"):
        return ("still suspended, by the former release",)
    return () if states in _GOES_ON else changes([("power state", *states)])


def changed_home(vm: VM, old: VM, settings: Settings) -> tuple[Objection, ...]:
    """Another home server than before, or none; or running on another host."""
    home = _host(vm, vm.affinity)
    if not _same(_host(old, old.affinity), home, settings):
        words = changes([("home server", _title(_host(old, old.affinity)), _title(home))])
        return (Objection(words[0] if words else "home server of the same name, another host"),)
    if not _is_running(vm, old):
        return ()
    on = (_host(old, old.resident_on), _host(vm, vm.resident_on))
    if None in on:
        raise NotVerifiedError(f"VM {vm.title}: the host on which it runs is not known")
    if _same(*on, settings):
        return ()
    free = "" if home else "it has no home server: any host may run it"
    return (Objection(f"runs on {_title(on[1])} instead of {_title(on[0])}", free),)


def _host(vm: VM, ref: Ref) -> Host | None:
    return vm.facts.find(Host, ref) if ref else None


def _title(host: Host | None) -> str:
    return host.title if host else "none"


def _same(one: Host | None, other: Host | None, settings: Settings) -> bool:
    if one is None or other is None:
        return one is other
    return is_same_host(one, other, settings)


def changed_settings(vm: VM, old: VM) -> tuple[str, ...]:
    """HA, start order, autostart, schedule, limits and locks that are not as they were."""
    return changes(
        [
            *_starts(vm, old),
            ("autostart", _autostart(old), _autostart(vm)),
            ("schedule of snapshots", _schedule(old), _schedule(vm)),
            *((what, f"{getattr(old, name) // 1024**2} MiB", f"{getattr(vm, name) // 1024**2} MiB")
              for what, name in _LIMITS),
            *((what, getattr(old, name), getattr(vm, name)) for what, name in _SETTINGS),
            ("blocked operations", frozenset(old.blocked_operations), frozenset(vm.blocked_operations)),
        ]
    )  # fmt: skip


def _starts(vm: VM, old: VM) -> Iterator[tuple[str, object, object]]:
    if not vm.has("order"):
        yield "protection by HA", old.ha_always_run, vm.ha_always_run
        yield _STARTS[0][0], old.ha_restart_priority, vm.ha_restart_priority
        return
    if not old.has("order"):  # XenServer 5: numbers, which later releases turn into an order
        yield "protection by HA", old.ha_always_run, vm.ha_restart_priority == "restart"
        return
    for what, name in _STARTS:
        yield what, getattr(old, name), getattr(vm, name)
    yield "membership in a vApp", bool(old.appliance), bool(vm.appliance)


def _autostart(vm: VM) -> bool:
    return autostart(vm.other_config, f"VM {vm.title}")


def _schedule(vm: VM) -> str:
    """The name of the schedule or policy of a VM; empty for none."""
    if vm.has("snapshot_schedule") and vm.snapshot_schedule:
        return vm.facts.get(VMSS, vm.snapshot_schedule).title
    if vm.has("protection_policy") and vm.protection_policy:
        policy = vm.facts.find(VMPP, vm.protection_policy)
        return policy.title if policy else ""
    return ""


def tools_versions(vm: VM, old: VM) -> tuple[str, str]:
    """The versions of the tools, then and now; empty where none report one."""
    return _version(old.guest), _version(vm.guest)


def _version(guest: VMGuestMetrics | None) -> str:
    if guest is None:
        return ""
    version = guest.PV_drivers_version
    return ".".join(version[key] for key in ("major", "minor", "micro", "build") if key in version)
