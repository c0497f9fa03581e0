"""Process 1 of the laboratory: builds it, runs it until its stdin ends, and takes it along.

It has namespaces of its own for network, mounts and processes, and all its files in a tmpfs: when
it ends, however it ends, the kernel removes every process, mount and device of the laboratory.
It reads a `LabSpec` as one line of JSON, and prints one line of JSON once everything answers.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fixtures import probes
from lab.base import build_busybox, build_dom0
from lab.disks import make_disk
from lab.host_files import write_files
from lab.hosts import NETWORK, ROUTER, SPECIAL, HostSpec, LabSpec, address, build_pool, uuids
from lab.namespaces import await_own_network, descendants, inside, until
from lab.needs import PATH
from lab.rpm_database import EXTRA, Package, build_packages, install, packages_from
from simpool.builder import dom0_state
from simpool.certificates import self_signed
from simpool.data import SimPool
from simpool.xenapi_endpoint import XenApiEndpoint

WORK: Final = Path("/mnt")
_HERE: Final = Path(__file__).resolve().parent
_UNANSWERING: Final = frozenset({"no sshd", "packets dropped"})
_FOREIGN: Final = Package("storcli", "1.0", "1", "Broadcom")
_BANNER: Final = "".join(f"echo 'Welcome {n} \x1b[31m \x07 marker Z 7'\n" for n in range(40))
_STARTED: Final = (
    "unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "sh",
)  # fmt: skip


def main() -> None:
    """Build and run one laboratory."""
    spec = LabSpec.from_json(json.loads(sys.stdin.readline()))
    os.environ["PATH"] = PATH
    os.umask(0o022)
    begun = time.monotonic()
    _run("mount", "-t", "tmpfs", "-o", "mode=755,size=4g", "lab", str(WORK))
    pool = build_pool(spec)
    _build(spec, pool)
    built = time.monotonic()
    running = _start(spec)
    _await_all(spec)
    started = time.monotonic()
    identity = self_signed(address(0), [address(0)])
    with contextlib.ExitStack() as stack:
        with inside(running[0].pid):
            endpoint = XenApiEndpoint(pool, identity=identity, bind=(address(0), 443))
        stack.enter_context(endpoint)
        for milliseconds in spec.round_trips:
            _move_away(milliseconds)
        told = {
            "fingerprint": identity.fingerprint,
            "password": pool.users["root"].password,
            "uuids": uuids(pool, spec.hosts),
            "base_seconds": round(built - begun, 2),
            "start_seconds": round(started - built, 2),
            "host_mb": round(_memory(spec, running) / 1e6, 2),
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


def _build(spec: LabSpec, pool: SimPool) -> None:
    """Everything on disk: keys, shared roots, disk images, and the files of each host."""
    identity = Ed25519PrivateKey.generate()
    _write_key(WORK / "id", identity)
    build_dom0(WORK / "dom0", _public(identity))
    build_busybox(WORK / "busybox", _public(identity))
    state = dom0_state(pool, spec.hosts[0].name)
    answers = pool.dom0[state.host_uuid]
    packages = (*packages_from(answers[probes.PACKAGES.command].stdout), _FOREIGN)
    files = build_packages(WORK / "packages", packages)
    foreign = next(path for path in files if path.name.startswith(_FOREIGN.name))
    installed = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    install(WORK / "dom0", [path for path in files if path != foreign], int(installed))
    extra = WORK / "dom0" / EXTRA
    extra.parent.mkdir(parents=True)
    extra.write_bytes(foreign.read_bytes())
    for layout in {host.layout for host in spec.hosts}:
        make_disk(WORK / f"disk-{layout}", replace(state, layout=layout))
    settings = f"UserKnownHostsFile {WORK}/known_hosts\nIdentityFile {WORK}/id\n"
    (WORK / "config").write_text(settings, encoding="ascii")
    lines = [_write_host(number, host, pool) for number, host in enumerate(spec.hosts)]
    (WORK / "known_hosts").write_text("\n".join([*lines, ""]), encoding="ascii")


def _write_host(number: int, host: HostSpec, pool: SimPool) -> str:
    """The files of one host; returns its line for known_hosts."""
    folder = WORK / f"host-{number}"
    (folder / "up").mkdir(parents=True)
    write_files(folder / "files", pool.dom0[uuids(pool, [host])[host.name]])
    key = Ed25519PrivateKey.generate()
    _write_key(folder / "files/etc/ssh/ssh_host_ed25519_key", key)
    (folder / "banner").write_text(_BANNER, encoding="utf-8")
    (folder / "special").write_text(
        "\n".join(map(SPECIAL.__getitem__, host.special)), encoding="utf-8"
    )
    return f"{address(number)} {_public(key)}"


def _start(spec: LabSpec) -> list["subprocess.Popen[str]"]:
    """Start all hosts, each with a cable to one bridge, on which this process has the router."""
    running = [_start_one(number, host) for number, host in enumerate(spec.hosts)]
    for process in running:
        await_own_network(process.pid)
    cables = [
        f"link add c{number} type veth peer name eth0 netns {process.pid}\n"
        f"link set c{number} master pool up\n"
        for number, process in enumerate(running)
    ]
    own_side = (
        "link set lo up\nlink add pool type bridge\n"
        f"addr add {ROUTER}/{NETWORK.prefixlen} dev pool\nlink set pool up\n"
    )
    _run("ip", "-batch", "-", text=own_side + "".join(cables))
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
    for number, (process, host) in enumerate(zip(running, spec.hosts, strict=True)):
        assert process.stdin is not None
        process.stdin.write(f"{address(number)}/{NETWORK.prefixlen} {ROUTER} {host.name}\n")
        process.stdin.close()
    return running


def _start_one(number: int, host: HostSpec) -> "subprocess.Popen[str]":
    folder = WORK / f"host-{number}"
    own_log = "1" if host.layout == "D" else "0"
    size = "18g" if host.layout == "D" else "4g"
    arguments = [folder, WORK / host.base, WORK / f"disk-{host.layout}", folder / "special"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*_STARTED, str(_HERE / "start_host.sh"), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
            env={"PATH": PATH, "OWN_LOG": own_log, "ROOT_SIZE": size, "here": str(_HERE)},
        )


def _await_all(spec: LabSpec) -> None:
    """Until the sshd of every host that is to have one answers, and the full one refuses."""
    for number, host in enumerate(spec.hosts):
        if _UNANSWERING.intersection(host.special):
            continue
        log = WORK / f"host-{number}" / "log"
        try:
            _await(address(number), b"Exceeded" if "sshd full" in host.special else b"SSH-2.0-")
        except TimeoutError:
            said = log.read_text(errors="replace")[-500:]
            raise RuntimeError(f"{host.name} does not answer: {said}") from None


def _await(place: str, said: bytes) -> None:
    """Until an SSH port says this first."""

    def says() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((place, 22), timeout=1) as sock:
            return sock.recv(len(said)) == said
        return False

    until(says)


def _move_away(milliseconds: int) -> None:
    """Make a place from which every host is this far away: a namespace, kept by name below `WORK`."""
    number = 100 + milliseconds
    keeper = subprocess.Popen(["unshare", "--net", "sleep", "1000000"])
    await_own_network(keeper.pid)
    place = WORK / f"net-{milliseconds}"
    place.touch()
    _run("mount", "--bind", f"/proc/{keeper.pid}/ns/net", str(place))
    addresses = (f"10.78.{number}.2/24", f"10.78.{number}.1/24")
    line = subprocess.Popen(
        [sys.executable, "-m", "lab.delay_line", str(keeper.pid), str(milliseconds), *addresses],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=_HERE.parent,
    )
    assert line.stdout is not None
    if line.stdout.readline() != b"ready\n":
        raise RuntimeError("the delay line did not start")


def _memory(spec: LabSpec, running: list["subprocess.Popen[str]"]) -> int:
    """Bytes that one host takes: the share of its processes, and the files that it alone has."""
    share = sum(
        int(line.split()[1]) * 1024
        for process in running
        for child in descendants(process.pid)
        for line in Path(f"/proc/{child}/smaps_rollup").read_text(encoding="ascii").splitlines()
        if line.startswith("Pss:")
    )
    folders = (WORK / f"host-{number}" for number in range(len(spec.hosts)))
    files = sum(path.lstat().st_blocks * 512 for folder in folders for path in folder.rglob("*"))
    return (share + files) // len(spec.hosts)


def _write_key(path: Path, key: Ed25519PrivateKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)


def _public(key: Ed25519PrivateKey) -> str:
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*form).decode("ascii")


def _run(*command: str, text: str = "") -> None:
    subprocess.run(command, input=text.encode(), check=True)


if __name__ == "__main__":
    main()
