"""Serves an embedded pool on loopback while it is audited, over real TLS and real SSH."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fixtures.secret import Secret
from fixtures.ssh_settings import SshOptions
from simpool.data import SimPool
from simpool.pools import build
from simpool.ssh_endpoint import SshEndpoint
from simpool.xenapi_endpoint import XenApiEndpoint

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A pool that is being served.

    Attributes:
        pool: the pool.
        url: of its coordinator.
        fingerprint: SHA-256 of the coordinator's certificate.
        password: of its account root.
        ssh_options: how its dom0s are reached.
    """

    pool: SimPool
    url: str
    fingerprint: str
    password: str
    ssh_options: SshOptions


@contextlib.contextmanager
def serving(name: str) -> Iterator[Served]:
    """Serve a pool by name.

    Raises:
        UsageProblemError: there is no such pool.
    """
    with serve(build(name)) as served:
        yield served


@contextlib.contextmanager
def serve(pool: SimPool) -> Iterator[Served]:
    """Serve a pool."""
    password = pool.users["root"].password
    with (
        tempfile.TemporaryDirectory(prefix="poolproof-sim-") as folder,
        XenApiEndpoint(pool) as xenapi,
        SshEndpoint(pool) as ssh,
    ):
        known_hosts, config = Path(folder, "known_hosts"), Path(folder, "ssh_config")
        known_hosts.write_text("\n".join(ssh.known_hosts_lines) + "\n", encoding="ascii")
        # The user's own configuration must not lead away from loopback.
        config.write_text("", encoding="ascii")
        options = SshOptions(
            user="root",
            config_file=config,
            known_hosts=(known_hosts,),
            password=Secret(password),
            offer_keys=False,
            ports=ssh.ports,
            aliases=dict.fromkeys(ssh.ports, LOOPBACK),
        )
        yield Served(pool, xenapi.url, xenapi.fingerprint, password, options)
