"""Adds VMs, snapshots and templates to a simulated pool."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from fixtures.raw import Ref
from simpool.data import SimPool
from simpool.generations import GENERATIONS
from simpool.guest_devices import add_drive, add_drives, add_interfaces
from simpool.operator_files import include
from simpool.records import GIB, MIB, NULL, add_record, find, identity, ref_of
from simpool.storage import add_disk

_OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "Running": (
        "changing_dynamic_range", "pool_migrate", "migrate_send", "suspend", "clean_reboot",
        "clean_shutdown", "hard_reboot", "hard_shutdown", "pause", "snapshot", "checkpoint",
    ),
    "Halted": ("changing_dynamic_range", "start", "start_on", "clone", "copy", "export", "destroy"),
    "Suspended": ("resume", "resume_on", "hard_shutdown", "export", "copy", "clone", "csvm"),
    "Paused": ("unpause", "hard_reboot", "hard_shutdown"),
}  # fmt: skip
_FEATURES: Final = {
    "feature-suspend": "1",
    "feature-poweroff": "1",
    "feature-reboot": "1",
    "feature-shutdown": "1",
    "feature-balloon": "1",
    "platform-feature-multiprocessor-suspend": "1",
}


def memory_overhead(vcpus: int, memory: int) -> int:
    """What an HVM guest costs beside its memory, in bytes; rule of xapi, ocaml/xapi-idl/memory."""
    shadow = max(1, math.ceil((256 * vcpus + 2 * memory // MIB) * 4 / 1024))
    return (2 + shadow) * MIB


def add_vm(
    pool: SimPool,
    name: str,
    *,
    power_state: str = "Running",
    host: str | None = None,
    disks: Iterable[tuple[str, float]] = (),
    networks: Iterable[str] = (),
    tools: bool | tuple[int, int, int] = True,
    memory_gib: float = 2,
    vcpus: int = 2,
    suspend_sr: str | None = None,
    os: str = "Debian GNU/Linux 8.8 (jessie)",
    **fields: Any,
) -> Ref:
    """Add an HVM guest with its disks, an empty CD drive, interfaces and metrics.

    Args:
        pool: where to.
        name: of the VM.
        power_state: `Running`, `Halted`, `Suspended` or `Paused`.
        host: name of the host it is on; needed when running or paused.
        disks: SR name and size in GiB of each disk.
        networks: network name of each interface.
        tools: true for tools as current as the release, or their version, or false for none ever.
        memory_gib: all limits of its memory.
        vcpus: number of virtual processors.
        suspend_sr: name of the SR that holds the image of a suspended VM.
        os: name its tools report.
        fields: further fields of the record.
    """
    on = ref_of(pool, "host", host) if host else NULL
    memory = int(memory_gib * GIB)
    active = power_state in {"Running", "Paused"}
    now = pool.now
    metrics = add_record(
        pool,
        "VM_metrics",
        name,
        {
            "memory_actual": memory if active else 0,
            "VCPUs_number": vcpus if active else 0,
            "start_time": now - timedelta(days=40),
            "install_time": now - timedelta(days=400),
            "last_updated": now,
            "hvm": active,
            "current_domain_type": "hvm" if active else "unspecified",
        },
    )
    image = NULL
    if power_state == "Suspended" and suspend_sr:
        image = add_disk(pool, f"Suspend image of {name}", suspend_sr, memory_gib, type="suspend")
    ref = add_record(
        pool,
        "VM",
        name,
        {
            **_settings(pool, name, memory, vcpus),
            "power_state": power_state,
            "resident_on": on if active else NULL,
            "affinity": on,
            "allowed_operations": _OPERATIONS[power_state],
            "suspend_VDI": image,
            "suspend_SR": ref_of(pool, "SR", suspend_sr) if suspend_sr else NULL,
            "metrics": metrics,
            "guest_metrics": _guest_metrics(pool, name, tools, os, active=active),
        },
        **fields,
    )
    add_drives(pool, ref, name, tuple(disks), active=active)
    add_interfaces(pool, ref, name, tuple(networks), active=active)
    include(pool, "VM", pool.records["VM"][ref]["uuid"])
    return ref


def _settings(pool: SimPool, name: str, memory: int, vcpus: int) -> dict[str, Any]:
    return {
        "name_label": name,
        "is_a_template": False,
        "memory_overhead": memory_overhead(vcpus, memory),
        "memory_target": memory,
        "memory_static_max": memory,
        "memory_dynamic_max": memory,
        "memory_dynamic_min": memory,
        "memory_static_min": 512 * MIB,
        "VCPUs_max": vcpus,
        "VCPUs_at_startup": vcpus,
        "actions_after_shutdown": "destroy",
        "actions_after_reboot": "restart",
        "actions_after_crash": "restart",
        "HVM_boot_policy": "BIOS order",
        "HVM_boot_params": {"order": "cdn"},
        "HVM_shadow_multiplier": 1.0,
        "platform": {
            "timeoffset": "0", "nx": "true", "acpi": "1", "apic": "true", "pae": "true",
            "viridian": "true", "device_id": "0001",
        },
        "other_config": {
            "base_template_name": "Debian Jessie 8.0",
            "mac_seed": identity(pool, name),
        },
        "bios_strings": {"bios-vendor": "Xen", "system-manufacturer": "Xen"},
        "generation_id": "",
        "hardware_platform_version": 0,
        "domain_type": "hvm",
    }  # fmt: skip


def _guest_metrics(
    pool: SimPool, name: str, tools: bool | tuple[int, int, int], os: str, *, active: bool
) -> Ref:
    if tools is False:
        return NULL
    current = tuple(int(part) for part in GENERATIONS[pool.release].product_version.split("."))
    version = current if tools is True else tools
    return add_record(
        pool,
        "VM_guest_metrics",
        name,
        {
            "os_version": _system(os),
            "PV_drivers_version": dict(
                zip(("major", "minor", "micro", "build"), map(str, (*version, 137)), strict=True)
            ),
            # From 7.0 on xapi only repeats here that drivers were detected.
            "PV_drivers_up_to_date": version == current or pool.release != "6.5",
            "networks": {"0/ip": "203.0.113.10"} if active else {},
            "other": _FEATURES | ({"feature-static-ip-setting": "1"} if _is_windows(os) else {}),
            "last_updated": pool.now,
            "live": active,
            "can_use_hotplug_vbd": "yes",
            "can_use_hotplug_vif": "yes",
            "PV_drivers_detected": True,
        },
    )


def _is_windows(os: str) -> bool:
    return "windows" in os.lower()


def _system(os: str) -> dict[str, str]:
    if _is_windows(os):
        return {"name": f"{os}|C:\\Windows|", "distro": "windows", "major": "10", "minor": "0"}
    return {"name": os, "uname": "3.16.0-4-amd64", "distro": "debian", "major": "8", "minor": "8"}


def add_snapshot(
    pool: SimPool, vm: str, name: str, *, taken: datetime | None = None, **fields: Any
) -> Ref:
    """Add a snapshot of a VM, with snapshots of its disks; taken an hour ago when not stated."""
    of, original = find(pool, "VM", vm)
    when = taken or pool.now - timedelta(hours=1)
    copied = {k: v for k, v in original.items() if k not in {"uuid", *fields}}
    ref = add_record(
        pool,
        "VM",
        f"{vm}/snapshot/{name}",
        {
            **copied,
            "name_label": name,
            "power_state": "Halted",
            "is_a_template": True,
            "is_a_snapshot": True,
            "snapshot_of": of,
            "snapshot_time": when,
            "resident_on": NULL,
            "affinity": NULL,
            "suspend_VDI": NULL,
            "guest_metrics": NULL,
            "allowed_operations": [
                "create_template",
                "clone",
                "copy",
                "export",
                "revert",
                "destroy",
            ],
            "snapshot_info": {"power-state-at-snapshot": original["power_state"]},
            "other_config": {"base_template_name": "Debian Jessie 8.0"},
            "metrics": add_record(pool, "VM_metrics", f"{vm}/snapshot/{name}", {}),
        },
        **fields,
    )
    drives = [d for d in pool.records["VBD"].values() if d["VM"] == of and d["VDI"] != NULL]
    for drive in drives:
        image = pool.records["VDI"][drive["VDI"]]
        sr = pool.records["SR"][image["SR"]]["name_label"]
        copy = add_disk(
            pool,
            f"{image['name_label']} in {name}",
            sr,
            0,
            is_a_snapshot=True,
            snapshot_of=drive["VDI"],
            snapshot_time=when,
            virtual_size=image["virtual_size"],
        )
        add_drive(
            pool,
            ref,
            f"{vm}/snapshot/{name}",
            int(drive["userdevice"]),
            "Disk",
            copy,
            attached=False,
        )
    return ref


def add_template(pool: SimPool, name: str, *, default: bool = True, **fields: Any) -> Ref:
    """Add a template; a default one is part of the release."""
    return add_record(
        pool,
        "VM",
        f"template/{name}",
        {
            **_settings(pool, name, 2 * GIB, 1),
            "power_state": "Halted",
            "is_a_template": True,
            "is_default_template": default,
            "other_config": {"default_template": "true"} if default else {},
            "resident_on": NULL,
            "affinity": NULL,
            "metrics": add_record(pool, "VM_metrics", f"template/{name}", {}),
            "guest_metrics": NULL,
        },
        **fields,
    )
