"""What can be wrong with machines, and with what dom0 keeps outside of its database."""

from typing import Any

from fixtures.probes import Probe, exists
from rules.carried_over import LOCALTIME, OLD_CLOCK
from rules.cluster_transport import COROSYNC_CONF
from rules.modified_files import VERIFY
from rules.software_raid import MDSTAT
from simpool.builder import host, ref_of
from simpool.data import CannedAnswer, SimPool
from simpool.faults.fault import Fault
from simpool.records import MIB

_DEADLINE = "did not end within its deadline"
_NETWORKS = "/var/lib/xcp/networkd.db"
_COROSYNC = """totem {{
    version: 2
    secauth: off
    cluster_name: xapi-clusterd
    transport: {}
}}
"""
_HALF_A_MIRROR = """Personalities : [raid1]
md127 : active raid1 sda[0]
      234433536 blocks super 1.0 [2/1] [U_]
      bitmap: 2/2 pages [8KB], 65536KB chunk

unused devices: <none>
"""
_REBUILDING = """Personalities : [raid1]
md127 : active raid1 sdb[2] sda[0] sdc[1](F)
      234433536 blocks super 1.0 [2/1] [U_]
      [==>..................]  recovery = 12.6% (29580416/234433536) finish=21.4min speed=159472K/sec

unused devices: <none>
"""
_PATCHED = (
    "S.5....T.  c /etc/ssh/sshd_config\n"
    "S.5....T.    /opt/xensource/sm/nfs.py\n"
    "S.5....T.  c /etc/chrony.conf\n"
)


def _answer(pool: SimPool, name: str, probe: Probe, answer: CannedAnswer) -> None:
    pool.dom0[host(pool, name)["uuid"]][probe.command] = answer


def _lose_networks_file(pool: SimPool) -> None:
    gone = f"stat: cannot stat '{_NETWORKS}': No such file or directory\n"
    _answer(pool, "xen-02", exists(_NETWORKS), CannedAnswer("", gone, 1))


def _hang_over_networks(pool: SimPool) -> None:
    _answer(pool, "xen-02", exists(_NETWORKS), CannedAnswer(hang=True))


def _copy_local_time(pool: SimPool) -> None:
    _answer(pool, "xen-02", LOCALTIME, CannedAnswer("/etc/localtime\n"))


def _cluster_by_udpu(pool: SimPool) -> None:
    _answer(pool, "xen-02", COROSYNC_CONF, CannedAnswer(_COROSYNC.format("udpu")))


def _hang_over_corosync(pool: SimPool) -> None:
    _answer(pool, "xen-02", COROSYNC_CONF, CannedAnswer(hang=True))


def _lose_half_a_mirror(pool: SimPool) -> None:
    _answer(pool, "xen-02", MDSTAT, CannedAnswer(_HALF_A_MIRROR))


def _rebuild_a_mirror(pool: SimPool) -> None:
    _answer(pool, "xen-02", MDSTAT, CannedAnswer(_REBUILDING))


def _hang_over_arrays(pool: SimPool) -> None:
    _answer(pool, "xen-02", MDSTAT, CannedAnswer(hang=True))


def _patch_dom0(pool: SimPool) -> None:
    _answer(pool, "xen-02", VERIFY, CannedAnswer(_PATCHED, "", 3))


def _hang_over_files(pool: SimPool) -> None:
    _answer(pool, "xen-02", VERIFY, CannedAnswer(hang=True))


def _metrics(pool: SimPool, name: str) -> dict[str, Any]:
    return pool.records["host_metrics"][host(pool, name)["metrics"]]


def _little_memory(pool: SimPool) -> None:
    _metrics(pool, "xcp-02")["memory_total"] = str(1024 * MIB)


def _lose_memory(pool: SimPool) -> None:
    del _metrics(pool, "xcp-02")["memory_total"]


def _switch_off_virtualisation(pool: SimPool) -> None:
    host(pool, "xen-03")["capabilities"] = ["xen-3.0-x86_64", "xen-3.0-x86_32p"]


def _lose_capabilities(pool: SimPool) -> None:
    del host(pool, "xen-03")["capabilities"]


def _speed_of(pool: SimPool, name: str, device: str) -> dict[str, Any]:
    owner = ref_of(pool, "host", name)
    pif = next(
        record
        for record in pool.records["PIF"].values()
        if record["host"] == owner and record["device"] == device and record["physical"]
    )
    return pool.records["PIF_metrics"][pif["metrics"]]


def _fall_back(pool: SimPool) -> None:
    _speed_of(pool, "xen-03", "eth1")["speed"] = "100"


def _state_no_speed(pool: SimPool) -> None:
    _speed_of(pool, "xen-03", "eth1")["speed"] = "0"


def _lose_speed(pool: SimPool) -> None:
    del _speed_of(pool, "xen-03", "eth1")["speed"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        check="HOST-CARRIED-01",
        change=_lose_networks_file,
        on="xen-02",
        finds=(
            "host xen-02: settings - expected: readable for the installer, "
            "found: networks: no /var/lib/xcp/networkd.db, no /var/xapi/network.dbcache"
        ),
        loss=_hang_over_networks,
        cause=_DEADLINE,
        # Read only where /etc/localtime is a copy.
        spare=(OLD_CLOCK,),
        tells=("installer-03",),
    ),
    Fault(
        check="HOST-CARRIED-01",
        change=_copy_local_time,
        on="xen-02",
        finds=(
            "host xen-02: settings - expected: readable for the installer, "
            "found: time zone: /etc/localtime leads to none"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-CLUSTER-01",
        change=_cluster_by_udpu,
        on="xen-02",
        finds=(
            "host xen-02: cluster - expected: none that XenServer 9 preview refuses, found: cluster "
            "transport udpu; XenServer 9 preview: its installer refuses a host whose cluster runs "
            "corosync 2"
        ),
        loss=_hang_over_corosync,
        cause=_DEADLINE,
        tells=("installer-06",),
        settings={"target": "xenserver-9"},
    ),
    Fault(
        check="HOST-RAID-01",
        change=_lose_half_a_mirror,
        on="xen-02",
        finds=(
            "host xen-02: software RAID - expected: whole and at rest, "
            "found: md127 degraded, 1 of 2 members"
        ),
        loss=_hang_over_arrays,
        cause=_DEADLINE,
        outcome="warning",
        tells=("xo-warning-raid",),
    ),
    Fault(
        check="HOST-RAID-01",
        change=_rebuild_a_mirror,
        on="xen-02",
        finds=(
            "host xen-02: software RAID - expected: whole and at rest, found: md127 has a failed "
            "member; md127 degraded, 1 of 2 members; md127 under recovery"
        ),
        outcome="warning",
    ),
    Fault(
        check="HOST-VERIFY-01",
        change=_patch_dom0,
        on="xen-02",
        finds=(
            "host xen-02: packaged files - expected: unchanged, "
            "found: programs /opt/xensource/sm/nfs.py; settings /etc/ssh/sshd_config"
        ),
        loss=_hang_over_files,
        cause=_DEADLINE,
        outcome="warning",
        settings={"deep": True},
    ),
    Fault(
        check="HOST-MEMORY-01",
        change=_little_memory,
        on="xcp-02",
        finds="host xcp-02: memory - expected: at least 2048 MiB, found: 1024 MiB",
        loss=_lose_memory,
        cause="memory_total is missing",
        outcome="warning",
        needs=("host_metrics.memory_total",),
        tells=("installer-10",),
        pool="xcpng83",
    ),
    Fault(
        check="HOST-HVM-01",
        change=_switch_off_virtualisation,
        on="xen-03",
        finds=(
            "host xen-03: hardware virtualisation - expected: there and switched on, found: none"
        ),
        loss=_lose_capabilities,
        cause="capabilities is missing",
        outcome="warning",
        needs=("host.capabilities",),
        tells=("xo-warning-no-hvm", "installer-10"),
    ),
    Fault(
        check="HOST-SPEED-01",
        change=_fall_back,
        on="xen-03",
        finds=(
            "host xen-03: speed of interfaces - expected: that of the other hosts, "
            "found: eth1 has 100 Mbit/s, on xen-01 1000 Mbit/s"
        ),
        loss=_lose_speed,
        cause="speed is missing",
        outcome="warning",
        needs=(
            "PIF_metrics.speed",
            "PIF_metrics.carrier",
            "PIF.metrics",
            "PIF.physical",
            "PIF.currently_attached",
            "PIF.network",
        ),
    ),
    Fault(
        check="HOST-SPEED-01",
        change=_state_no_speed,
        on="xen-03",
        finds=(
            "host xen-03: speed of interfaces - expected: that of the other hosts, "
            "found: eth1 is linked and states no speed"
        ),
        outcome="warning",
    ),
)
