"""Adds members to a simulated pool, with what is built into them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fixtures.raw import Ref
from fixtures.times import xenapi_time
from simpool.certificates import public_certificate
from simpool.data import SimPool
from simpool.dom0_answers import add_dom0
from simpool.dom0_boot import bios_version
from simpool.generations import GENERATIONS, software_version
from simpool.hardware import (
    BIOS_VENDOR,
    CPU_FLAGS,
    DEVICES,
    MANUFACTURER,
    PROCESSOR,
    PRODUCT,
)
from simpool.operator_files import include
from simpool.records import GIB, MIB, NULL, add_record, identity, pool_record

# Features of a licence: the first are forbidden when true, the last allowed when true.
_RESTRICTIONS: Final = (
    "vlan", "qos", "pool_attached_storage", "netapp", "equalogic", "pooling", "marathon",
    "email_alerting", "historical_performance", "wlb", "rbac", "dmc", "checkpoint", "cpu_masking",
    "connection", "vmpr", "vmss", "intellicache", "gpu", "dr", "vif_locking", "storage_xen_motion",
    "vgpu", "vss", "xen_motion", "ad", "nested_virt", "live_patching", "rpu", "pool_size",
)  # fmt: skip
_CAPABILITIES: Final = (
    "xen-3.0-x86_64", "xen-3.0-x86_32p", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64",
)  # fmt: skip
_CERTIFIED: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a certificate does not change by the day
_NO_END: Final = datetime(2030, 1, 1, tzinfo=UTC)  # what a licence without an end states
# Host memory in GiB below which dom0 gets so many MiB; xcp-python-libs, xcp/dom0.py.
_DOM0_MIB: Final = ((24, 752), (48, 2048), (64, 3072))


def restrictions() -> dict[str, str]:
    """Features of a licence that forbids nothing, as `pool.restrictions` states them."""
    return {f"restrict_{name}": "false" for name in _RESTRICTIONS} | {"enable_xha": "true"}


def add_host(
    pool: SimPool,
    name: str,
    *,
    brand: str = "",
    memory_gib: int = 128,
    cpus: int = 16,
    address: str = "",
    edition: str = "enterprise-per-socket",
    licence_days: int | None = 400,
    up_days: float = 90.0,
    **fields: Any,
) -> Ref:
    """Add a member with control domain, metrics, processors and PCI devices; the first coordinates.

    Args:
        pool: where to.
        name: name and host name.
        brand: product brand; made up from the release when empty.
        memory_gib: physical memory.
        cpus: number of logical processors.
        address: of its management interface; made up when empty.
        edition: of its licence.
        licence_days: days from now until the licence ends; None never ends.
        up_days: days since the last boot.
        fields: further fields of the record, in any form `records.wire` takes.
    """
    made = GENERATIONS[pool.release]
    now = pool.now
    booted = now - timedelta(days=up_days)
    ends = _NO_END if licence_days is None else now + timedelta(days=licence_days)
    number = len(pool.records["host"]) + 1
    brand = brand or ("XCP-ng" if pool.release == "8.3" else "XenServer")
    metrics = add_record(
        pool,
        "host_metrics",
        name,
        {"memory_total": memory_gib * GIB - 38 * MIB, "live": True, "last_updated": now},
    )
    ref = add_record(
        pool,
        "host",
        name,
        {
            "name_label": name,
            "hostname": name,
            "address": address or f"192.0.2.{10 + number}",
            "enabled": True,
            "metrics": metrics,
            "software_version": software_version(pool.release, brand, name),
            "API_version_major": made.api[0],
            "API_version_minor": made.api[1],
            "API_version_vendor": "XenSource",
            "memory_overhead": 560 * MIB,
            "other_config": {
                "boot_time": f"{int(booted.timestamp())}.",
                "agent_start_time": f"{int(booted.timestamp()) + 180}.",
                "iscsi_iqn": f"iqn.2017-06.example:{name}",
                "last_blob_sync_time": f"{int((now - timedelta(hours=7)).timestamp())}.",
            },
            "capabilities": _CAPABILITIES,
            "license_params": _licence(made.product_version, ends),
            "allowed_operations": ["vm_migrate", "provision", "vm_resume", "evacuate", "vm_start"],
            "suspend_image_sr": NULL,
            "crash_dump_sr": NULL,
            "logging": {},
            "cpu_info": _cpu_info(cpus),
            "bios_strings": _bios(pool, name),
            "license_server": {"address": "licence.example", "port": "27000"},
            "edition": edition,
            "chipset_info": {"iommu": "true"},
            "virtual_hardware_platform_versions": [0, 1, 2],
            "display": "enabled",
            "iscsi_iqn": f"iqn.2017-06.example:{name}",
            "editions": ["xcp-ng"] if brand == "XCP-ng" else ["free", edition],
            "last_software_update": booted,
            "latest_synced_updates_applied": "unknown",
            "ssh_enabled": True,
            "ntp_mode": "Factory",
            "timezone": "UTC",
            "tls_verification_enabled": True,
        },
        **fields,
    )
    _add_control_domain(pool, name, ref, memory_gib)
    _add_processors(pool, name, ref, cpus)
    _add_devices(pool, name, ref)
    if number == 1:
        pool_record(pool)["master"] = ref
        if "cpu_info" in pool_record(pool):
            info = pool.records["host"][ref]["cpu_info"]
            level = {key: info[key] for key in ("features_pv", "features_hvm")}
            pool_record(pool)["cpu_info"].update(level)
    add_dom0(pool, name, brand=brand, up_days=up_days)
    for method, answer in (
        ("host.get_vms_which_prevent_evacuation", {}),
        ("host.get_server_certificate", public_certificate(name, _CERTIFIED)),
        ("host.get_servertime", xenapi_time(pool.now)),
    ):
        pool.answers.setdefault(method, {})[ref] = answer
    include(pool, "host", pool.records["host"][ref]["uuid"])
    return ref


def _licence(version: str, ends: datetime) -> dict[str, str]:
    return {
        "sku_type": "",
        "version": version,
        "serialnumber": "",
        "sockets": "2",
        "expiry": xenapi_time(ends),
        "grace": "no",
        **restrictions(),
    }


def _cpu_info(cpus: int) -> dict[str, str]:
    features = "7ffefbff-bfebfbff-00000121-2c100800-001cbfbb-00000000-00000000-00000000-00000000"
    return {
        "cpu_count": str(cpus),
        "socket_count": "2",
        "vendor": "GenuineIntel",
        "speed": "2394.454",
        "modelname": PROCESSOR,
        "family": "6",
        "model": "79",
        "stepping": "1",
        "flags": CPU_FLAGS,
        "features": features,
        "features_pv": features,
        "features_hvm": features,
    }


def _bios(pool: SimPool, name: str) -> dict[str, str]:
    return {
        "bios-vendor": BIOS_VENDOR,
        "bios-version": bios_version(pool.release),
        "system-manufacturer": MANUFACTURER,
        "system-product-name": PRODUCT,
        "system-version": "",
        "system-serial-number": identity(pool, f"serial/{name}")[:7].upper(),
        "baseboard-manufacturer": MANUFACTURER,
        "baseboard-product-name": "0CNCJW",
        "hp-rombios": "",
    }


def _add_control_domain(pool: SimPool, name: str, host: Ref, memory_gib: int) -> None:
    memory = next((mib for below, mib in _DOM0_MIB if memory_gib < below), 4096) * MIB
    metrics = add_record(
        pool,
        "VM_metrics",
        f"dom0/{name}",
        {"memory_actual": memory, "VCPUs_number": 16, "last_updated": pool.now},
    )
    domain = add_record(
        pool,
        "VM",
        f"dom0/{name}",
        {
            "name_label": f"Control domain on host: {name}",
            "power_state": "Running",
            "is_control_domain": True,
            "resident_on": host,
            "affinity": host,
            "memory_target": memory,
            "memory_static_max": memory,
            "memory_dynamic_max": memory,
            "memory_dynamic_min": memory,
            "memory_static_min": 0,
            "VCPUs_max": 16,
            "VCPUs_at_startup": 16,
            "actions_after_shutdown": "destroy",
            "actions_after_reboot": "destroy",
            "actions_after_crash": "destroy",
            "other_config": {"storage_driver_domain": "OpaqueRef:" + identity(pool, f"sdd/{name}")},
            "metrics": metrics,
            "guest_metrics": NULL,
            "HVM_shadow_multiplier": 1.0,
            "domain_type": "pv",
        },
    )
    record = pool.records["host"][host]
    if "control_domain" in record:
        record["control_domain"] = domain


def _add_processors(pool: SimPool, name: str, host: Ref, cpus: int) -> None:
    for number in range(cpus):
        add_record(
            pool,
            "host_cpu",
            f"{name}/{number}",
            {
                "host": host,
                "number": number,
                "vendor": "GenuineIntel",
                "speed": 2394,
                "modelname": PROCESSOR,
                "family": 6,
                "model": 79,
                "stepping": "1",
                "flags": CPU_FLAGS,
                "features": "7ffefbff-bfebfbff-00000121-2c100800",
            },
        )


def _add_devices(pool: SimPool, name: str, host: Ref) -> None:
    for device in DEVICES:
        add_record(
            pool,
            "PCI",
            f"{name}/{device.address}",
            {
                "class_id": device.class_id,
                "class_name": device.class_name,
                "vendor_id": device.vendor_id,
                "vendor_name": device.vendor_name,
                "device_id": device.device_id,
                "device_name": device.device_name,
                "host": host,
                "pci_id": f"0000:{device.address}",
                "subsystem_vendor_id": device.subsystem_vendor_id,
                "subsystem_vendor_name": "Dell",
                "subsystem_device_id": device.subsystem_device_id,
                "subsystem_device_name": device.device_name,
            },
        )
