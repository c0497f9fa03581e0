"""Builds simulated pools: an empty one, and everything that may be added to it.

Whatever is added gets every field that the pool's release has, and none that it lacks. References
and uuids depend on names alone, so the same pool is the same at every build.
"""

from datetime import UTC, datetime

from fixtures.raw import WireRecord
from simpool.data import SimPool
from simpool.dom0_answers import change_dom0, dom0_state
from simpool.guest_devices import add_cd
from simpool.guests import add_snapshot, add_template, add_vm
from simpool.hosts import add_host, restrictions
from simpool.hotfixes import add_hotfix
from simpool.records import (
    GIB,
    NULL,
    add_record,
    classes_of,
    find,
    pool_record,
    ref_of,
    wire,
)
from simpool.storage import add_disk, add_drivers, add_network, add_sr

__all__ = [
    "GIB",
    "NULL",
    "add_cd",
    "add_disk",
    "add_host",
    "add_hotfix",
    "add_network",
    "add_record",
    "add_snapshot",
    "add_sr",
    "add_template",
    "add_vm",
    "change_dom0",
    "dom0_state",
    "find",
    "host",
    "new_pool",
    "pool_record",
    "ref_of",
    "vm",
    "wire",
]


def new_pool(name: str, release: str = "7.2", now: datetime | None = None) -> SimPool:
    """A pool without hosts.

    Args:
        name: the name of the simulated pool, also of the pool itself.
        release: a key of `simpool.generations.GENERATIONS`.
        now: the moment that all ages count from, aware; the present when None.
    """
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    pool = SimPool(name, release, {kind: {} for kind in classes_of(release)}, now=moment)
    add_record(
        pool,
        "pool",
        name,
        {
            "name_label": name,
            "master": NULL,
            "other_config": {"auto_poweron": "false", "memory-ratio-hvm": "0.25"},
            "ha_plan_exists_for": 0,
            "restrictions": restrictions(),
            "ha_cluster_stack": "xhad",
            "cpu_info": {"vendor": "GenuineIntel", "socket_count": "2", "cpu_count": "16"},
            "update_sync_frequency": "weekly",
            "wlb_verify_cert": True,
            "tls_verification_enabled": True,
        },
    )
    add_drivers(pool)
    return pool


def host(pool: SimPool, name: str) -> WireRecord:
    """The record of the host with this name; errors as `find`."""
    return find(pool, "host", name)[1]


def vm(pool: SimPool, name: str) -> WireRecord:
    """The record of the VM with this name, snapshots left out; errors as `find`."""
    return find(pool, "VM", name)[1]
