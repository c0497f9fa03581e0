"""Who gets in, and with what: keys and agent first, the password last, nothing before the host key."""

import contextlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import ssh_openssh, ssh_paramiko
from fixtures.secret import Secret
from fixtures.ssh_settings import ScriptOutput, SshFailureError, resolve
from selftests.sshd import PASSWORD, Sshd, new_key, running_sshd

UUID = "0a1b2c3d-1111-2222-3333-444455556666"
DRIVERS = {"paramiko": ssh_paramiko.run_script, "openssh": ssh_openssh.run_script}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    directory = tmp_path_factory.mktemp("sshd") / "one"
    with running_sshd(directory, "MaxAuthTries 3", password=True) as found:
        yield found


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def run(driver: str, server: Sshd, **more: Any) -> ScriptOutput:
    given = {"password": Secret(PASSWORD), "identity_file": None, **more}
    options = server.options(driver=driver, ports={UUID: server.port}, **given)
    target = resolve(options, UUID, "127.0.0.1")
    return DRIVERS[driver](target, b"echo in; env", 20, 1 << 16, threading.Event())


@contextlib.contextmanager
def agent(directory: Path, *keys: Path) -> Iterator[None]:
    """An ssh-agent that holds these keys."""
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        pytest.skip("ssh-agent and ssh-add are not installed")
    socket = directory / "agent"
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not socket.exists() and process.poll() is None:
            pass
        os.environ["SSH_AUTH_SOCK"] = str(socket)
        subprocess.run(["ssh-add", "-q", *map(str, keys)], check=True, capture_output=True)
        yield
    finally:
        os.environ.pop("SSH_AUTH_SOCK", None)
        process.terminate()
        process.wait(timeout=10)


def test_the_password_alone(driver: str, server: Sshd) -> None:
    for offer_keys in (False, True):
        output = run(driver, server, offer_keys=offer_keys)
        assert output.stdout.startswith(b"in\n")
        assert output.connection["login"] == "password"


def test_a_key_comes_before_the_password(driver: str, server: Sshd, tmp_path: Path) -> None:
    output = run(driver, server, identity_file=server.identity)
    assert output.connection["login"] in ("key", "publickey")
    config = tmp_path / "config"
    config.write_text(f"IdentityFile {server.identity}\nIdentityAgent none\n")
    output = run(driver, server, config_file=config)
    assert output.connection["login"] in ("key", "publickey")


def test_a_key_that_is_refused_gives_way_to_the_password(
    driver: str, server: Sshd, tmp_path: Path
) -> None:
    new_key(tmp_path / "other")
    output = run(driver, server, identity_file=tmp_path / "other")
    assert output.connection["login"] == "password"


def test_an_encrypted_key_gives_way_to_the_password(
    driver: str, server: Sshd, tmp_path: Path
) -> None:
    shutil.copy(server.identity, tmp_path / "locked")
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-N", "passphrase", "-f", str(tmp_path / "locked")], check=True
    )
    output = run(driver, server, identity_file=tmp_path / "locked")
    assert output.connection["login"] == "password"


def test_an_agent_comes_before_the_password(driver: str, server: Sshd, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("")
    with agent(tmp_path, server.identity):
        output = run(driver, server, config_file=config)
    assert output.connection["login"] in ("key", "publickey")


def test_a_full_agent_does_not_use_up_the_password(
    driver: str, server: Sshd, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("")
    keys = [tmp_path / f"key{number}" for number in range(8)]
    for key in keys:
        new_key(key)
    with agent(tmp_path, *keys):
        output = run(driver, server, config_file=config)
    assert output.connection["login"] == "password"


def test_a_wrong_password_is_tried_once(driver: str, server: Sshd) -> None:
    log = server.identity.with_name("sshd.log")
    before = len(re.findall("Failed password", log.read_text()))
    with pytest.raises(SshFailureError) as raised:
        run(driver, server, password=Secret("wrong-Pa55"))
    assert raised.value.kind == "login-refused"
    assert "wrong-Pa55" not in raised.value.cause
    assert len(re.findall("Failed password", log.read_text())) == before + 1


def test_a_wrong_password_that_comes_as_the_last_try_is_tried_once(
    driver: str, server: Sshd, tmp_path: Path
) -> None:
    """Of three tries; sshd then says what it says to too many keys, after which it has its own."""
    config = tmp_path / "config"
    config.write_text("")
    keys = [tmp_path / f"key{number}" for number in range(2)]
    for key in keys:
        new_key(key)
    log = server.identity.with_name("sshd.log")
    before = len(re.findall("Failed password", log.read_text()))
    with agent(tmp_path, *keys), pytest.raises(SshFailureError):
        run(driver, server, config_file=config, password=Secret("wrong-Pa55"))
    assert len(re.findall("Failed password", log.read_text())) == before + 1


def test_nothing_is_offered_to_an_unknown_host(driver: str, server: Sshd, tmp_path: Path) -> None:
    log = server.identity.with_name("sshd.log")
    before = re.findall("(?:Failed|Accepted|Postponed) .*", log.read_text())
    with pytest.raises(SshFailureError) as raised:
        run(driver, server, known_hosts=(tmp_path / "none",))
    assert raised.value.kind == "host-key-unknown"
    assert re.findall("(?:Failed|Accepted|Postponed) .*", log.read_text()) == before


def test_programs_of_the_configuration_do_not_see_passwords(
    driver: str, server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLPROOF_PASSWORD", "seen-Pa55")
    config = tmp_path / "config"
    seen = tmp_path / "seen"
    config.write_text(f"Match exec 'env >>{seen}'\n  ProxyCommand sh -c 'env >>{seen}'\n")
    with pytest.raises(SshFailureError):
        run(driver, server, config_file=config)
    assert seen.read_text().count("\nPATH=") >= 2, "both were run"
    for password in ("seen-Pa55", PASSWORD):
        assert password not in seen.read_text()
