"""The dom0s of a simulated pool: one SSH server per host on loopback, answering the dom0 script.

The script is not run: each of its probes is looked up in the pool's canned answers and framed as
the script itself would have done. A probe that hangs gives the frame of a passed deadline at once.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

import asyncssh

from fixtures.probes import Probe
from fixtures.raw import RawProbe
from simpool.data import CannedAnswer, SimPool
from simpool.dom0_answers import NOT_FOUND, answered
from simpool.dom0_frames import closing, frame, opening, read_probes_from

_LARGEST_SCRIPT = 4 * 1024 * 1024


class SshFault(Enum):
    """What can be wrong with a simulated dom0."""

    REFUSE_LOGIN = "refuse-login"
    CHANGED_KEY = "changed-key"  # the known_hosts line is for another key
    SILENT = "silent"  # lets in, and never says a word
    FLOOD = "flood"  # 4 MB of stderr before the answer
    CUT_OFF = "cut-off"  # the connection breaks in the middle of the answer


@dataclass(slots=True)
class _Host:
    uuid: str
    key: asyncssh.SSHKey
    announced: asyncssh.SSHKey
    answers: Mapping[str, CannedAnswer]
    fault: SshFault | None
    server: asyncssh.SSHAcceptor | None = None
    sessions: int = 0
    commands: list[str] = field(default_factory=list)


class _Login(asyncssh.SSHServer):
    """Password or key login as root."""

    def __init__(
        self,
        password: str | None,
        keys: Sequence[asyncssh.SSHKey],
        connections: set[asyncssh.SSHServerConnection],
        *,
        refuse: bool,
    ) -> None:
        self._password = password
        self._keys = {key.public_data for key in keys}
        self._refuse = refuse
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember who is here, to be able to hang up."""
        self._connections.add(conn)

    def password_auth_supported(self) -> bool:
        """Whether there is a password at all."""
        return self._password is not None

    def validate_password(self, username: str, password: str) -> bool:
        """Only root, and only with the pool's password."""
        return not self._refuse and username == "root" and password == self._password

    def public_key_auth_supported(self) -> bool:
        """Keys may always be offered."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Only root, and only with a key of the endpoint."""
        return not self._refuse and username == "root" and key.public_data in self._keys


class SshEndpoint:
    """One SSH server per host of a pool, running while the context is entered.

    Attributes:
        ports: host uuid -> port on 127.0.0.1.
        known_hosts_lines: what a known_hosts file needs to hold.
    """

    def __init__(
        self,
        pool: SimPool,
        faults: Mapping[str, SshFault] | None = None,
        authorized_keys: Sequence[str] = (),
    ) -> None:
        """Prepare the servers.

        Args:
            pool: its hosts are the keys of `pool.dom0`; root's password is that of account `root`.
            faults: host uuid -> what is wrong with it.
            authorized_keys: public keys in OpenSSH form that may log in.
        """
        self._password = pool.users["root"].password if "root" in pool.users else None
        self._keys = [asyncssh.import_public_key(text) for text in authorized_keys]
        self._hosts = [
            self._prepared(uuid, answers, (faults or {}).get(uuid))
            for uuid, answers in pool.dom0.items()
        ]
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sim-ssh", daemon=True)
        self.ports: dict[str, int] = {}

    @staticmethod
    def _prepared(uuid: str, answers: Mapping[str, CannedAnswer], fault: SshFault | None) -> _Host:
        key = asyncssh.generate_private_key("ssh-ed25519")
        changed = fault is SshFault.CHANGED_KEY
        announced = asyncssh.generate_private_key("ssh-ed25519") if changed else key
        return _Host(uuid, key, announced, answers, fault)

    @property
    def known_hosts_lines(self) -> tuple[str, ...]:
        """One line per host, once the servers run."""
        return tuple(
            f"[127.0.0.1]:{self.ports[host.uuid]} "
            + host.announced.export_public_key().decode("ascii").strip()
            for host in self._hosts
        )

    def sessions(self, uuid: str) -> int:
        """How many scripts this host was given."""
        return next(host.sessions for host in self._hosts if host.uuid == uuid)

    def commands(self, uuid: str) -> tuple[str, ...]:
        """Every command this host was asked for, in order."""
        return next(tuple(host.commands) for host in self._hosts if host.uuid == uuid)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=60)
        self._loop.close()

    async def _listen(self) -> None:
        for host in self._hosts:
            host.server = await self._serve(host)
            self.ports[host.uuid] = host.server.get_port()

    async def _serve(self, host: _Host) -> asyncssh.SSHAcceptor:
        async def handle(process: "asyncssh.SSHServerProcess[bytes]") -> None:
            await _answer(host, process)

        refuse = host.fault is SshFault.REFUSE_LOGIN
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Login(
                self._password, self._keys, self._connections, refuse=refuse
            ),
            server_host_keys=[host.key],
            process_factory=handle,
            encoding=None,
            allow_scp=False,
            sftp_factory=None,
        )

    async def _close(self) -> None:
        for host in self._hosts:
            if host.server is not None:
                host.server.close()
                await host.server.wait_closed()
        for connection in self._connections:
            connection.abort()
            await connection.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _answer(host: _Host, process: "asyncssh.SSHServerProcess[bytes]") -> None:
    host.sessions += 1
    if host.fault is SshFault.SILENT:
        await asyncio.Event().wait()
    try:
        marker, probes = await _read_script(process)
    except ValueError:
        process.stderr.write(b"this simulated dom0 only runs the probes of an audit\n")
        process.exit(NOT_FOUND)
        return
    host.commands += [probe.command for probe in probes]
    if host.fault is SshFault.FLOOD:
        for _ in range(64):
            process.stderr.write(b"x" * 65_536)
            await process.stderr.drain()
    process.stdout.write(opening(marker))
    for index, probe in enumerate(probes):
        if host.fault is SshFault.CUT_OFF and index == len(probes) // 2:
            process.stdout.write(frame(marker, index, RawProbe(probe.command, "missing")))
            await process.stdout.drain()
            process.channel.get_connection().abort()
            return
        answer = answered(host.answers.get(probe.command), probe)
        if answer.state == "done":
            await asyncio.sleep(answer.seconds)
        process.stdout.write(frame(marker, index, answer))
        await process.stdout.drain()
    process.stdout.write(closing(marker, len(probes)))
    process.exit(0)


async def _read_script(
    process: "asyncssh.SSHServerProcess[bytes]",
) -> tuple[str, tuple[Probe, ...]]:
    script = bytearray()
    while data := await process.stdin.read(65_536):
        script += data
        if len(script) > _LARGEST_SCRIPT:
            raise ValueError("the script is too large")
    return read_probes_from(script.decode("utf-8", "replace"))
