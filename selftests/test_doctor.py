"""Does it say before the window what would not work in it, and what to do about it."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures import doctor
from fixtures.doctor_estimate import of_time
from fixtures.doctor_pool import Measured
from fixtures.doctor_table import ok
from fixtures.xenapi_calls import READ_CALLS
from reports.text import cells
from selftests.live_pool import LivePool, live
from selftests.old_servers import old_certificate, old_ssh, old_tls
from selftests.running import ROOT, clean_environment
from simpool.certificates import self_signed
from simpool.data import SimError, SimPool
from simpool.pools import build
from simpool.ssh_endpoint import SshFault
from simpool.xenapi_endpoint import XenApiEndpoint
from simpool.xenapi_server import Usual

CLOCK = "date -u +%s"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the one who runs the tests."""
    for name, value in clean_environment(SSH_AUTH_SOCK="").items():
        monkeypatch.setenv(name, value)
    for name in ("POOLPROOF_PASSWORD", "POOLPROOF_SSH_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


class Told:
    """What the doctor printed: the state of each thing, and everything under it."""

    def __init__(self, code: int, out: str) -> None:
        self.code, self.out = code, out
        self.states: dict[str, str] = {}
        self.under: dict[str, str] = {}
        thing = ""
        for line in out.splitlines():
            if found := re.match(
                r"(ok|PROBLEM|CANNOT TELL) {2,}(\S.{0,17}?)(?: {2,}| (?=\S{19}))", line
            ):
                thing = found[2].strip()
                self.states[thing] = found[1]
            self.under[thing] = self.under.get(thing, "") + " " + line.strip()


def look(capsys: pytest.CaptureFixture[str], *words: str) -> Told:
    code = doctor.main(words)
    return Told(code, capsys.readouterr().out)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivePool]:
    with live(build("default"), tmp_path) as pool:
        for name, value in pool.environment.items():
            monkeypatch.setenv(name, value)
        yield pool


def test_all_is_well(served: LivePool, capsys: pytest.CaptureFixture[str]) -> None:
    told = look(capsys, *served.words, f"--archive={served.folder / 'not' / 'yet'}")
    assert told.code == 0, told.out
    assert set(told.states.values()) == {"ok"}
    assert {"TLS", "login", "role", "clocks", "xen-01", "xen-02", "xen-03", "time"} <= set(
        told.states
    )
    assert told.out.endswith("\nThe audit will work.\n")
    assert "\x1b" not in told.out
    # Nothing is left behind, and nothing was asked that an audit would not ask.
    assert not (served.folder / "not").exists()
    assert not served.xenapi.sessions
    assert set(served.xenapi.calls) <= READ_CALLS
    assert not served.xenapi.refused
    for uuid in served.ssh.ports:
        assert served.ssh.commands(uuid) == ("cat /etc/xensource-inventory", CLOCK)


def test_every_host_with_another_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = build("large-9x9")
    pool.settings["target"] = build("default").settings["target"]
    hosts = sorted(pool.records["host"].values(), key=lambda host: str(host["name_label"]))
    uuids = [host["uuid"] for host in hosts]
    names = [str(host["name_label"]) for host in hosts]
    well, unknown, changed, refused, wrong, late, nowhere, silent, mute = range(9)
    monkeypatch.setattr("fixtures.doctor_hosts._HOST_SECONDS", 4.0)
    clock = pool.dom0[uuids[late]][CLOCK]
    pool.dom0[uuids[late]][CLOCK] = replace(clock, stdout=f"{int(clock.stdout) - 900}\n")
    hosts[nowhere]["address"] = "-oProxyCommand=x"
    pool.dom0[uuids[mute]][CLOCK] = replace(clock, stdout="\x1b[31mlater\n")
    faults = {
        uuids[changed]: SshFault.CHANGED_KEY,
        uuids[refused]: SshFault.REFUSE_LOGIN,
        uuids[silent]: SshFault.SILENT,
    }
    with live(pool, tmp_path, faults) as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        known, config = tmp_path / "known_hosts", tmp_path / "ssh_config"
        lines = known.read_text().splitlines()
        port = served.ssh.ports[uuids[unknown]]
        gone = next(line for line in lines if f":{port} " in line)
        known.write_text("\n".join(line for line in lines if line != gone) + "\n")
        # The address of one leads to another.
        ports = served.ssh.ports
        text = config.read_text().replace(
            f"Port {ports[uuids[wrong]]}\n", f"Port {ports[uuids[well]]}\n"
        )
        config.write_text(text)
        told = look(capsys, *served.words, f"--archive={tmp_path}")
    assert told.code == 1, told.out
    states = [told.states[name] for name in names]
    assert states == ["ok", *["PROBLEM"] * 7, "CANNOT TELL"], told.out
    assert "right machine" in told.under[names[well]]
    assert "host key" in told.under[names[unknown]]
    assert f"\n  {gone}\n" in told.out, "the line to paste, whole and unbroken"
    assert "ssh-keygen -lf" in told.under["host keys"]
    assert "ssh-keygen -R" in told.under[names[changed]]
    assert "POOLPROOF_SSH_PASSWORD" in told.under[names[refused]]
    assert f"not {uuids[wrong]}" in told.under[names[wrong]]
    assert "HostName and Port" in told.under[names[wrong]]
    assert "s apart from ours (limit" in told.under[names[late]]
    assert "NTP" in told.under[names[late]]
    assert "management interface" in told.under[names[nowhere]]
    assert "did not begin before the host's deadline" in told.under[names[silent]]
    assert "does not tell its time" in told.under[names[mute]]
    assert "Not all of the audit will work: 8 problems, 1 that cannot be told." in told.out
    assert "\x1b" not in told.out


def test_the_certificate_is_not_pinned(
    served: LivePool, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in served.words if not word.startswith("--tls-fingerprint")]
    told = look(capsys, *words)
    assert told.code == 30, told.out
    assert told.states["TLS"] == "PROBLEM"
    line = re.search(r"^  (--tls-fingerprint=\S+)$", told.out, re.MULTILINE)
    assert line is not None
    assert told.states["dom0"] == "CANNOT TELL"
    assert not served.xenapi.calls
    # What it says to paste is what helps.
    assert look(capsys, *words, line[1]).code == 0


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
def test_an_old_dom0_says_what_to_add(
    served: LivePool, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    host = next(iter(served.pool.records["host"].values()))
    port = served.ssh.ports[host["uuid"]]
    password = served.pool.users["root"].password
    with old_ssh(tmp_path / "old", host["uuid"], password=password) as old:
        config, known = tmp_path / "ssh_config", tmp_path / "known_hosts"
        config.write_text(config.read_text().replace(f"Port {port}\n", f"Port {old.port}\n"))
        known.write_text(known.read_text() + old.known_hosts.read_text())
        told = look(capsys, *served.words)
        assert told.code == 1
        assert told.states[host["name_label"]] == "PROBLEM"
        line = re.search(r"^  (--legacy=\S+)$", told.out, re.MULTILINE)
        assert line is not None, told.out
        told = look(capsys, *served.words, line[1])
    assert told.states[host["name_label"]] in {"ok", "CANNOT TELL"}, told.out
    assert "old algorithms as --legacy allows" in told.under[host["name_label"]]
    assert told.states["ssh"] == "ok"


def test_an_old_pool_says_what_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = build("default")
    monkeypatch.setenv("POOLPROOF_PASSWORD", pool.users["root"].password)
    identity = old_certificate(tmp_path)
    with XenApiEndpoint(pool, identity=identity, tls=old_tls(identity, "TLSv1")) as old:
        words = (f"--pool={old.url}", "--no-ssh")
        told = look(capsys, *words)
        assert told.code == 30
        lines = re.findall(r"^  (--(?:legacy|tls-fingerprint)=\S+)$", told.out, re.MULTILINE)
        assert [line.partition("=")[0] for line in lines] == ["--legacy", "--tls-fingerprint"]
        told = look(capsys, *words, *lines)
    assert told.states["TLS"] == told.states["login"] == "ok", told.out
    assert "TLSv1 " in told.under["TLS"]
    assert "old TLS as --legacy allows" in told.under["TLS"]


def test_a_member_and_a_role_that_sees_less(
    served: LivePool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLPROOF_PASSWORD", served.pool.users["auditor"].password)
    coordinator = served.xenapi.address
    with XenApiEndpoint(served.pool, identity=self_signed(), slave_of=coordinator) as member:
        words = [word for word in served.words if not word.startswith(("--pool", "--tls"))]
        words += [
            f"--pool={member.url}",
            "--user=auditor",
            f"--tls-fingerprint={member.fingerprint}",
        ]
        told = look(capsys, *words)
        assert told.code == 30
        assert told.states["TLS"] == "ok"
        assert told.states["TLS coordinator"] == "PROBLEM"
        pin = re.search(r"^  (--tls-fingerprint=\S+)$", told.out, re.MULTILINE)
        assert pin is not None
        told = look(capsys, *words, pin[1])
    assert told.code == 0, told.out
    assert f"{member.address} is a member" in told.under["coordinator"]
    assert "read-only" in told.under["role"]
    assert "no copy of the pool's database" in told.under["role"]


def test_the_login_is_refused(
    served: LivePool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLPROOF_PASSWORD", "wr0ng-passw0rd")
    served.xenapi.login_delay = 0.0
    told = look(capsys, *served.words)
    assert told.code == 30
    assert told.states["login"] == "PROBLEM"
    assert "--password-file" in told.under["login"]
    assert "the pool cannot be read" in told.out
    assert "reach" not in told.out, "it was reached"
    assert "wr0ng-passw0rd" not in told.out


def test_clocks_apart_and_a_host_that_the_coordinator_cannot_ask(
    served: LivePool, capsys: pytest.CaptureFixture[str]
) -> None:
    far, dead = list(served.pool.records["host"])[1:]
    served.pool.answers["host.get_servertime"][far] = "20200101T00:00:00Z"
    served.pool.answers["host.get_servertime"][dead] = SimError(("HOST_OFFLINE", dead))
    for method in ("VM_metrics.get_all_records", "host.get_vms_which_prevent_evacuation"):
        served.xenapi.faults[method] = SimError(("RBAC_PERMISSION_DENIED", method))
    told = look(capsys, *served.words, "--no-ssh")
    assert told.states["VMs"] == told.states["evacuation"] == "CANNOT TELL"
    names = {ref: served.pool.records["host"][ref]["name_label"] for ref in (far, dead)}
    assert told.code == 1
    assert told.states[f"clock {names[far]}"] == "PROBLEM"
    assert told.states[f"clock {names[dead]}"] == "CANNOT TELL"
    assert "HOST_OFFLINE" in told.under[f"clock {names[dead]}"]
    assert told.states["dom0"] == "PROBLEM", "without SSH no verdict is READY"


@pytest.mark.parametrize(
    ("pool", "thing", "says"),
    [
        ("no-such-pool.invalid", "name", "has no address"),
        ("127.0.0.1:1", "port 1", "nothing listens there"),
    ],
)
def test_there_is_no_pool(
    pool: str,
    thing: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POOLPROOF_PASSWORD", "x")
    told = look(capsys, f"--pool={pool}")
    assert told.code == 30
    assert told.states[thing] == "PROBLEM"
    assert says in told.under[thing]
    assert "->" in told.under[thing]
    assert "time" not in told.states


def test_a_pool_that_says_nothing_costs_the_deadline_once(
    served: LivePool, capsys: pytest.CaptureFixture[str]
) -> None:
    over = threading.Event()
    served.xenapi.faults["host.get_all_records"] = lambda *_: over.wait(60) and Usual()
    told = look(capsys, *served.words, "--deadline=5s")
    over.set()
    assert told.code == 30
    assert told.states["pool"] == "PROBLEM"


def test_too_little_time_and_no_room(
    served: LivePool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fixtures.doctor_estimate.shutil.disk_usage",
        lambda _path: type("Usage", (), {"free": 1 << 20})(),
    )
    monkeypatch.setattr("fixtures.doctor_estimate._SCRIPT_SECONDS", 100.0)
    told = look(capsys, *served.words, "--deadline=1m")
    assert told.code == 1
    assert told.states["archive"] == "PROBLEM"
    assert told.states["time"] == "PROBLEM"
    assert re.search(r"--deadline=[5-9]m", told.under["time"])


def test_the_estimate_grows_with_the_pool_and_with_the_way_to_it() -> None:
    def about(hosts: int = 3, vms: int = 50, call: float = 0.0) -> int:
        found = Measured([], hosts=hosts, vms=vms, call=call, evacuation=0.1)
        line = of_time(found, 1.0, 600.0)
        said = re.match(r"about (\d+) (s|min)", line.words)
        assert said is not None
        return int(said[1]) * (60 if said[2] == "min" else 1)

    small = about()
    assert small < 15
    assert about(hosts=64, vms=3000) > small
    assert about(call=1.0) > small + 40
    assert of_time(Measured([], hosts=64, evacuation=20.0), 1.0, 600.0).state == "problem"
    assert "evacuations is not known" in of_time(Measured([], hosts=3), None, 600.0).words


def test_what_the_audit_would_refuse(served: LivePool, capsys: pytest.CaptureFixture[str]) -> None:
    told = look(capsys, *served.words, "--waivers=/nowhere/waivers.toml", "--no-ssh")
    assert told.code == 1
    assert "waivers.toml cannot be opened" in told.under["options"]
    assert told.states["login"] == "ok", "the rest is told all the same"


def test_files_need_no_reaching(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump = tmp_path / "pool.xml"
    dump.write_text("<database/>")
    for path in (dump, tmp_path):
        told = look(capsys, f"--pool={path}", f"--archive={tmp_path}")
        assert told.code == 0, told.out
        assert "nothing needs to be reached" in told.under["source"]
    assert look(capsys, f"--pool={tmp_path / 'missing.xml'}").code == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--pool=master.example"),
        (("--pool=sim", "--deadline=4s"), "no pool is read"),
        (("--pool=sim", "--deadline=soon"), "expected a time"),
        (("--pool=sim:none",), "there are"),
        (("--pool=127.0.0.1",), "the password of root is not known"),
    ],
)
def test_a_senseless_command_line(
    words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = look(capsys, *words)
    assert told.code == 4
    assert says in told.out


def test_names_are_harmless_and_every_width_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pool: SimPool = build("default")
    for number, host in enumerate(pool.records["host"].values()):
        host["name_label"] = f"\x1b[2J\n日本語-{number}"
    monkeypatch.setattr("fixtures.doctor.of_room", lambda *_: ok("archive", "x" * 300))
    with live(pool, tmp_path) as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        for columns in (30, 100):
            monkeypatch.setenv("COLUMNS", str(columns))
            told = look(capsys, *served.words)
            assert told.code == 0
            assert "\x1b" not in told.out
            longest = max(cells(line) for line in told.out.splitlines())
            assert columns - 8 < longest <= max(columns, 32)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_as_a_program_that_is_interrupted(sent: signal.Signals, tmp_path: Path) -> None:
    default = build("default")
    silent = min(default.dom0)
    with live(default, tmp_path, {silent: SshFault.SILENT}) as served:
        process = subprocess.Popen(
            [sys.executable, "-m", "fixtures.doctor", *served.words],
            cwd=ROOT,
            env=clean_environment(**served.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        until = time.monotonic() + 60
        while not served.ssh.sessions(silent) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(sent)
        out = process.communicate(timeout=60)[0].decode()
        assert not served.xenapi.sessions
    assert process.returncode == 40, out
    assert out.endswith("interrupted: the rest cannot be told\n")
    assert "is let in by" in out, "what is known by then is told"
    assert "CANNOT TELL" in out
    assert "Traceback" not in out
