"""XCP-ng 8.3 in two hosts, patched by packages; to be brought to the newest 8.3 by its ISO."""

from datetime import datetime

from simpool.builder import (
    add_host,
    add_network,
    add_sr,
    add_template,
    add_vm,
    new_pool,
    pool_record,
)
from simpool.data import SimPool
from simpool.operator_files import prepare

HOSTS = ("xcp-01", "xcp-02")
VMS = ("proxy", "gitea", "monitor")


def build(now: datetime | None = None) -> SimPool:
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
    prepare(pool, "xcp-ng-8.3", window_days=2, no_xencenter=True)
    return pool
