"""The dom0s of a simulated pool: one SSH server per host on loopback, answering the dom0 script.

The script is not run: each of its probes is looked up in the pool's canned answers and framed as
the script itself would have done. A probe that hangs gives the frame of a passed deadline at once.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import asyncssh

from simpool.data import CannedAnswer, SimPool
from simpool.dom0_answers import NOT_FOUND, answered
from simpool.dom0_frames import closing, opening, printed, read_batches_from, read_probes_from
from simpool.ssh_faults import IN_FRAMES, spoilt
from simpool.ssh_faults import SshFault as SshFault  # noqa: PLC0414 - part of what is offered here

_LARGEST_SCRIPT = 4 * 1024 * 1024
_BUSY_TIMES = 2  # connections that a busy host hangs up on
_PIECE = b"x" * 65_536


@dataclass(slots=True)
class _Host:
    uuid: str
    key: asyncssh.SSHKey
    announced: asyncssh.SSHKey
    answers: Mapping[str, CannedAnswer]
    fault: SshFault | None
    server: asyncssh.SSHAcceptor | None = None
    connections: int = 0
    sessions: int = 0
    commands: list[str] = field(default_factory=list)


class _UnansweredCommand(asyncssh.SSHServerSession[bytes]):
    """A session that neither accepts nor refuses a command."""

    def exec_requested(self, command: str) -> bool:
        """Give no answer at all, which only None does."""
        del command
        return None  # type: ignore[return-value]


class _Login(asyncssh.SSHServer):
    """Password or key login as root."""

    def __init__(
        self,
        host: _Host,
        password: str | None,
        keys: Sequence[asyncssh.SSHKey],
        connections: set[asyncssh.SSHServerConnection],
    ) -> None:
        self._host = host
        self._password = password
        self._keys = {key.public_data for key in keys}
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember who is here, to be able to hang up."""
        self._connections.add(conn)
        self._connection = conn
        self._host.connections += 1
        if self._host.fault is SshFault.BUSY and self._host.connections <= _BUSY_TIMES:
            conn.abort()

    def password_auth_supported(self) -> bool:
        """Whether there is a password at all."""
        return self._password is not None

    async def validate_password(self, username: str, password: str) -> bool:
        """Only root, and only with the pool's password."""
        if self._host.fault is SshFault.LOGIN_HANGS:
            await asyncio.Event().wait()
        if self._host.fault is SshFault.LOGIN_CUT and self._connection is not None:
            self._connection.abort()
        return self._accepts(username) and password == self._password

    def public_key_auth_supported(self) -> bool:
        """Keys may always be offered."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Only root, and only with a key of the endpoint."""
        return self._accepts(username) and key.public_data in self._keys

    def _accepts(self, username: str) -> bool:
        return self._host.fault is not SshFault.REFUSE_LOGIN and username == "root"

    def session_requested(self) -> "_UnansweredCommand | bool":
        """Asked only where no process answers."""
        return self._host.fault is SshFault.COMMAND_UNANSWERED and _UnansweredCommand()


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
            if host.fault is not SshFault.UNKNOWN_KEY
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

        sessionless = (SshFault.NO_SESSION, SshFault.COMMAND_UNANSWERED)
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Login(host, self._password, self._keys, self._connections),
            server_host_keys=[host.key],
            process_factory=None if host.fault in sessionless else handle,
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
        await self._loop.shutdown_default_executor()


async def _answer(host: _Host, process: "asyncssh.SSHServerProcess[bytes]") -> None:
    host.sessions += 1
    if await _refuses(host, process):
        return
    if (alone := host.answers.get(process.command or "")) is not None:
        host.commands.append(process.command or "")
        process.stdout.write(alone.stdout.encode("utf-8", "surrogateescape"))
        process.stderr.write(alone.stderr.encode("utf-8", "surrogateescape"))
        process.exit(alone.status)
        return
    try:
        script = await _read_script(process)
        marker, probes = read_probes_from(script)
    except ValueError:
        process.stderr.write(b"this simulated dom0 only runs the probes of an audit\n")
        process.exit(NOT_FOUND)
        return
    host.commands += [probe.command for probe in probes]
    answers = [answered(host.answers.get(probe.command), probe) for probe in probes]
    batches = () if host.fault in IN_FRAMES else read_batches_from(script)
    parts = printed(marker, answers, batches)
    frames = spoilt([part for part, _ in parts], host.fault, marker)
    if host.fault is SshFault.FLOOD:
        await _write(process.stderr, [_PIECE] * 64)
    greeting = b"Welcome to this dom0\n" if host.fault is SshFault.CHATTY else b""
    await _say(host.fault, process, greeting + opening(marker))
    for index, part in enumerate(frames):
        if index == len(frames) // 2 and await _breaks(host.fault, process, part):
            return
        if index < len(parts):
            await asyncio.sleep(parts[index][1])
        await _say(host.fault, process, part)
    process.stdout.write(closing(marker, len(probes)))
    if host.fault is SshFault.CHATTY:
        process.stdout.write(b"Good bye\n" * 1000)
    process.exit(0)


async def _refuses(host: _Host, process: "asyncssh.SSHServerProcess[bytes]") -> bool:
    """What a host does instead of taking the script."""
    if host.fault is SshFault.SILENT:
        await asyncio.Event().wait()
    if host.fault is SshFault.NO_SHELL:
        process.stdout.write(b"This account is currently not available.\n")
        process.exit(1)
        return True
    while host.fault is SshFault.ENDLESS and not process.stdout.is_closing():
        await _write(process.stdout, [_PIECE])
    return False


async def _breaks(
    fault: SshFault | None, process: "asyncssh.SSHServerProcess[bytes]", part: bytes
) -> bool:
    """What happens in the middle of the answer; True if it ends there."""
    if fault is SshFault.STALLS:
        await asyncio.Event().wait()
    if fault is SshFault.CUT_OFF:
        await _write(process.stdout, [part[: len(part) // 2]])
        process.channel.get_connection().abort()
        return True
    return False


async def _say(
    fault: SshFault | None, process: "asyncssh.SSHServerProcess[bytes]", part: bytes
) -> None:
    if fault is SshFault.DRIPS:
        for at in range(len(part)):
            if process.stdout.is_closing():
                return
            await _write(process.stdout, [part[at : at + 1]])
            await asyncio.sleep(1)
    await _write(process.stdout, [part])


async def _write(stream: "asyncssh.SSHWriter[bytes]", parts: Sequence[bytes]) -> None:
    for part in parts:
        stream.write(part)
        await stream.drain()


async def _read_script(process: "asyncssh.SSHServerProcess[bytes]") -> str:
    script = bytearray()
    while data := await process.stdin.read(65_536):
        script += data
        if len(script) > _LARGEST_SCRIPT:
            raise ValueError("the script is too large")
    return script.decode("utf-8", "replace")
