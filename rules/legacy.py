"""Which of the algorithms that a connection agreed on are no longer spoken by current clients.

What counts is what OpenSSH's client does not offer by default any more (its release notes 6.7, 7.0,
7.2, 7.4, 8.2 and 8.8, ssh_config(5)), and what RFC 8996 and RFC 9325 have retired from TLS. A name that
is not known stands for something newer; a name that is missing stands for nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

from fixtures.exceptions import NotVerifiedError
from fixtures.raw import Json
from fixtures.ssh_legacy import OLD
from reports.text import run_on

# With ciphers that authenticate by themselves (GCM, ChaCha20) there is no MAC to agree on.
_UNTOLD: Final = frozenset({"mac"})

_VERSION: Final = re.compile(r"(?:TLSv1(?:\.([1-9]))?|SSLv[23])")
_EPHEMERAL: Final = ("ECDHE-", "DHE-", "TLS_")


def negotiated_ssh(connection: Mapping[str, Json]) -> dict[str, str]:
    """What was agreed on with one dom0: `kex`, `host_key_algorithm`, `cipher`, `mac`.

    paramiko does not tell the key exchange, but all that it had offered; then that stands for it.

    Raises:
        NotVerifiedError: it is not known.
    """
    return {name: run_on(value) for name, value in _agreed(connection).items()}


def _agreed(connection: Mapping[str, Json]) -> dict[str, str]:
    found = {name: str(connection.get(name) or "") for name in OLD}
    found["kex"] = found["kex"] or str(connection.get("kex_offered") or "")
    if any(not value for name, value in found.items() if name not in _UNTOLD):
        raise NotVerifiedError(
            "which SSH algorithms were agreed on with this dom0 is not known: "
            "the reading has not noted them"
        )
    return found


def legacy_ssh(connection: Mapping[str, Json]) -> tuple[str, ...]:
    """The old ones among them, and the old signature of a user's key; raises as `negotiated_ssh`."""
    agreed = _agreed(connection)
    found = [
        run_on(one)
        for name, pattern in OLD.items()
        for one in agreed[name].split(",")
        if pattern.fullmatch(one)
    ]
    signature = str(connection.get("login_signature") or "")
    if OLD["host_key_algorithm"].fullmatch(signature):
        found.append(f"{signature} for the user's key")
    return tuple(found)


def handshakes(source: Mapping[str, Json]) -> tuple[Mapping[str, str], ...]:
    """Address, version and cipher of every TLS connection that the facts came over.

    Raises:
        NotVerifiedError: they did not come over TLS, or it was not noted.
    """
    if source.get("kind") == "dump":
        raise NotVerifiedError("a database dump does not tell which TLS the pool speaks")
    noted = source.get("tls")
    if not isinstance(noted, list) or not noted:
        raise NotVerifiedError(
            "which TLS the pool speaks is not known: the reading has not noted it"
        )
    found = []
    for one in noted:
        entry = one if isinstance(one, Mapping) else {}
        told = {name: str(entry.get(name) or "") for name in ("address", "version", "cipher")}
        if not _VERSION.fullmatch(told["version"]) or not told["cipher"]:
            raise NotVerifiedError(
                f"which TLS {run_on(told['address']) or 'an address'} speaks is not known"
            )
        found.append({name: run_on(value) for name, value in told.items()})
    return tuple(found)


def is_old_version(version: str) -> bool:
    """Whether TLS of this version is retired (RFC 8996)."""
    match = _VERSION.fullmatch(version)
    minor = match[1] if match else None
    return minor is None or int(minor) < 2


def is_static(cipher: str) -> bool:
    """Whether a cipher, by OpenSSL's name, has no key exchange of its own: who learns the host's key
    can read what was recorded (RFC 9325 section 4.1).
    """
    return not cipher.startswith(_EPHEMERAL)
