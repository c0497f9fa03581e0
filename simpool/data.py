"""A simulated pool as plain data: what its XenAPI and its dom0s will answer.

Mutable on purpose: a fault is a small change to a healthy pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fixtures.raw import Ref, WireRecord

MODERN_TLS: Final[Mapping[str, Any]] = {
    "address": "192.0.2.10",
    "version": "TLSv1.2",
    "cipher": "ECDHE-RSA-AES256-GCM-SHA384",
    "legacy": False,
}
MODERN_SSH: Final[Mapping[str, Any]] = {
    "kex": "curve25519-sha256",
    "host_key_algorithm": "ssh-ed25519",
    "cipher": "aes256-gcm@openssh.com",
    "mac": "",
    "legacy": False,
}
"""What the simulated servers speak, whatever the release: an old one is a fault of its own."""


@dataclass(slots=True)
class CannedAnswer:
    """What a dom0 command prints; `delay` is in seconds before it ends, `hang` never ends."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    delay: float = 0.0
    hang: bool = False


@dataclass(slots=True)
class SimError:
    """An answer of the XenAPI that is an error: xapi's code, then its parameters."""

    description: tuple[str, ...]


@dataclass(slots=True)
class SimUser:
    """An account of the simulated pool; `role` is one of xapi's role names, `root` for local root."""

    password: str
    role: str = "root"


@dataclass(slots=True)
class SimPool:
    """One pool.

    Attributes:
        name: the name it is asked for by (`--pool=sim:NAME`).
        release: product version its XenAPI behaves like, e.g. `7.2`.
        records: XenAPI class -> reference -> wire record. A class that is not a key does not exist in
            this release (`MESSAGE_METHOD_UNKNOWN`).
        answers: method -> object reference -> value or `SimError`, for methods that compute.
        dom0: host uuid -> command -> what it prints. Any other finds no file or program.
        users: account name -> account.
        settings: what the pool brings along as `poolproof.toml` values (target, window, method ...).
        inputs: what its operator would give beside that: waivers, attestations, hardware list and
            judgements on backup files, as they are stored beside the facts.
        tls: what a client agrees on with its XenAPI, where it is read without a network.
        ssh: host uuid -> the same of its dom0; `MODERN_SSH` for hosts that are no key.
        now: the moment that all ages in it count from, aware.
    """

    name: str
    release: str
    records: dict[str, dict[Ref, WireRecord]]
    answers: dict[str, dict[Ref, Any]] = field(default_factory=dict)
    dom0: dict[str, dict[str, CannedAnswer]] = field(default_factory=dict)
    users: dict[str, SimUser] = field(default_factory=lambda: {"root": SimUser("simulated")})
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    tls: dict[str, Any] = field(default_factory=lambda: dict(MODERN_TLS))
    ssh: dict[str, dict[str, Any]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
