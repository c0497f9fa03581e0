"""Citrix Hypervisor 8.2 CU1 in three hosts, to be brought to XenServer 8."""

from datetime import datetime

from simpool.builder import (
    add_host,
    add_hotfix,
    add_network,
    add_sr,
    add_template,
    add_vm,
    new_pool,
    pool_record,
    vm,
)
from simpool.data import SimPool
from simpool.hardware import DISK
from simpool.operator_files import attestation, prepare

HOSTS = ("ch-01", "ch-02", "ch-03")
VMS = ("sap-01", "sap-02", "web", "dns")


def build(now: datetime | None = None) -> SimPool:
    """The pool as it is at a moment; the present when None."""
    pool = new_pool("ch82", "8.2", now)
    for name in HOSTS:
        add_host(pool, name, memory_gib=128, brand="Citrix Hypervisor")
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
    for name in ("XS82ECU1001", "XS82ECU1012"):
        add_hotfix(pool, name)
    add_hotfix(pool, "RPU005", uuid="38a7eeeb-31ec-4de3-934f-13929ad3e339")
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
    vm(pool, "sap-02")["HVM_boot_params"] = {"firmware": "uefi", "order": "cd"}
    prepare(pool, "xenserver-8", window_days=4, xencenter="2024.2.0")
    pool.inputs["attestations"].append(attestation(pool, "POOL-BITLOCKER-01", "B. Okafor"))
    return pool
