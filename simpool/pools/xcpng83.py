"""XCP-ng 8.3 in two hosts, patched by packages; to be brought to the newest 8.3 by its ISO."""

from datetime import datetime, timedelta

from simpool.builder import (
    add_host,
    add_network,
    add_sr,
    add_template,
    add_vm,
    clock,
    new_pool,
    pool_record,
)
from simpool.clock import TimedPool
from simpool.operator_files import (
    attestation,
    database_backup,
    hardware_list,
    host_backup,
    resource_data,
    xva,
)

TARGET = "xcp-ng-8.3"
HOSTS = ("xcp-01", "xcp-02")
VMS = ("proxy", "gitea", "monitor")


def build(now: datetime | None = None) -> TimedPool:
    """The pool as it is at a moment; the present when None."""
    pool = new_pool("xcpng83", "8.3", now)
    for name in HOSTS:
        add_host(pool, name, memory_gib=96, edition="xcp-ng", licence_days=None)
    add_network(pool, "Pool-wide network associated with eth0", device="eth0", management=True)
    sr = add_sr(pool, "NFS", "nfs", shared=True, size_gib=4096)
    pool_record(pool).update(default_SR=sr, suspend_image_SR=sr)
    add_template(pool, "Debian Bookworm 12")
    for number, name in enumerate(VMS):
        add_vm(
            pool,
            name,
            host=HOSTS[number % 2],
            disks=[("NFS", 30)],
            networks=["Pool-wide network associated with eth0"],
            memory_gib=8,
            os="Debian GNU/Linux 12 (bookworm)",
        )
    pool.settings = {
        "target": TARGET,
        "method": "rolling",
        "no_xencenter": True,
        "window": (clock(pool) + timedelta(days=2)).isoformat(),
    }
    pool.inputs.update(
        database_backup=database_backup(pool, days=1),
        resource_data=resource_data(pool, days=1),
        host_backups=[host_backup(pool, name, days=1) for name in HOSTS],
        xva=[xva(pool, name, days=1) for name in VMS],
        hardware_list=hardware_list(TARGET),
        attestations=[attestation(pool, "POOL-TRIAL-01", "A. Novak")],
    )
    return pool
