"""A simulated pool reached as a real one is: by URL, with a pinned certificate and an ssh_config."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from selftests.running import Run, audit
from simpool.data import SimPool
from simpool.ssh_endpoint import SshEndpoint, SshFault
from simpool.xenapi_endpoint import XenApiEndpoint


@dataclass(frozen=True)
class LivePool:
    """What is needed to audit it."""

    pool: SimPool
    xenapi: XenApiEndpoint
    ssh: SshEndpoint
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The options that reach it."""
        settings = self.pool.settings
        return [
            f"--pool={self.xenapi.url}",
            f"--tls-fingerprint={self.xenapi.fingerprint}",
            f"--ssh-config={self.folder / 'ssh_config'}",
            f"--known-hosts={self.folder / 'known_hosts'}",
            f"--target={settings['target']}",
        ]

    def audit(self, *more: str, without: str = "--nothing", **environment: str) -> Run:
        """Audit it, with more options, or without one of those that reach it."""
        words = [word for word in self.words if not word.startswith(without)]
        return audit(
            self.folder / "archive", *words, *more, environment={**self.environment, **environment}
        )


@contextlib.contextmanager
def live(
    pool: SimPool, folder: Path, faults: Mapping[str, SshFault] | None = None
) -> Iterator[LivePool]:
    """Serve a pool and write the user's side: known hosts and ssh_config."""
    password = pool.users["root"].password
    with XenApiEndpoint(pool) as xenapi, SshEndpoint(pool, faults=faults) as ssh:
        (folder / "known_hosts").write_text("\n".join(ssh.known_hosts_lines) + "\n")
        hosts = pool.records["host"].values()
        entries = [
            f"Host {host['address']}\n  HostName 127.0.0.1\n  Port {ssh.ports[host['uuid']]}\n"
            for host in hosts
            if host["uuid"] in ssh.ports
        ]
        (folder / "ssh_config").write_text("".join(entries) + "Host *\n  IdentitiesOnly yes\n")
        environment = {
            "POOLPROOF_PASSWORD": password,
            "POOLPROOF_SSH_PASSWORD": password,
            "SSH_AUTH_SOCK": "",
        }
        yield LivePool(pool, xenapi, ssh, folder, environment)
