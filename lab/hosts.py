"""The hosts of the laboratory: what each is like, and the pool that they form."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from fixtures.times import xenapi_time
from lab.disks import FIELD_DISK_BYTES
from simpool.builder import add_host, add_network, add_sr, add_vm, change_dom0, find, new_pool
from simpool.data import SimPool
from simpool.operator_files import prepare

NETWORK: Final = ipaddress.ip_network("10.77.0.0/16")
ROUTER: Final = "10.77.255.254"
TARGETS: Final = {"6.5": "xenserver-7.2", "7.2": "citrix-hypervisor-8.0"}

STUBBORN: Final = "chronyc"
"""The program that ignores SIGTERM and never ends, on the host that has such a one."""
ELSEWHERE: Final = "0f0f0f0f-1111-4222-8333-444444444444"
"""The uuid in the inventory of a machine that is not the one meant."""
WRONG_TIME: Final = datetime(2001, 1, 1, tzinfo=UTC)
"""What the host with the wrong clock shows."""

# What makes a host special: sh, run in its root (the working directory) before it is entered, with
# the tools of this machine. What it sets: RUN, a program instead of sshd; LAST, a last command.
SPECIAL: Final[Mapping[str, str]] = {
    "no sshd": "RUN='/usr/bin/sleep 1000000'",
    "packets dropped": f"ip route replace blackhole {NETWORK}",
    "another machine": f"sed -i \"s/^INSTALLATION_UUID=.*/INSTALLATION_UUID='{ELSEWHERE}'/\" "
    "etc/xensource-inventory",
    "changed key": "rm etc/ssh/ssh_host_ed25519_key; "
    "ssh-keygen -q -t ed25519 -N '' -f etc/ssh/ssh_host_ed25519_key",
    "one session": "printf 'MaxStartups 1\\nMaxSessions 1\\n' >>etc/ssh/sshd_config",
    "sshd full": "printf 'MaxStartups 1\\nLoginGraceTime 600\\n' >>etc/ssh/sshd_config\n"
    "echo '/usr/sbin/sshd; until exec 3<>/dev/tcp/127.0.0.1/22; do sleep 0.05; done; "
    "exec sleep 1000000' >usr/share/lab/run\nRUN='/bin/bash /usr/share/lab/run'",
    "read-only root": "LAST='mount -o remount,ro none /'",
    "full tmp": "head -c 64m /dev/zero >tmp/full 2>/dev/null || :",
    "banner": 'cp "$files/banner" root/.bashrc; cp "$files/banner" root/.profile; '
    "printf 'Banner /root/.profile\\n' >>etc/ssh/sshd_config",
    "clock off": f"printf '#!/bin/sh\\necho {WRONG_TIME.timestamp():.0f}\\n' >usr/bin/date; "
    "sed -i 's/^\\*/ /; s/ 377 / 0 /' usr/share/lab/ntpq",
    "stubborn probe": "printf '#!/bin/bash\\ntrap \"\" TERM HUP INT\\nwhile :; do sleep 5; done\\n' "
    f">usr/bin/{STUBBORN}",
    "block devices": '. "$here/block_devices.sh"',
    "full log": "fallocate -l 3500m var/log/messages.1",
    "stopped service": "sed -i '/^Id=xapi.service/,/^$/s/=active/=failed/' usr/share/lab/systemctl",
    "foreign package": 'rpm --root "$PWD" --dbpath /var/lib/rpm -i --nosignature --nodeps '
    "usr/share/lab/extra.rpm 2>/dev/null",
}


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host.

    Attributes:
        name: its host name.
        special: keys of `SPECIAL`, in the order in which they happen.
        layout: partition layout of its disk: `A` (MBR, 4+4 GB), `B` (GPT, 4+4 GB) or `D`.
        base: the root that it starts from.
    """

    name: str
    special: tuple[str, ...] = ()
    layout: Literal["A", "B", "D"] = "D"
    base: Literal["dom0", "busybox"] = "dom0"


@dataclass(frozen=True, slots=True)
class LabSpec:
    """A whole laboratory.

    Attributes:
        hosts: the first is the coordinator.
        release: `6.5`, which starts services by sysvinit, or `7.2`, which does by systemd.
        round_trips: milliseconds; for each there is a place from which the hosts are that far away.
    """

    hosts: tuple[HostSpec, ...]
    release: str = "7.2"
    round_trips: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """A form for `from_json`."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "LabSpec":
        """What `as_json` made."""
        hosts = tuple(
            HostSpec(**{**host, "special": tuple(host["special"])}) for host in data["hosts"]
        )
        return LabSpec(hosts, data["release"], tuple(data["round_trips"]))


def address(number: int) -> str:
    """The management address of the host with this number, the coordinator being 0."""
    return str(NETWORK.network_address + 1 + number)


def plain(count: int) -> tuple[HostSpec, ...]:
    """Healthy hosts."""
    return tuple(HostSpec(f"lab-{number:02}") for number in range(1, count + 1))


def build_pool(spec: LabSpec) -> SimPool:
    """The pool of these hosts: its XenAPI answers, and how each dom0 is where it is healthy."""
    pool = new_pool("laboratory", spec.release, datetime.now(UTC))
    for number, host in enumerate(spec.hosts):
        add_host(pool, host.name, address=address(number), memory_gib=128, up_days=1 / 24)
    add_network(pool, "Management", device="eth0", management=True)
    add_sr(pool, "iSCSI array", "lvmoiscsi", shared=True, size_gib=4096)
    add_vm(pool, "files", host=spec.hosts[0].name, disks=[("iSCSI array", 60)])
    for host in spec.hosts:
        change_dom0(
            pool,
            host.name,
            layout=host.layout,
            efi=False,
            disk_bytes=FIELD_DISK_BYTES,
            messages=0,
            packages_installed=pool.now - timedelta(days=300),
        )
        if "clock off" in host.special:
            ref = find(pool, "host", host.name)[0]
            pool.answers["host.get_servertime"][ref] = xenapi_time(WRONG_TIME)
    prepare(pool, TARGETS[spec.release], window_days=3, xencenter="8.0.0")
    return pool


def uuids(pool: SimPool, hosts: Sequence[HostSpec]) -> dict[str, str]:
    """Host name -> uuid."""
    return {host.name: str(find(pool, "host", host.name)[1]["uuid"]) for host in hosts}
