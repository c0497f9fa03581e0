"""Adds storage repositories, images and networks to a simulated pool."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from fixtures.raw import Ref
from simpool.data import SimPool
from simpool.operator_files import include
from simpool.records import GIB, NULL, add_record, host_names, identity, mac, ref_of

SR_OPERATIONS: Final = (
    "update", "vdi_create", "vdi_destroy", "vdi_snapshot", "vdi_clone", "vdi_resize",
    "vdi_introduce", "scan", "plug", "unplug", "pbd_create", "pbd_destroy",
)  # fmt: skip
PLANTED_SECRET: Final = "planted-chap-secret"
"""A password in a storage connection; it must never be found in anything that a run leaves."""
_DRIVERS: Final = ("ext", "lvm", "lvmoiscsi", "lvmohba", "nfs", "iso", "udev")


def add_drivers(pool: SimPool) -> None:
    """Add the storage drivers (class SM) that every release ships."""
    for kind in _DRIVERS:
        add_record(
            pool,
            "SM",
            kind,
            {
                "name_label": kind,
                "name_description": f"SR plugin of type {kind}",
                "type": kind,
                "vendor": "Citrix Systems Inc",
                "copyright": "(C) 2017 Citrix Systems Inc",
                "version": "1.0",
                "required_api_version": "1.0",
                "capabilities": ["SR_PROBE", "SR_UPDATE", "VDI_CREATE", "VDI_DELETE"],
                "features": {"SR_PROBE": "1", "SR_UPDATE": "1", "VDI_CREATE": "1"},
                "driver_filename": f"/opt/xensource/sm/{kind.upper()}SR",
            },
        )


def add_sr(
    pool: SimPool,
    name: str,
    type: str,  # noqa: A002 - the XenAPI's word
    *,
    shared: bool,
    hosts: Iterable[str] | None = None,
    attached: bool = True,
    size_gib: int = 200,
    used_gib: int = 0,
    device: str = "",
    device_config: Mapping[str, str] | None = None,
    **fields: Any,
) -> Ref:
    """Add an SR with one PBD per host.

    Args:
        pool: where to.
        name: of the SR.
        type: e.g. `ext`, `lvmoiscsi`, `nfs`, `iso`.
        shared: whether it is shared.
        hosts: names of the hosts that have a PBD; None is all of them.
        attached: whether the PBDs are.
        size_gib: of the SR.
        used_gib: used of it, images made by `add_disk` add to it.
        device: of a local SR: path of its disk or partition in dom0.
        device_config: of the PBDs; made up from type and device when None.
        fields: further fields of the SR.
    """
    kind = "iso" if type == "iso" else "disk" if type == "udev" else "user"
    sr = add_record(
        pool,
        "SR",
        name,
        {
            "name_label": name,
            "type": type,
            "content_type": kind,
            "shared": shared,
            "virtual_allocation": used_gib * GIB,
            "physical_utilisation": used_gib * GIB,
            "physical_size": size_gib * GIB,
            "allowed_operations": SR_OPERATIONS,
            "sm_config": {"devserial": ""} if type in {"ext", "lvm"} else {},
        },
        **fields,
    )
    config = device_config if device_config is not None else _device_config(type, device)
    for host in host_names(pool) if hosts is None else hosts:
        add_record(
            pool,
            "PBD",
            f"{name}/{host}",
            {
                "host": ref_of(pool, "host", host),
                "SR": sr,
                "device_config": config,
                "currently_attached": attached,
                "other_config": {"storage_driver_domain": ""},
            },
        )
    include(pool, "SR", pool.records["SR"][sr]["uuid"])
    return sr


def _device_config(kind: str, device: str) -> dict[str, str]:
    if kind in {"ext", "lvm"}:
        return {"device": device or "/dev/sdb"}
    if kind == "udev":
        return {"type": "cd", "location": device or "/dev/xapi/cd"}
    if kind == "nfs":
        return {"server": "filer.example", "serverpath": "/export/pool"}
    if kind == "iso":
        return {"location": "filer.example:/export/iso", "type": "nfs_iso"}
    return {
        "target": "198.51.100.7",
        "targetIQN": "iqn.2017-06.example:array",
        "SCSIid": "360a98000486e2f34576f2f51715a714d",
        "port": "3260",
        "chapuser": "pool",
        "chappassword": PLANTED_SECRET,
    }


def add_disk(pool: SimPool, name: str, sr: str, gib: float, **fields: Any) -> Ref:
    """Add an image to an SR; fields as those of VDI."""
    ref = ref_of(pool, "SR", sr)
    size = int(gib * GIB)
    record = pool.records["SR"][ref]
    record["virtual_allocation"] = str(int(record["virtual_allocation"]) + size)
    record["physical_utilisation"] = str(int(record["physical_utilisation"]) + size)
    return add_record(
        pool,
        "VDI",
        f"{sr}/{name}",
        {
            "name_label": name,
            "SR": ref,
            "virtual_size": size,
            "physical_utilisation": size,
            "type": "user",
            "managed": True,
            "location": identity(pool, f"VDI/{sr}/{name}/1"),
            "on_boot": "persist",
            "snapshot_of": NULL,
            "parent": NULL,
        },
        **fields,
    )


def add_network(
    pool: SimPool,
    name: str,
    *,
    hosts: Iterable[str] | None = None,
    device: str | None = "eth0",
    management: bool = False,
    vlan: int = -1,
    bridge: str = "",
    **fields: Any,
) -> Ref:
    """Add a network with one attached PIF per host.

    Args:
        pool: where to.
        name: of the network.
        hosts: names of the hosts that have a PIF on it; None is all of them.
        device: of the PIFs; None makes a host-internal network.
        management: whether the PIFs are the hosts' management interfaces.
        vlan: tag of a VLAN, -1 for none.
        bridge: made up from the device when empty.
        fields: further fields of the network.
    """
    made = bridge or (f"xenbr{device[3:]}" if device else "xapi0")
    network = add_record(
        pool,
        "network",
        name,
        {
            "name_label": name,
            "bridge": made if vlan < 0 else f"xapi{vlan}",
            "other_config": {"automatic": "true"} if device else {},
            "MTU": 1500,
            "default_locking_mode": "unlocked",
            "managed": True,
        },
        **fields,
    )
    if device:
        for host in host_names(pool) if hosts is None else hosts:
            _add_pif(pool, network, host, device, management=management, vlan=vlan)
    return network


def _add_pif(
    pool: SimPool, network: Ref, name: str, device: str, *, management: bool, vlan: int
) -> None:
    host, key = ref_of(pool, "host", name), f"{name}/{device}/{vlan}"
    metrics = add_record(
        pool,
        "PIF_metrics",
        key,
        {
            "carrier": True,
            "vendor_id": "14e4",
            "vendor_name": "Broadcom Limited",
            "device_id": "165f",
            "device_name": "NetXtreme BCM5720 Gigabit Ethernet PCIe",
            "speed": 1000,
            "duplex": True,
            "pci_bus_path": f"0000:01:00.{device[3:4] or 0}",
            "last_updated": pool.now - timedelta(seconds=25),
        },
    )
    add_record(
        pool,
        "PIF",
        key,
        {
            "device": device,
            "network": network,
            "host": host,
            "MAC": mac(pool, "d4:ae:52", f"mac/{name}/{device}"),
            "MTU": 1500,
            "VLAN": vlan,
            "metrics": metrics,
            "physical": vlan < 0 and device.startswith("eth"),
            "currently_attached": True,
            "management": management,
            "ip_configuration_mode": "Static" if management else "None",
            "IP": pool.records["host"][host]["address"] if management else "",
            "netmask": "255.255.255.0" if management else "",
            "gateway": "192.0.2.1" if management else "",
            "DNS": "192.0.2.2" if management else "",
            "bond_slave_of": NULL,
            "VLAN_master_of": NULL,
            "ipv6_configuration_mode": "None",
            "primary_address_type": "IPv4",
            "managed": True,
            "properties": {"gro": "on"},
            "igmp_snooping_status": "unknown",
        },
    )
