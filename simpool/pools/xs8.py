"""XenServer 8 in two hosts, patched from the content delivery network; XenServer 9 is in preview."""

from datetime import datetime, timedelta

from simpool.builder import (
    add_host,
    add_network,
    add_record,
    add_sr,
    add_template,
    add_vm,
    new_pool,
    pool_record,
    wire,
)
from simpool.data import SimPool
from simpool.hardware import DISK
from simpool.operator_files import prepare

HOSTS = ("xs-01", "xs-02")
VMS = ("app", "db", "cache")


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = new_pool("xs8", "8.3", now)
    for name in HOSTS:
        add_host(pool, name, memory_gib=128, brand="XenServer")
    add_network(pool, "Management", device="eth0", management=True)
    add_network(pool, "Servers", device="eth1", bridge="xenbr1")
    sr = add_sr(pool, "Fibre Channel", "lvmohba", shared=True, size_gib=4096)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr)
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
    add_template(pool, "Windows Server 2019 (64-bit)")
    for number, name in enumerate(VMS):
        add_vm(
            pool,
            name,
            host=HOSTS[number % len(HOSTS)],
            disks=[("Fibre Channel", 60)],
            networks=["Servers"],
            memory_gib=8,
            os="Debian GNU/Linux 10 (buster)",
        )
    for record in pool.records["host"].values():
        record.update(latest_synced_updates_applied="yes", last_update_hash="9f2c" * 16)
    base = add_record(pool, "Repository", "base", {"name_label": "Base", "update": False})
    normal = add_record(pool, "Repository", "normal", {"name_label": "Normal", "update": True})
    pool_record(pool).update(
        repositories=[base, normal],
        last_update_sync=wire(pool.now - timedelta(days=3)),
        update_sync_enabled=True,
    )
    prepare(pool, "xenserver-9", window_days=4, no_xencenter=True)
    return pool
