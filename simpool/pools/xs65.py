"""XenServer 6.5 in two hosts: hotfixes of the old generation, partition layout of old."""

from datetime import datetime

from simpool.builder import (
    add_disk,
    add_host,
    add_hotfix,
    add_network,
    add_sr,
    add_template,
    add_vm,
    change_dom0,
    new_pool,
    pool_record,
)
from simpool.data import SimPool
from simpool.hardware import DISK
from simpool.operator_files import prepare

HOSTS = ("old-01", "old-02")
VMS = ("files", "print", "intranet", "archive")


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = new_pool("xs65", "6.5", now)
    for name in HOSTS:
        add_host(pool, name, memory_gib=64)
    change_dom0(pool, "old-01", layout="A")  # once installed with XenServer 5.6
    add_network(pool, "Network 0", device="eth0", management=True)
    sr = add_sr(pool, "Fibre channel array", "lvmohba", shared=True, size_gib=2048)
    for name in HOSTS:
        add_sr(
            pool,
            f"Local storage of {name}",
            "lvm",
            shared=False,
            hosts=[name],
            size_gib=271,
            device=f"{DISK}-part3",
        )
        add_disk(pool, f"scratch disk of {name}", f"Local storage of {name}", 20)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr, crash_dump_SR=sr)
    for name in ("XS65ESP1", "XS65ESP1002", "XS65ESP1005"):
        add_hotfix(pool, name)
    add_template(pool, "Debian Wheezy 7.0")
    for number, name in enumerate(VMS):
        add_vm(
            pool,
            name,
            host=HOSTS[number % 2],
            disks=[("Fibre channel array", 50)],
            networks=["Network 0"],
            memory_gib=4,
            os="Debian GNU/Linux 7.11 (wheezy)",
        )
    prepare(pool, "xenserver-7.2", window_days=5, layout="keep", xencenter="7.2.0")
    return pool
