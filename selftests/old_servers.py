"""Servers as old pools have them: a real sshd and a real TLS server that speak nothing newer.

The profiles of `SSHD` restrict the sshd of this machine; what it cannot be brought to is to keep
silent about rsa-sha2, as every sshd before 7.2 does: that is `old_ssh`, made of asyncssh.
"""

import asyncio
import contextlib
import hashlib
import shutil
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh
import pytest

from fixtures.ssh_settings import SshOptions
from selftests.sshd import Sshd, new_key, running_sshd
from simpool.certificates import Identity

_CTR = "aes128-ctr,aes192-ctr,aes256-ctr"
_SHA1_KEX = "diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1"
_MODERN_KEX = "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256"
_OLD_MACS = "hmac-md5,hmac-sha1"

SSHD: Final = {
    "CentOS 5": (
        f"KexAlgorithms {_SHA1_KEX},diffie-hellman-group1-sha1\n"
        "HostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa\n"
        f"Ciphers {_CTR},aes128-cbc,3des-cbc\nMACs {_OLD_MACS}\n"
    ),
    "CBC only": (
        f"KexAlgorithms {_SHA1_KEX}\nHostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa\n"
        f"Ciphers aes128-cbc,3des-cbc\nMACs {_OLD_MACS}\n"
    ),
    "7.2-class": (
        f"KexAlgorithms {_MODERN_KEX},{_SHA1_KEX}\n"
        "HostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa,ssh-ed25519\n"
        f"Ciphers {_CTR},aes128-cbc\nMACs hmac-sha2-256,{_OLD_MACS}\n"
    ),
    "7.4-class": (
        f"KexAlgorithms {_MODERN_KEX},{_SHA1_KEX}\n"
        "HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256,ssh-rsa\n"
        "PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-ed25519\n"
        f"Ciphers {_CTR},aes128-cbc\nMACs hmac-sha2-256,{_OLD_MACS}\n"
    ),
    "group 1 only": (
        "KexAlgorithms diffie-hellman-group1-sha1\nHostKeyAlgorithms ssh-rsa\n"
        f"Ciphers {_CTR}\nMACs {_OLD_MACS}\n"
    ),
}
"""Name -> lines for sshd_config."""


@contextlib.contextmanager
def old_sshd(
    directory: Path, profile: str, uuid: str, *, password: bool = False, user_key: str = "rsa"
) -> Iterator[Sshd]:
    """A real sshd of a profile with an RSA host key; to the script it is the dom0 of a host."""
    directory.mkdir(parents=True, exist_ok=True)
    command = f"ForceCommand {_as_dom0(directory, uuid)}\n"
    with running_sshd(
        directory / "sshd",
        command + SSHD[profile],
        password=password,
        host_key_kind="rsa",
        user_key_kind=user_key,
    ) as found:
        yield found


def _as_dom0(directory: Path, uuid: str) -> str:
    """A command that runs the script from stdin, with an inventory of its own: this is no dom0."""
    (directory / "inventory").write_text(f"PRODUCT_VERSION='6.5.0'\nINSTALLATION_UUID='{uuid}'\n")
    return f"sed s,/etc/xensource-inventory,{directory}/inventory,g | sh -s"


@dataclass(frozen=True, slots=True)
class OldSsh:
    """A running `old_ssh`."""

    port: int
    known_hosts: Path
    identity: Path
    logins: list[str]

    def options(self, **more: object) -> SshOptions:
        """Options that get in."""
        given: dict[str, object] = {
            "user": "root",
            "config_file": self.identity.with_name("client_config"),
            "identity_file": self.identity,
            "known_hosts": (self.known_hosts,),
        }
        return SshOptions(**{**given, **more})  # type: ignore[arg-type]


class _Silent(asyncssh.SSHServer):
    """Lets in the one key, or the one password; notes how; announces no extension (RFC 8308)."""

    def __init__(self, key: str, password: str, logins: list[str]) -> None:
        self._key = asyncssh.import_public_key(key).public_data
        self._password = password
        self._logins = logins

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep silent about what else is known, and do not know it."""
        conn._send_ext_info = lambda: None  # type: ignore[method-assign]
        usual = conn.validate_public_key

        async def validate(username: str, key: bytes, signed: bytes, signature: bytes) -> bool:
            return b"rsa-sha2" not in signed and await usual(username, key, signed, signature)

        conn.validate_public_key = validate  # type: ignore[method-assign, assignment]
        if b"ssh-rsa" in conn._server_host_keys:
            conn._server_host_keys = conn._server_host_keys.copy()
            for name in (b"rsa-sha2-256", b"rsa-sha2-512"):
                conn._server_host_keys.pop(name)
            conn._server_host_key_algs = [b"ssh-rsa"]

    def password_auth_supported(self) -> bool:
        """If there is a password."""
        return bool(self._password)

    def validate_password(self, username: str, password: str) -> bool:
        """Only the one."""
        self._logins.append("password")
        return bool(username) and password == self._password

    def public_key_auth_supported(self) -> bool:
        """Always."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Only the one."""
        self._logins.append("key")
        return bool(username) and key.public_data == self._key


@contextlib.contextmanager
def old_ssh(
    directory: Path,
    uuid: str,
    *,
    kex: str = "diffie-hellman-group14-sha1",
    host_key: str = "rsa",
    user_key: str = "rsa",
    password: str = "",
) -> Iterator[OldSsh]:
    """OpenSSH as it was before 7.2, on the wire: no EXT_INFO, RSA with SHA-1 alone.

    Args:
        directory: for its keys.
        uuid: of the host whose dom0 it is.
        kex: the key exchanges, with commas.
        host_key: kind of its own key, as ssh-keygen calls it.
        user_key: kind of the key that gets in.
        password: gets in too, if there is one.
    """
    if shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
        pytest.skip("OpenSSH's ssh and ssh-keygen are not installed")
    directory.mkdir(parents=True, exist_ok=True)
    public = new_key(directory / "host_key", host_key)
    allowed = new_key(directory / "id", user_key)
    (directory / "client_config").write_text("IdentityAgent none\n")
    command, logins = _as_dom0(directory, uuid), list[str]()

    async def answer(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        script = b""
        while data := await process.stdin.read(65_536):
            script += data
        shell = await asyncio.create_subprocess_exec(
            "sh", "-c", command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        said, _ = await shell.communicate(script)
        process.stdout.write(said)
        await process.stdout.drain()
        process.exit(shell.returncode or 0)

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Silent(allowed, password, logins),
            server_host_keys=[str(directory / "host_key")],
            server_version="OpenSSH_5.9",
            process_factory=answer,
            encoding=None,
            kex_algs=kex.split(","),
            signature_algs=["ssh-rsa", "ssh-ed25519"],
            encryption_algs=["aes128-ctr", "aes128-cbc"],
            mac_algs=["hmac-sha1"],
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="old-ssh", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(timeout=30)
    try:
        port = server.get_port()
        known = directory / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {public}\n")
        yield OldSsh(port, known, directory / "id", logins)
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()


async def _close(server: asyncssh.SSHAcceptor) -> None:
    server.close()
    await server.wait_closed()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)


def old_certificate(directory: Path, name: str = "old.example", bits: int = 1024) -> Identity:
    """A self-signed certificate as XenServer made them up to 6.5: short, and signed with SHA-1."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes a certificate signed with SHA-1, is not installed")
    directory.mkdir(parents=True, exist_ok=True)
    key, certificate = directory / "old.key", directory / "old.pem"
    how = f"openssl req -x509 -sha1 -newkey rsa:{bits} -nodes -days 3650 -subj /CN={name}"
    made = subprocess.run(
        [*how.split(), "-keyout", str(key), "-out", str(certificate)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no certificate signed with SHA-1 can be made here: {made.stderr[-200:]}")
    pem = certificate.read_bytes()
    sha256 = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest().upper()
    pairs = ":".join(sha256[i : i + 2] for i in range(0, len(sha256), 2))
    return Identity(pem, key.read_bytes(), pairs)


def old_tls(identity: Identity, version: str = "TLSv1") -> ssl.SSLContext:
    """A TLS server as in XenServer up to 6.5: at most this version, static RSA with AES and SHA-1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return identity.server_context(
            ciphers="AES256-SHA:AES128-SHA:@SECLEVEL=0", max_version=version
        )
