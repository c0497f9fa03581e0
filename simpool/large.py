"""Large healthy pools of any size, `sim:large-HOSTSxVMS`: Citrix Hypervisor 8.2 CU1 to XenServer 8.

Per hundred VMs: 12 halted, 60 more disks than VMs, 30 more interfaces, 10 snapshots with their disks;
one shared SR per hundred VMs, and what every host brings: control domain, processors, PCI devices.
All are backed up, and one VM in five hundred has old tools.
"""

import re
from datetime import datetime, timedelta
from typing import Final

from simpool.builder import (
    add_host,
    add_hotfix,
    add_network,
    add_snapshot,
    add_sr,
    add_template,
    add_vm,
    new_pool,
    pool_record,
)
from simpool.data import SimPool
from simpool.hardware import DISK
from simpool.operator_files import attestation, database_backup, prepare

NAME: Final = re.compile(r"large-([1-9]\d?)x(\d{1,5})")
TARGET: Final = "xenserver-8"
XENCENTER: Final = "2024.2.0"
_MOST_HOSTS: Final = 64
_TEMPLATES: Final = 60
_VMS_PER_SR: Final = 100
_WINDOWS: Final = "Microsoft Windows Server 2019 Standard"
_LINUX: Final = "Debian GNU/Linux 10 (buster)"


def is_large(name: str) -> bool:
    """Whether a name asks for a large pool that may exist: at most 64 hosts, as xapi's own limit."""
    found = NAME.fullmatch(name)
    return found is not None and int(found[1]) <= _MOST_HOSTS


def build_large(name: str, now: datetime | None = None) -> SimPool:
    """The pool of a name that `is_large` accepts, as it is at a moment; the present when None."""
    size = NAME.fullmatch(name)
    if size is None:
        raise ValueError(f"{name} is no large pool")
    pool = new_pool(name, "8.2", now)
    hosts = [f"rack{number // 16 + 1}-xs{number:02}" for number in range(int(size[1]))]
    vms = int(size[2])
    for host in hosts:
        per_host = -(-vms // len(hosts))
        add_host(pool, host, memory_gib=64 + 6 * per_host, cpus=32, brand="Citrix Hypervisor")
    storage = _add_storage(pool, hosts, vms)
    for hotfix in ("XS82ECU1001", "XS82ECU1012"):
        add_hotfix(pool, hotfix)
    for number in range(_TEMPLATES):
        add_template(pool, f"Template {number:02} (64-bit)")
    prepare(pool, TARGET, window_days=4, xencenter=XENCENTER)
    pool.inputs["attestations"].append(attestation(pool, "POOL-BITLOCKER-01", "B. Okafor"))
    # Kept apart while VMs are added: each would be sorted in by itself.
    del pool.inputs["database_backup"]
    for number in range(vms):
        _add_guest(pool, number, hosts[number % len(hosts)], storage)
    pool.inputs["database_backup"] = database_backup(pool, days=1)
    return pool


def _add_storage(pool: SimPool, hosts: list[str], vms: int) -> list[str]:
    """Networks, local storage of each host, and the shared SRs, whose names are returned."""
    add_network(pool, "Management", device="eth0", management=True)
    add_network(pool, "Servers", device="eth1", bridge="xenbr1")
    add_network(pool, "DMZ", device="eth1", vlan=120)
    shared = [f"SAN volume {number:03}" for number in range(1 + vms // _VMS_PER_SR)]
    made = [add_sr(pool, sr, "lvmohba", shared=True, size_gib=32_768) for sr in shared]
    for host in hosts:
        add_sr(
            pool,
            f"Local storage of {host}",
            "ext",
            shared=False,
            hosts=[host],
            size_gib=237,
            device=f"{DISK}-part3",
        )
    pool_record(pool).update(default_SR=made[0], suspend_image_SR=made[0])
    return shared


def _add_guest(pool: SimPool, number: int, host: str, storage: list[str]) -> None:
    sr = storage[number // _VMS_PER_SR]
    name = f"app-{number:05}.prod.example"
    networks = ["Servers", "DMZ"] if number % 10 in {1, 4, 7} else ["Servers"]
    backup = pool.now - timedelta(hours=12)
    add_vm(
        pool,
        name,
        host=host,
        power_state="Halted" if number % 25 in {3, 11, 19} else "Running",
        disks=[(sr, 40)] * (1 + (number % 5 < 3)),
        networks=networks,
        memory_gib=4,
        os=_WINDOWS if number % 3 else _LINUX,
        tools=(7, 1, 0) if number % 500 == 42 else True,
        tags=[f"team-{number % 17}", "production"],
        name_description=f"Application server {number}, see the operations handbook, chapter 4",
    )
    record = next(reversed(pool.records["VM"].values()))
    record["other_config"]["XenCenter.CustomFields.backup"] = f"{backup:%Y-%m-%dT%H:%M:%SZ}"
    if number % 10 == 0:
        add_snapshot(pool, name, f"before change {number}", taken=pool.now - timedelta(days=2))
