"""Ctrl-C while a live pool is read: bounded, logged out, and what was read is on disk."""

import threading
from collections.abc import Callable
from pathlib import Path

from fixtures.dom0_reading import Dom0Address, read_dom0s
from fixtures.ssh_settings import SshOptions
from selftests.live_pool import LivePool, live
from selftests.running import Run, interrupted
from simpool.pools import build
from simpool.ssh_endpoint import SshFault
from simpool.xenapi_server import Usual


def interrupt(pool: LivePool, ready: Callable[[], bool]) -> Run:
    """Audit, and press Ctrl-C when `ready`."""
    archive = pool.folder / "archive"
    return interrupted(archive, *pool.words, ready=ready, environment=pool.environment)


def test_while_the_xenapi_is_read(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def slow(*_params: object) -> object:
        asked.set()
        over.wait(60)
        return Usual()

    with live(build("default"), tmp_path) as pool:
        pool.xenapi.faults["SR.get_all_records"] = slow
        run = interrupt(pool, asked.is_set)
        left = len(pool.xenapi.sessions)
        over.set()
    assert run.code == 40, run.out
    assert left == 0, "the session was not closed"
    assert "Traceback" not in run.out
    assert run.results["verdict"] == "INCOMPLETE"
    assert run.results["ledger"]["judged"] == 0


def test_before_there_is_a_pool(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def slow(*_params: object) -> object:
        asked.set()
        over.wait(60)
        return Usual()

    with live(build("default"), tmp_path) as pool:
        pool.xenapi.faults["pool.get_all_records"] = slow
        run = interrupt(pool, asked.is_set)
        left = len(pool.xenapi.sessions)
        over.set()
    assert run.code == 40, run.out
    assert left == 0
    assert not run.bundles
    assert "Traceback" not in run.out


def test_while_a_dom0_is_read(tmp_path: Path) -> None:
    default = build("default")
    with live(default, tmp_path, {min(default.dom0): SshFault.SILENT}) as pool:
        run = interrupt(
            pool,
            lambda: (
                "session.get_rbac_permissions" in pool.xenapi.calls
                or "VM.assert_agile" in pool.xenapi.calls
                or "host.get_vms_which_prevent_evacuation" in pool.xenapi.calls
            ),
        )
        left = len(pool.xenapi.sessions)
    assert run.code == 40, run.out
    assert left == 0
    assert run.results["verdict"] == "INCOMPLETE"
    assert "Traceback" not in run.out


def test_an_address_reaches_no_command(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    config = tmp_path / "config"
    config.write_text(f'Match exec "touch {seen}; echo %h"\n User x\n')
    hostile = ["", "-oProxyCommand=touch x", "$(touch x)", "a;touch x", "a b", "a\nb", "`x`"]
    hosts = [Dom0Address(str(n), "x", address) for n, address in enumerate(hostile)]
    for driver in ("paramiko", "openssh"):
        options = SshOptions(config_file=config, driver=driver)
        found = read_dom0s(hosts, [], options, 20)
        assert {raw.cause for raw in found.values()} == {
            "the address of this host is not known, or is none"
        }
    assert not seen.exists()
    assert not Path("x").exists()
