import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import ssh_openssh, ssh_paramiko
from fixtures.dom0_reading import Dom0Address, read_dom0s, unknown_keys_message
from fixtures.probes import BASE_PROBES, INVENTORY, MOUNTS, Probe
from fixtures.raw import RawDom0
from fixtures.ssh_settings import ScriptOutput, SshFailureError, SshOptions, resolve
from selftests.sshd import Sshd, free_port, new_key, running_sshd

UUID = "0a1b2c3d-1111-2222-3333-444455556666"
Runner = Callable[..., ScriptOutput]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd") / "one") as found:
        yield found


@pytest.fixture(scope="module")
def dom0(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that gives the script an inventory, since this machine is no dom0."""
    directory = tmp_path_factory.mktemp("dom0")
    (directory / "inventory").write_text(f"PRODUCT_VERSION='7.2.0'\nINSTALLATION_UUID='{UUID}'\n")
    command = f"sed s,/etc/xensource-inventory,{directory}/inventory,g | sh -s"
    with running_sshd(directory / "one", f"ForceCommand echo Welcome; {command}") as found:
        yield found


@pytest.fixture(params=["paramiko", "openssh"])
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def runner(name: str) -> Runner:
    return {"paramiko": ssh_paramiko.run_script, "openssh": ssh_openssh.run_script}[name]


def run(
    name: str, server: Sshd, script: str, deadline: float = 30, cap: int = 1 << 20, **more: Any
) -> ScriptOutput:
    options = server.options(driver=name, ports={UUID: server.port}, **more)
    target = resolve(options, UUID, "127.0.0.1")
    return runner(name)(target, script.encode(), deadline, cap, threading.Event())


def failure(name: str, server: Sshd, **more: Any) -> SshFailureError:
    with pytest.raises(SshFailureError) as raised:
        run(name, server, "echo x", **more)
    return raised.value


def read(name: str, server: Sshd, *probes: Probe, **more: Any) -> RawDom0:
    options = server.options(driver=name, ports={UUID: server.port}, **more)
    host = Dom0Address(UUID, "alpha", "127.0.0.1")
    return read_dom0s([host], probes, options, 60)[UUID]


def test_a_script_runs(driver: str, server: Sshd) -> None:
    output = run(driver, server, "echo one; echo two >&2; cat /no/such/file; exit 3")
    assert (output.stdout, output.status, output.ended) == (b"one\n", 3, "complete")
    assert output.stderr.startswith(b"two\n")
    seen = output.connection
    assert (seen["driver"], seen["port"], seen["user"]) == (driver, server.port, server.user)
    assert seen["host_key"].startswith("ssh-ed25519 SHA256:")
    assert seen["cipher"]


def test_large_scripts_and_binary_output(driver: str, server: Sshd) -> None:
    script = (
        "\n".join(f"# {'x' * 1000} {line}" for line in range(1000)) + "\nprintf 'a\\000\\377'\n"
    )
    assert run(driver, server, script).stdout == b"a\0\xff"


def test_floods(driver: str, server: Sshd) -> None:
    output = run(driver, server, "head -c 50000000 /dev/zero >&2; echo fine")
    assert output.stdout == b"fine\n"
    assert len(output.stderr) == 65_536
    output = run(driver, server, "head -c 5000000 /dev/zero; echo lost", cap=100_000)
    assert output.ended == "cap"


def test_deadline_and_stop(driver: str, server: Sshd) -> None:
    output = run(driver, server, "echo begun; sleep 30; echo late", deadline=5)
    assert (output.stdout, output.ended) == (b"begun\n", "deadline")
    stop = threading.Event()
    stop.set()
    options = server.options(driver=driver, ports={UUID: server.port})
    try:
        output = runner(driver)(resolve(options, UUID, "127.0.0.1"), b"sleep 4", 60, 1000, stop)
    except SshFailureError as error:
        ended: str = error.kind
    else:
        ended = output.ended
    assert ended in ("dropped", "stopped")


def test_unknown_host_key(driver: str, server: Sshd, tmp_path: Path) -> None:
    error = failure(driver, server, known_hosts=(tmp_path / "empty",))
    assert error.kind == "host-key-unknown"
    assert error.fingerprint.startswith("SHA256:")
    assert error.fingerprint in error.cause
    assert error.line == server.known_hosts.read_text().rsplit(" ", 1)[0]
    assert not (tmp_path / "empty").exists()


def test_changed_host_key(driver: str, server: Sshd, tmp_path: Path) -> None:
    other = new_key(tmp_path / "other")
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {other}\n")
    error = failure(driver, server, known_hosts=(tmp_path / "known_hosts",))
    assert error.kind == "host-key-changed"
    assert "is not the one in known_hosts" in error.cause
    assert error.line == ""


def test_strict_checking_is_never_softened(driver: str, server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        f"StrictHostKeyChecking no\nUserKnownHostsFile {tmp_path}/none\n"
        f"GlobalKnownHostsFile {tmp_path}/none\n"
    )
    error = failure(driver, server, config_file=tmp_path / "config", known_hosts=())
    assert error.kind == "host-key-unknown"
    assert not (tmp_path / "none").exists()


def test_the_key_of_the_configuration(driver: str, server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        f"Host alpha\n HostName 127.0.0.1\n Port {server.port}\n User {server.user}\n"
        f" HostKeyAlias pool\n IdentityFile {server.identity}\n IdentitiesOnly yes\n"
        f" UserKnownHostsFile {tmp_path}/hosts\n"
    )
    kind, key = server.known_hosts.read_text().split()[1:3]
    (tmp_path / "hosts").write_text(f"pool {kind} {key}\n")
    options = SshOptions(config_file=tmp_path / "config", driver=driver)  # type: ignore[arg-type]
    output = runner(driver)(
        resolve(options, UUID, "alpha"), b"echo in", 30, 1000, threading.Event()
    )
    assert output.stdout == b"in\n"
    assert output.connection["port"] == server.port


def test_a_proxy_command(driver: str, server: Sshd, tmp_path: Path) -> None:
    import shutil
    import sys

    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os,socket,sys,threading\n"
        "s=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n"
        "def up():\n while d:=os.read(0,65536): s.sendall(d)\n s.shutdown(1)\n"
        "threading.Thread(target=up,daemon=True).start()\n"
        "while d:=s.recv(65536): os.write(1,d)\n"
    )
    config = tmp_path / "config"
    config.write_text(f"ProxyCommand {shutil.which(sys.executable)} {relay} %h %p\n")
    assert run(driver, server, "echo in", config_file=config).stdout == b"in\n"
    config.write_text("ProxyCommand false\n")
    assert failure(driver, server, config_file=config).kind in ("busy", "jump-host")


def test_login_refused(driver: str, server: Sshd, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    error = failure(driver, server, identity_file=tmp_path / "other", offer_keys=False)
    assert error.kind == "login-refused"
    assert server.user in error.cause


def test_nobody_there(driver: str, server: Sshd) -> None:
    options = server.options(driver=driver, ports={UUID: free_port()})
    for address, kinds in (("127.0.0.1", {"refused"}), ("no-such-host.invalid", {"unreachable"})):
        with pytest.raises(SshFailureError) as raised:
            runner(driver)(resolve(options, UUID, address), b"", 20, 1000, threading.Event())
        assert raised.value.kind in kinds
        assert address in raised.value.cause


def test_a_port_that_says_nothing(driver: str, server: Sshd) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = server.options(
            driver=driver, ports={UUID: silent.getsockname()[1]}, connect_timeout=1.0
        )
        with pytest.raises(SshFailureError) as raised:
            runner(driver)(resolve(options, UUID, "127.0.0.1"), b"", 3, 1000, threading.Event())
        assert raised.value.kind == "timeout"


@pytest.fixture(scope="module")
def jump(tmp_path_factory: pytest.TempPathFactory, server: Sshd) -> Iterator[tuple[Sshd, Path]]:
    directory = tmp_path_factory.mktemp("jump")
    with running_sshd(directory / "two") as bastion:
        config = directory / "config"
        config.write_text(
            f"Host bastion\n HostName 127.0.0.1\n Port {bastion.port}\n"
            f" IdentityFile {bastion.identity}\n"
            f" UserKnownHostsFile {bastion.known_hosts}\n User {bastion.user}\n"
            f"Host target\n HostName 127.0.0.1\n Port {server.port}\n ProxyJump bastion\n"
            f" User {server.user}\n"
            f" IdentityFile {server.identity}\n UserKnownHostsFile {server.known_hosts}\n"
            "Host *\n IdentityAgent none\n GlobalKnownHostsFile /dev/null\n"
        )
        yield bastion, config


def through(config: Path, driver: str = "openssh") -> ScriptOutput:
    options = SshOptions(config_file=config, driver=driver)  # type: ignore[arg-type]
    return runner(driver)(resolve(options, UUID, "target"), b"echo in", 30, 1000, threading.Event())


def test_jump_host(jump: tuple[Sshd, Path], server: Sshd) -> None:
    output = through(jump[1])
    assert output.stdout == b"in\n"
    assert output.connection["jump"] == "bastion"
    assert output.connection["port"] == server.port


def test_jump_host_with_paramiko_is_explained(jump: tuple[Sshd, Path]) -> None:
    with pytest.raises(SshFailureError, match="--ssh-driver=openssh") as raised:
        through(jump[1], "paramiko")
    assert raised.value.kind == "jump-host"


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("bastion.known", "none"), "host-key-unknown", "on the way|SHA256"),
        (("server.known", "none"), "host-key-unknown", "SHA256"),
        (("bastion.identity", "none"), "jump-host", "Permission denied"),
        (("server.identity", "none"), "login-refused", "Permission denied"),
        (("bastion.port", "1"), "jump-host", "jump host failed"),
        (("server.port", "1"), "jump-host", "jump host failed"),
    ],
)
def test_jump_host_failures(
    jump: tuple[Sshd, Path],
    server: Sshd,
    tmp_path: Path,
    change: tuple[str, str],
    kind: str,
    words: str,
) -> None:
    bastion, config = jump
    old = {
        "bastion.known": str(bastion.known_hosts), "server.known": str(server.known_hosts),
        "bastion.identity": str(bastion.identity), "server.identity": str(server.identity),
        "bastion.port": f"Port {bastion.port}", "server.port": f"Port {server.port}",
    }[change[0]]  # fmt: skip
    new = f"Port {change[1]}" if "port" in change[0] else str(tmp_path / change[1])
    changed = tmp_path / "config"
    changed.write_text(config.read_text().replace(old, new))
    with pytest.raises(SshFailureError, match=words) as raised:
        through(changed)
    assert raised.value.kind == kind


def test_algorithms_of_old_servers(driver: str, tmp_path: Path) -> None:
    with running_sshd(tmp_path / "old", "KexAlgorithms diffie-hellman-group14-sha1") as old:
        error = failure(driver, old)
        assert error.kind == "unreachable"
        if driver == "paramiko":
            assert error.cause.endswith("--legacy=127.0.0.1")
            return
        config = tmp_path / "config"
        config.write_text("KexAlgorithms +diffie-hellman-group14-sha1\nIdentityAgent none\n")
        output = run(driver, old, "echo in", config_file=config)
    assert output.stdout == b"in\n"
    assert output.connection["kex"] == "diffie-hellman-group14-sha1"


def test_dom0_end_to_end(driver: str, dom0: Sshd) -> None:
    raw = read(driver, dom0, *BASE_PROBES)
    assert raw.cause == ""
    assert {probe.state for probe in raw.probes.values()} == {"done"}
    assert " / " in raw.probes[MOUNTS.command].stdout
    assert raw.connection["ended"] == "complete"
    assert f"INSTALLATION_UUID='{UUID}'" in raw.probes[INVENTORY.command].stdout


def test_dom0_with_a_stuck_probe(driver: str, dom0: Sshd, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    stuck = Probe(f"cat {tmp_path}/fifo", deadline=1)
    begun = time.monotonic()
    raw = read(driver, dom0, stuck, Probe("uname -s"))
    assert raw.probes[stuck.command].state == "timeout"
    assert raw.probes["uname -s"].stdout == "Linux\n"
    assert time.monotonic() - begun < 30
    assert raw.connection["ended"] == "complete"


def test_dom0_past_its_own_deadline_keeps_what_it_said(
    driver: str, dom0: Sshd, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    stuck = Probe(f"cat {tmp_path}/fifo", deadline=60)
    raw = read(driver, dom0, Probe("uname -s"), stuck, host_deadline=5.0)
    assert raw.cause == ""
    assert raw.connection["ended"] == "deadline"
    assert raw.probes["uname -s"].state == "done"
    assert raw.probes[stuck.command].state == "missing"


def test_another_machine(driver: str, dom0: Sshd) -> None:
    other = UUID.replace("0a", "ff")
    options = dom0.options(driver=driver, ports={other: dom0.port})
    raw = read_dom0s([Dom0Address(other, "beta", "127.0.0.1")], [], options, 60)[other]
    assert (
        raw.cause
        == f"the machine that answered at 127.0.0.1 is {UUID} by its inventory, not {other}"
    )
    assert raw.probes == {}


def test_no_dom0_at_all(driver: str, server: Sshd) -> None:
    raw = read(driver, server)
    assert "its inventory could not be read" in raw.cause
    assert raw.probes == {}


def test_unknown_keys_in_one_message(driver: str, dom0: Sshd, tmp_path: Path) -> None:
    raw = read(driver, dom0, known_hosts=(tmp_path / "none",))
    message = unknown_keys_message({UUID: raw, "b": RawDom0(cause="down")})
    assert message is not None
    assert "1 SSH host key is not in known_hosts" in message
    assert raw.connection["fingerprint"] in message
    assert dom0.known_hosts.read_text().rsplit(" ", 1)[0] in message
    assert unknown_keys_message({"b": RawDom0(cause="down")}) is None
