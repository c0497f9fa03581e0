import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.dom0 import dom0_host
from fixtures.dom0_reading import Dom0Address, read_dom0s, unknown_keys_message
from fixtures.exceptions import NotVerifiedError
from fixtures.probes import BASE_PROBES, INVENTORY, MOUNTS, OS_RELEASE, UNAME, Probe
from fixtures.raw import RawDom0
from fixtures.secret import Secret
from fixtures.ssh_settings import SshOptions
from selftests.sshd import new_key, running_sshd
from simpool.data import CannedAnswer, SimPool, SimUser
from simpool.dom0_answers import answered
from simpool.ssh_endpoint import SshEndpoint, SshFault

PASSWORD = "sesame open \u00e4 'quoted' $HOME"
UUIDS = tuple(f"{digit}0000000-0000-4000-8000-00000000000{digit}" for digit in "123")
Reader = Callable[..., dict[str, RawDom0]]


def pool(hosts: int = 1) -> SimPool:
    answers = {
        uuid: {
            INVENTORY.command: CannedAnswer(f"INSTALLATION_UUID='{uuid}'\n"),
            MOUNTS.command: CannedAnswer("/dev/sda1 / ext3 rw 0 0\n"),
            UNAME.command: CannedAnswer("Linux 4.4.0 x86_64\n"),
            OS_RELEASE.command: CannedAnswer("ID=xenserver\n"),
            "hostname": CannedAnswer(f"host{at}\n"),
            "ls /hang": CannedAnswer(hang=True),
            "ls /fails": CannedAnswer("", "ls: no", 2),
            "ls /long": CannedAnswer("x" * 100_000),
        }
        for at, uuid in enumerate(UUIDS[:hosts])
    }
    return SimPool("t", "7.2", {}, dom0=answers, users={"root": SimUser(PASSWORD)})


@pytest.fixture(params=["paramiko", "openssh"])
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options(endpoint: SshEndpoint, directory: Path, driver: str, **more: Any) -> SshOptions:
    (directory / "known_hosts").write_text("\n".join(endpoint.known_hosts_lines) + "\n")
    (directory / "config").write_text("IdentityAgent none\nIdentityFile none\n")
    made = SshOptions(
        config_file=directory / "config", known_hosts=(directory / "known_hosts",),
        password=Secret(PASSWORD),
        driver=driver, offer_keys=False, ports=endpoint.ports,  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(made, **more)


def hosts(endpoint: SshEndpoint) -> list[Dom0Address]:
    return [Dom0Address(uuid, f"host {uuid[0]}", "127.0.0.1") for uuid in endpoint.ports]


def read(
    endpoint: SshEndpoint, directory: Path, driver: str, *probes: Probe, **more: Any
) -> dict[str, RawDom0]:
    return read_dom0s(hosts(endpoint), probes, options(endpoint, directory, driver, **more), 60)


def test_all_hosts(tmp_path: Path, driver: str) -> None:
    probes = tuple(
        Probe(text) for text in ("hostname", "ls /hang", "ls /fails", "ls /long", "lspci -n")
    )
    seen: list[str] = []
    with SshEndpoint(pool(3)) as endpoint:
        found = read_dom0s(
            hosts(endpoint), (*probes, *BASE_PROBES), options(endpoint, tmp_path, driver), 60,
            lambda host, raw: seen.append(host.uuid),
        )  # fmt: skip
        assert [endpoint.sessions(uuid) for uuid in UUIDS] == [1, 1, 1]
        assert endpoint.commands(UUIDS[0])[0] == INVENTORY.command
    assert sorted(seen) == sorted(UUIDS)
    for at, uuid in enumerate(UUIDS):
        raw = found[uuid]
        assert raw.cause == ""
        assert raw.probes["hostname"].stdout == f"host{at}\n"
        assert raw.probes["ls /hang"].state == "timeout"
        assert (raw.probes["ls /fails"].status, raw.probes["ls /fails"].stderr) == (2, "ls: no")
        assert raw.probes["ls /long"].truncated
        assert raw.probes["lspci -n"].status == 127
        assert raw.connection["login"] == "password"
        assert dom0_host(raw, "a").mount_point("/").device == "/dev/sda1"


ODD = (
    CannedAnswer("part of it\n", hang=True),
    CannedAnswer("late", delay=60),
    CannedAnswer("\u20ac" * 30, "why", 3),  # cut in the middle of a character
    CannedAnswer("\udcff\udcfe not UTF-8", "\udcff" + "x" * 5_000, delay=0.01),
)


@pytest.mark.parametrize("canned", ODD)
def test_odd_answers_arrive_as_they_are_read_directly(tmp_path: Path, canned: CannedAnswer) -> None:
    probe = Probe("ls /odd", 2, 64)
    given = pool()
    given.dom0[UUIDS[0]][probe.command] = canned
    with SshEndpoint(given) as endpoint:
        found = read(endpoint, tmp_path, "paramiko", probe)
    assert found[UUIDS[0]].probes[probe.command] == answered(canned, probe)


def test_keys(tmp_path: Path, driver: str) -> None:
    public = new_key(tmp_path / "id")
    with SshEndpoint(pool(), authorized_keys=[public]) as endpoint:
        found = read(endpoint, tmp_path, driver, identity_file=tmp_path / "id", password=None)
    assert found[UUIDS[0]].cause == ""


def test_a_password_never_reaches_a_stranger(tmp_path: Path, driver: str) -> None:
    with SshEndpoint(pool(), {UUIDS[0]: SshFault.CHANGED_KEY}) as endpoint:
        raw = read(endpoint, tmp_path, driver)[UUIDS[0]]
        assert endpoint.sessions(UUIDS[0]) == 0
    assert raw.connection["failure"] == "host-key-changed"
    assert PASSWORD not in repr(raw)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_login_refused(tmp_path: Path, driver: str, password: str) -> None:
    with SshEndpoint(pool()) as endpoint:
        raw = read(endpoint, tmp_path, driver, password=Secret(password))[UUIDS[0]]
    assert raw.connection["failure"] == "login-refused"
    assert "root@127.0.0.1" in raw.cause
    assert raw.probes == {}


@pytest.mark.parametrize(
    ("fault", "failure", "cause"),
    [
        (SshFault.REFUSE_LOGIN, "login-refused", "refused"),
        (SshFault.SILENT, None, "the script did not begin before the host's deadline"),
        (SshFault.FLOOD, None, ""),
        (SshFault.CUT_OFF, None, ""),
    ],
)
def test_faults(
    tmp_path: Path, driver: str, fault: SshFault, failure: str | None, cause: str
) -> None:
    more = {"host_deadline": 2.0} if fault is SshFault.SILENT else {}
    probes = [Probe("hostname"), *(Probe(f"ls /{at}") for at in range(5)), Probe("ls /fails")]
    with SshEndpoint(pool(2), {UUIDS[0]: fault}) as endpoint:
        found = read(endpoint, tmp_path, driver, *probes, **more)
    bad, good = found[UUIDS[0]], found[UUIDS[1]]
    assert good.cause == ""
    assert good.probes["ls /fails"].status == 2
    assert bad.connection.get("failure") == failure
    assert cause in bad.cause
    assert bool(cause) == bool(bad.cause)
    if fault is SshFault.CUT_OFF:
        assert bad.connection["ended"] == "dropped"
        assert bad.probes["hostname"].state == "done"
        assert bad.probes["ls /fails"].state == "missing"
        with pytest.raises(NotVerifiedError, match="ended early: dropped"):
            dom0_host(bad, "a").run("ls /fails")


def test_a_host_that_is_down(tmp_path: Path, driver: str) -> None:
    with SshEndpoint(pool(2)) as endpoint:
        given = options(endpoint, tmp_path, driver)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            ports = {**endpoint.ports, UUIDS[0]: sock.getsockname()[1]}
            found = read_dom0s(hosts(endpoint), [], replace(given, ports=ports), 60)
    assert found[UUIDS[0]].connection["failure"] == "refused"
    assert found[UUIDS[1]].cause == ""


@pytest.mark.parametrize("address", ["", "-oProxyCommand=id", "a b", "x;id", "a\nb", "`id`"])
def test_an_address_that_is_none(tmp_path: Path, driver: str, address: str) -> None:
    (tmp_path / "config").write_text("")
    given = SshOptions(config_file=tmp_path / "config", driver=driver)  # type: ignore[arg-type]
    found = read_dom0s([Dom0Address("u", "n", address)], [], given, 10)
    assert "address of this host is not known" in found["u"].cause


def test_unknown_keys_of_all_hosts_in_one_message(tmp_path: Path, driver: str) -> None:
    with SshEndpoint(pool(3)) as endpoint:
        given = options(endpoint, tmp_path, driver, known_hosts=(tmp_path / "none",))
        found = read_dom0s(hosts(endpoint), [], given, 60)
        message = unknown_keys_message(found)
        assert message is not None
        assert "3 SSH host keys are not in known_hosts" in message
        for line in endpoint.known_hosts_lines:
            assert f"  {line}" in message.splitlines()
        assert [endpoint.sessions(uuid) for uuid in UUIDS] == [0, 0, 0]
    for raw in found.values():
        assert raw.connection["fingerprint"] in message


def test_nothing_that_writes_leaves(tmp_path: Path, driver: str) -> None:
    with SshEndpoint(pool()) as endpoint, pytest.raises(PermissionError):
        read(endpoint, tmp_path, driver, Probe("rm -rf /"))


def test_one_deadline_for_many_silent_hosts(tmp_path: Path, driver: str) -> None:
    with SshEndpoint(pool(3), dict.fromkeys(UUIDS, SshFault.SILENT)) as endpoint:
        begun = time.monotonic()
        found = read_dom0s(hosts(endpoint), [], options(endpoint, tmp_path, driver), 2)
        assert time.monotonic() - begun < 30
    assert all(raw.cause and not raw.probes for raw in found.values())


def test_stopping(tmp_path: Path, driver: str) -> None:
    stop = threading.Event()
    with SshEndpoint(pool(2), {UUIDS[0]: SshFault.SILENT}) as endpoint:
        found = read_dom0s(
            hosts(endpoint),
            [],
            options(endpoint, tmp_path, driver),
            60,
            lambda *_: stop.set(),
            stop,
        )
    assert found[UUIDS[1]].cause == ""
    assert "interrupted" in found[UUIDS[0]].cause


def test_ctrl_c_keeps_what_was_read(tmp_path: Path, driver: str) -> None:
    stop = threading.Event()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with SshEndpoint(pool(2), {UUIDS[0]: SshFault.SILENT}) as endpoint:
        given = options(endpoint, tmp_path, driver)
        found = read_dom0s(hosts(endpoint), [], given, 60, interrupt, stop)
    assert stop.is_set()
    assert found[UUIDS[1]].cause == ""
    assert "interrupted" in found[UUIDS[0]].cause


def jump_config(tmp_path: Path, endpoint: SshEndpoint, bastion: str) -> SshOptions:
    target, key = UUIDS[0], endpoint.known_hosts_lines[0].split(" ", 1)[1]
    (tmp_path / "hosts").write_text("\n".join([f"target {key}", *endpoint.known_hosts_lines]))
    (tmp_path / "config").write_text(
        f"{bastion}\nHost 127.0.0.1\n Port {endpoint.ports[target]}\n ProxyJump bastion\n"
        f" HostKeyAlias target\n UserKnownHostsFile {tmp_path}/hosts\n"
        "Host *\n IdentityAgent none\n User root\n GlobalKnownHostsFile none\n"
    )
    return SshOptions(config_file=tmp_path / "config", password=Secret(PASSWORD), driver="openssh")


def test_password_behind_a_jump_host(tmp_path: Path) -> None:
    with running_sshd(tmp_path / "sshd") as bastion, SshEndpoint(pool()) as endpoint:
        block = (
            f"Host bastion\n HostName 127.0.0.1\n Port {bastion.port}\n User {bastion.user}\n"
            f" IdentityFile {bastion.identity}\n UserKnownHostsFile {bastion.known_hosts}"
        )
        given = jump_config(tmp_path, endpoint, block)
        raw = read_dom0s(hosts(endpoint), [], given, 60)[UUIDS[0]]
    assert raw.cause == ""
    assert (raw.connection["login"], raw.connection["jump"]) == ("password", "bastion")


def test_the_password_is_not_for_the_jump_host(tmp_path: Path) -> None:
    """The bastion here would even take it."""
    with SshEndpoint(pool(2)) as endpoint:
        block = (
            f"Host bastion\n HostName localhost\n Port {endpoint.ports[UUIDS[1]]}\n"
            f" HostKeyAlias [127.0.0.1]:{endpoint.ports[UUIDS[1]]}\n"
            f" UserKnownHostsFile {tmp_path}/hosts"
        )
        given = jump_config(tmp_path, endpoint, block)
        raw = read_dom0s(hosts(endpoint)[:1], [], given, 60)[UUIDS[0]]
    assert raw.connection["failure"] == "jump-host"
    assert "Permission denied" in raw.cause


def test_no_hosts(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    assert read_dom0s([], BASE_PROBES, SshOptions(config_file=tmp_path / "config"), 1) == {}


def test_the_endpoint_runs_nothing_else(tmp_path: Path) -> None:
    from fixtures.ssh_paramiko import run_script
    from fixtures.ssh_settings import resolve

    with SshEndpoint(pool()) as endpoint:
        target = resolve(options(endpoint, tmp_path, "paramiko"), UUIDS[0], "127.0.0.1")
        output = run_script(target, b"rm -rf /", 20, 1000, threading.Event())
    assert output.status == 127
    assert output.stdout == b""
