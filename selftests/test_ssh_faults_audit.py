"""A whole audit of a pool in which most dom0s have a fault: the others are judged, nothing is ready."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from selftests.live_pool import LivePool, live
from selftests.running import Run
from simpool.broken_ports import PortFault, broken_port
from simpool.pools import build
from simpool.ssh_faults import SshFault

# Each has its own way to make a verdict impossible; three more hosts are healthy.
AUDITED: tuple[SshFault | PortFault, ...] = (
    SshFault.REFUSE_LOGIN, SshFault.CHANGED_KEY, SshFault.NO_SESSION, SshFault.NO_SHELL,
    SshFault.SILENT, SshFault.ENDLESS, SshFault.CUT_OFF, SshFault.REPEATED, SshFault.LOGIN_HANGS,
    SshFault.STALLS, SshFault.DRIPS, PortFault.REFUSED, PortFault.SILENT, PortFault.GREETS,
    PortFault.NO_LINE_END,
)  # fmt: skip
UNREAD = set(AUDITED) - {SshFault.CUT_OFF, SshFault.REPEATED, SshFault.STALLS}


@contextlib.contextmanager
def faulty_audit(folder: Path) -> Iterator[tuple[LivePool, dict[str, SshFault | PortFault]]]:
    pool = build(f"large-{len(AUDITED) + 3}x0")
    faults = dict(zip(sorted(pool.dom0), AUDITED, strict=False))
    ports = {uuid: fault for uuid, fault in faults.items() if isinstance(fault, PortFault)}
    for uuid in ports:
        del pool.dom0[uuid]
    addresses = {h["uuid"]: h["address"] for h in pool.records["host"].values()}
    servers = {uuid: fault for uuid, fault in faults.items() if isinstance(fault, SshFault)}
    with live(pool, folder, servers) as reached, contextlib.ExitStack() as opened:
        config = folder / "ssh_config"
        entries = [
            f"Host {addresses[uuid]}\n  HostName 127.0.0.1\n"
            f"  Port {opened.enter_context(broken_port(fault))}\n"
            for uuid, fault in ports.items()
        ]
        config.write_text("".join(entries) + config.read_text())
        yield reached, faults


def test_a_pool_of_faults_is_audited(tmp_path: Path) -> None:
    with faulty_audit(tmp_path) as (reached, faults):
        run = reached.audit("--deadline=20s")
        names = {h["uuid"]: h["name_label"] for h in reached.pool.records["host"].values()}
        assert not reached.xenapi.sessions
    assert "Traceback" not in run.out
    assert "INTERNALERROR" not in run.out
    assert run.code == 30, run.out
    assert run.results["verdict"] == "NOT VERIFIED"
    assert run.results["ledger"]["adds_up"], run.results["ledger"]["problems"]
    assert run.results["ledger"]["not-reached"] == 0
    space = run.outcomes("HOST-SPACE-01")
    for uuid, name in names.items():
        fault = faults.get(uuid)
        if fault is None:
            assert space[name] == "pass"
        if fault in UNREAD:
            assert space[name] == "not-verified", (fault, space[name])
    causes = {faults[uuid]: cause_of(run, names[uuid]) for uuid in faults if faults[uuid] in UNREAD}
    assert len(set(causes.values())) >= len(UNREAD) - 1, causes  # two are silent in the same way


def cause_of(run: Run, name: str) -> str:
    cause = str(run.of("HOST-SPACE-01", name)["cause"])
    return re.sub(r"\d+\.\d+\.\d+\.\d+|\d+", "N", cause)
