"""A real OpenSSH server on loopback, for tests."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from fixtures.ssh_settings import SshOptions

PASSWORD = "correct horse, 'battery' $taple"


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running server: where it is, what it shows, and how to get in."""

    port: int
    user: str
    known_hosts: Path
    identity: Path
    config: Path

    def options(self, **more: object) -> SshOptions:
        """Options that get in; `more` changes them."""
        given: dict[str, object] = {
            "user": self.user,
            "config_file": self.config,
            "identity_file": self.identity,
            "known_hosts": (self.known_hosts,),
            "connect_timeout": 10.0,
        }
        return SshOptions(**{**given, **more})  # type: ignore[arg-type]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def new_key(path: Path, kind: str = "ed25519") -> str:
    """Make a key pair; returns the public half as one line.

    RSA keys are slow: all files of a name get the same one.
    """
    if kind == "rsa":
        private, public = _rsa_key(path.name)
        path.touch(mode=0o600)
        path.write_bytes(private)
        path.with_suffix(".pub").write_bytes(public)
        return public.decode("ascii").strip()
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


@cache
def _rsa_key(_name: str) -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "key")
        how = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048"]
        subprocess.run([*how, "-N", "", "-f", str(path)], check=True)
        return path.read_bytes(), path.with_suffix(".pub").read_bytes()


@contextlib.contextmanager
def running_sshd(
    directory: Path,
    extra: str = "",
    *,
    password: bool = False,
    host_key_kind: str = "ed25519",
    user_key_kind: str = "ed25519",
) -> Iterator[Sshd]:
    """Run a server with keys of its own below `directory`; `extra` ends its configuration.

    With `password` the user's password is `PASSWORD` for this server, which takes root to arrange.
    """
    program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")
    if program is None or shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
        pytest.skip("OpenSSH's sshd, ssh and ssh-keygen are not all installed")
    directory.mkdir(parents=True, exist_ok=True)
    host_key = new_key(directory / "host_key", host_key_kind)
    allowed = directory / "authorized_keys"
    allowed.write_text(new_key(directory / "id", user_key_kind) + "\n")
    port = free_port()
    config = directory / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {allowed}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        f"PasswordAuthentication {'yes' if password else 'no'}\n"
        f"KbdInteractiveAuthentication no\n{extra}\n"
    )
    known_hosts = directory / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {host_key}\n")
    client = directory / "client_config"
    client.write_text("IdentityAgent none\n")
    log = directory / "sshd.log"
    command = [program, "-D", "-f", str(config), "-E", str(log)]
    before = _private_shadow(directory) if password else _private_run_directory()
    process = subprocess.Popen([*before, *command])
    try:
        _await(port, process, log)
        yield Sshd(port, getpass.getuser(), known_hosts, directory / "id", client)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _private_run_directory() -> list[str]:
    """As root, sshd wants /run/sshd: where there is none it gets one that only it can see."""
    if os.getuid() != 0 or Path("/run/sshd").is_dir() or shutil.which("unshare") is None:
        return []
    prepare = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", prepare, "sh"]


def _private_shadow(directory: Path) -> list[str]:
    """A password that only this sshd knows: the file of passwords, replaced where it alone looks."""
    if os.getuid() != 0 or shutil.which("unshare") is None or shutil.which("openssl") is None:
        pytest.skip("a password of the account can be arranged by root with unshare and openssl")
    made = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
    )
    shadow = directory / "shadow"
    shadow.write_text(f"{getpass.getuser()}:{made.stdout.strip()}:19000:0:99999:7:::\n")
    shadow.chmod(0o600)
    prepare = 'mount --bind "$0" /etc/shadow && mount -t tmpfs none /run && mkdir -m 755 /run/sshd'
    return ["unshare", "--mount", "sh", "-c", f'{prepare} && exec "$@"', str(shadow)]


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.skip(f"sshd does not run here: {log.read_text().strip()[-200:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail("sshd does not listen")
