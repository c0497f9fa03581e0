"""Reading dom0s of the laboratory, side by side with testinfra used the usual way; see README.md.

Every figure is of a process of its own inside the pool's network; the hosts run beside it on the
same machine, so that their work is part of the seconds, and of no other column.
"""

import argparse
import json
import os
import resource
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import paramiko
import testinfra

from fixtures import probes
from fixtures.catalogue import discover
from fixtures.dom0_reading import Dom0Address, read_dom0s
from fixtures.probes import Probe
from fixtures.ssh_settings import SshOptions
from lab.hosts import LabSpec, address, build_pool, plain, uuids
from lab.needs import missing
from lab.running import CONFIG, KEY, KNOWN_HOSTS, Lab, measured, running_lab

FACTS: Final[tuple[Probe, ...]] = (
    probes.INVENTORY, probes.POOL_CONF, probes.RELEASE, probes.OS_RELEASE, probes.UNAME,
    probes.HOSTNAME, probes.CLOCK, probes.UPTIME, probes.MOUNTS, probes.SPACE, probes.INODES,
    probes.FSTAB, probes.PRIMARY_DISK, probes.TABLE_SGDISK, probes.TABLE_PARTED,
    probes.PARTITIONS, probes.DISK_SIZE, probes.SAFE2UPGRADE, probes.PATCHES, probes.UPDATES,
    probes.EFI, probes.FIRSTBOOT, probes.CPU, probes.REBOOT_MARKER, probes.PACKAGES,
)  # fmt: skip
THREADS: Final = 32
COMMANDS: Final = 10


def with_testinfra(hosts: int, threads: int) -> int:
    """Each fact by a command of its own; returns how many answered."""

    def read(number: int) -> int:
        url = f"paramiko://root@{address(number)}"
        host = testinfra.get_host(url, ssh_config=CONFIG, ssh_identity_file=KEY)
        found = sum(host.run(probe.command).rc is not None for probe in FACTS)
        host.backend.client.close()
        return found

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(read, range(hosts)))


def with_bare_script(hosts: int) -> int:
    """The floor: all commands in one script, without deadlines, caps, frames or judged host keys."""
    script = "".join(f"({probe.command}); echo status $?\n" for probe in FACTS).encode()

    def read(number: int) -> int:
        with paramiko.SSHClient() as client:
            _connect(client, number, nodelay=True)
            stdin, stdout, _ = client.exec_command("exec sh -s 2>&1")
            stdin.write(script)
            stdin.channel.shutdown_write()
            return int(stdout.read().count(b"\nstatus ")) + 1

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(read, range(hosts)))


def with_ours(hosts: int, asked: Sequence[Probe]) -> int:
    """As an audit reads them."""
    spec = LabSpec(plain(hosts))
    known = uuids(build_pool(spec), spec.hosts)
    options = SshOptions(
        user="root",
        config_file=Path(CONFIG),
        identity_file=Path(KEY),
        known_hosts=(Path(KNOWN_HOSTS),),
    )
    listed = [
        Dom0Address(known[host.name], host.name, address(number))
        for number, host in enumerate(spec.hosts)
    ]
    _Meter.begin()
    found = read_dom0s(listed, asked, options, 600.0)
    causes = sorted({raw.cause for raw in found.values() if raw.cause})
    if causes:
        raise RuntimeError(causes[0])
    return sum(probe.state == "done" for raw in found.values() for probe in raw.probes.values())


def one_command(*, nodelay: bool) -> int:
    """`true` on a connection that is open already, a few times."""
    with paramiko.SSHClient() as client:
        _connect(client, 0, nodelay=nodelay)
        taken = []
        for _ in range(COMMANDS):
            begun = time.perf_counter()
            client.exec_command("true")[1].channel.recv_exit_status()
            taken.append(time.perf_counter() - begun)
    _Meter.seconds = statistics.median(taken)
    return COMMANDS


def _connect(client: paramiko.SSHClient, number: int, *, nodelay: bool) -> None:
    client.load_host_keys(KNOWN_HOSTS)
    sock = socket.create_connection((address(number), 22), timeout=30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(nodelay))
    client.connect(
        address(number),
        22,
        "root",
        key_filename=KEY,
        allow_agent=False,
        look_for_keys=False,
        sock=sock,
    )


WAYS: Final[dict[str, Callable[[int], int]]] = {
    "testinfra, one after another": lambda hosts: with_testinfra(hosts, 1),
    "testinfra, 32 threads": lambda hosts: with_testinfra(hosts, THREADS),
    "bare script (the floor)": with_bare_script,
    "ours, the same 25 facts": lambda hosts: with_ours(hosts, FACTS),
    "ours, the whole script": lambda hosts: with_ours(hosts, discover().probes_asked(deep=False)),
    "a command, as paramiko is": lambda _: one_command(nodelay=False),
    "a command, TCP_NODELAY": lambda _: one_command(nodelay=True),
}
FLOOR, SINGLE = "bare script (the floor)", ("a command, as paramiko is", "a command, TCP_NODELAY")


class _Meter:
    """What this process uses from `begin` on."""

    seconds: float = 0.0
    _begun: tuple[float, float, tuple[int, int]]

    @classmethod
    def begin(cls) -> None:
        cls._begun = (time.perf_counter(), time.process_time(), _traffic())

    @classmethod
    def end(cls, answers: int) -> dict[str, float]:
        begun, cpu, (connections, octets) = cls._begun
        opened, moved = _traffic()
        return {
            "seconds": cls.seconds or time.perf_counter() - begun,
            "cpu": time.process_time() - cpu,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "kilobytes": (moved - octets) / 1000,
            "connections": opened - connections,
            "answers": answers,
        }


def _traffic() -> tuple[int, int]:
    """Connections opened in this network namespace, and bytes both ways through its interface."""
    rows = Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = (row.split() for row in rows if row.startswith("Tcp:"))
    moved = 0
    for line in Path("/proc/net/dev").read_text(encoding="ascii").splitlines():
        name, _, counts = line.partition(":")
        if name.strip() in ("pool", "far"):
            moved = int(counts.split()[0]) + int(counts.split()[8])
    return int(values[names.index("ActiveOpens")]), moved


def measure(way: str, hosts: int) -> None:
    """In a process of its own: one way, once."""
    threading.stack_size(512 * 1024)
    _Meter.begin()
    print(json.dumps(_Meter.end(WAYS[way](hosts))))


def _once(lab: Lab, way: str, hosts: int, round_trip: int) -> dict[str, float]:
    program = (
        sys.executable,
        "-m",
        "benchmarks.lab_hosts",
        "--measure",
        way,
        "--hosts",
        str(hosts),
    )
    told = measured(lab.command(*program, round_trip=round_trip), 3600)
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def _table(lab: Lab, hosts: int, round_trip: int, given: argparse.Namespace) -> None:
    print(f"\n{hosts} host{'s' * (hosts > 1)}, {round_trip} ms round trip")
    print(
        f"{'':30}{'seconds':>9}{'x floor':>9}{'CPU s':>8}{'MB':>6}{'kB':>8}{'conn.':>7}{'answers':>9}"
    )
    seen: dict[str, float] = {}
    for way in WAYS:
        if (way in SINGLE and hosts > 1) or (given.quick and way.endswith("one after another")):
            continue
        rounds = [_once(lab, way, hosts, round_trip) for _ in range(given.rounds)]
        found = statistics.median_low([one["seconds"] for one in rounds])
        best = next(one for one in rounds if one["seconds"] == found)
        seen[way] = found
        ratio = found / seen[FLOOR] if FLOOR in seen and way not in SINGLE else float("nan")
        print(
            f"{way:30}{found:9.3f}{ratio:9.2f}{best['cpu']:8.2f}{best['peak_mb']:6.0f}"
            f"{best['kilobytes']:8.0f}{best['connections']:7.0f}{best['answers']:9.0f}",
            flush=True,
        )


def main() -> None:
    """Run every way at every distance, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=64, help="besides one alone (default: 64)")
    parser.add_argument("--rounds", type=int, default=1, help="of which the median is shown")
    parser.add_argument("--quick", action="store_true", help="not testinfra one after another")
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.hosts)
        return
    if why := missing():
        sys.exit(why)
    os.environ.pop("SSH_AUTH_SOCK", None)
    with running_lab(LabSpec(plain(given.hosts), round_trips=(20,))) as lab:
        print(
            f"{given.hosts} hosts: files {lab.base_seconds:.1f} s, start {lab.start_seconds:.1f} s, "
            f"{lab.host_mb:.1f} MB a host"
        )
        for hosts in sorted({1, given.hosts}):
            for round_trip in (0, 20):
                _table(lab, hosts, round_trip, given)


if __name__ == "__main__":
    main()
