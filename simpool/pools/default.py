"""The pool of `--pool=sim`: XenServer 7.2, three hosts, healthy but for what every real pool has.

Three warnings and one waiver: two VMs with old tools, one of them waived; a VM without a backup; a
backup of dom0 that is a little too old. Some names are hostile on purpose.
"""

from datetime import datetime, timedelta

from fixtures.times import xenapi_time
from fixtures.xenapi_reading import MESSAGE_COUNT
from simpool.builder import (
    add_disk,
    add_host,
    add_hotfix,
    add_network,
    add_record,
    add_snapshot,
    add_sr,
    add_template,
    add_vm,
    find,
    new_pool,
    pool_record,
    ref_of,
    vm,
)
from simpool.data import SimPool, SimUser
from simpool.hardware import DISK
from simpool.operator_files import host_backup, prepare, waiver, xva

TARGET = "citrix-hypervisor-8.0"
XENCENTER = "8.0.0"
HOSTS = ("xen-01", "xen-02", "xen-03")
MARKUP = '"><img src=x onerror=alert(1)>'
BROKEN = "two lines\nand \u202ea turn"
LONG = "v" * 255
NO_BACKUP = "build-agent-02"
OLD_TOOLS = "erp-legacy"
WAIVED = "door-control"


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = new_pool("default", "7.2", now)
    for name in HOSTS:
        add_host(pool, name, memory_gib=128)
    _add_storage(pool)
    for name in ("XS72E001", "XS72E004", "XS72E007"):
        add_hotfix(pool, name)
    _add_vms(pool)
    _add_prepared(pool)
    pool.users["auditor"] = SimUser("simulated-too", "read-only")
    pool.answers["message.get_all"] = {MESSAGE_COUNT: 214}
    return pool


def _add_storage(pool: SimPool) -> None:
    add_network(pool, "Management", device="eth0", management=True)
    add_network(pool, "Servers", device="eth1", bridge="xenbr1")
    add_network(pool, "DMZ", device="eth1", vlan=120)
    sr = add_sr(pool, "iSCSI array", "lvmoiscsi", shared=True, size_gib=4096)
    add_sr(pool, "NFS virtual disks", "nfs", shared=True, size_gib=8192, used_gib=610)
    add_sr(pool, "ISO library", "iso", shared=True, size_gib=500, used_gib=42)
    add_sr(
        pool,
        "XenServer Tools",
        "iso",
        shared=True,
        size_gib=0,
        is_tools_sr=True,
        device_config={"location": "/opt/xensource/packages/iso", "legacy_mode": "true"},
        other_config={"xenserver_tools_sr": "true", "i18n-key": "xenserver-tools"},
    )
    for name in HOSTS:
        add_sr(
            pool,
            f"Local storage of {name}",
            "ext",
            shared=False,
            hosts=[name],
            size_gib=237,
            device=f"{DISK}-part3",
        )
        add_sr(pool, f"DVD drives of {name}", "udev", shared=False, hosts=[name], size_gib=0)
    add_disk(pool, "debian-8.8.0-amd64-netinst.iso", "ISO library", 0.3, read_only=True)
    add_disk(pool, "xs-tools.iso", "XenServer Tools", 0.1, read_only=True, is_tools_iso=True)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr, crash_dump_SR=sr)
    management = find(pool, "network", "Management")[1]
    pool_record(pool)["other_config"]["xo:migrationNetwork"] = management["uuid"]
    for record in pool.records["host"].values():
        record.update(suspend_image_sr=sr, crash_dump_sr=sr)


def _add_vms(pool: SimPool) -> None:
    san, nfs, servers = "iSCSI array", "NFS virtual disks", ("Servers",)
    for name in ("Debian Jessie 8.0", "Windows Server 2016 (64-bit)", "Other install media"):
        add_template(pool, name)
    add_template(pool, "web server, golden image", default=False)
    windows = "Microsoft Windows Server 2016 Standard"
    add_vm(pool, "dc-01", host="xen-01", disks=[(san, 80)], networks=servers, os=windows)
    add_vm(pool, "dc-02", host="xen-02", disks=[(san, 80)], networks=servers, os=windows)
    add_vm(
        pool,
        "db-01",
        host="xen-01",
        disks=[(san, 40), (san, 400)],
        networks=servers,
        memory_gib=32,
        vcpus=8,
    )
    add_vm(pool, "web-01", host="xen-02", disks=[(nfs, 20)], networks=("DMZ",), memory_gib=4)
    add_vm(pool, "web-02", host="xen-03", disks=[(nfs, 20)], networks=("DMZ",), memory_gib=4)
    add_vm(pool, "mail-01", host="xen-03", disks=[(san, 200)], networks=servers, memory_gib=16)
    add_vm(
        pool,
        OLD_TOOLS,
        host="xen-03",
        disks=[(san, 60)],
        networks=servers,
        memory_gib=8,
        tools=(6, 5, 0),
        os="Microsoft Windows Server 2008 R2 Standard",
    )
    add_vm(
        pool,
        WAIVED,
        host="xen-02",
        disks=[(nfs, 10)],
        networks=servers,
        memory_gib=1,
        tools=(6, 2, 0),
        os="CentOS release 5.11 (Final)",
    )
    add_vm(
        pool,
        NO_BACKUP,
        power_state="Halted",
        disks=[("Local storage of xen-02", 40)],
        networks=servers,
    )
    add_vm(pool, MARKUP, host="xen-01", disks=[(nfs, 8)], networks=servers)
    add_vm(pool, BROKEN, host="xen-02", disks=[(nfs, 8)], networks=("Servers", "DMZ"))
    add_vm(pool, LONG, power_state="Halted", disks=[(nfs, 8)], networks=servers)
    add_snapshot(
        pool, "web-01", "before the certificate change", taken=pool.now - timedelta(days=9)
    )
    nightly = pool.now - timedelta(hours=9)
    for name in ("dc-01", "dc-02", "db-01"):
        _add_exported_snapshot(pool, name, nightly)


def _add_exported_snapshot(pool: SimPool, name: str, taken: datetime) -> None:
    """What a nightly backup by Xen Orchestra leaves behind."""
    add_snapshot(
        pool,
        name,
        f"[XO Backup nightly] {name}",
        taken=taken,
        other_config={
            "xo:backup:job": "b1d0c6e4-3b0a-4ce4-9a4e-1d1c07cf1a53",
            "xo:backup:schedule": "0d7c5a52-6d1f-4d0c-8f5c-6d1b8e0f7a11",
            "xo:backup:vm": vm(pool, name)["uuid"],
            "xo:backup:datetime": xenapi_time(taken),
            "xo:backup:exported": "true",
        },
    )


def _add_prepared(pool: SimPool) -> None:
    prepare(pool, TARGET, window_days=3, xencenter=XENCENTER)
    by_xva = ("web-01", "web-02", "mail-01", OLD_TOOLS, WAIVED, MARKUP, BROKEN, LONG)
    pool.inputs.update(
        host_backups=[
            host_backup(pool, name, days=days) for name, days in zip(HOSTS, (1, 1, 9), strict=True)
        ],
        xva=[xva(pool, name, days=2) for name in by_xva],
        waivers=[
            waiver(
                pool,
                "VM-TOOLS-01",
                vm(pool, WAIVED)["uuid"],
                "the maker of the door control supports no newer tools; replaced in spring",
            )
        ],
    )
    _add_finished_task(pool)


def _add_finished_task(pool: SimPool) -> None:
    now = pool.now
    add_record(
        pool,
        "task",
        "Async.VM.snapshot",
        {
            "name_label": "Async.VM.snapshot",
            "created": now - timedelta(hours=9, minutes=2),
            "finished": now - timedelta(hours=9),
            "status": "success",
            "resident_on": ref_of(pool, "host", "xen-01"),
            "progress": 1.0,
            "type": "<none/>",
            "result": "",
        },
    )
