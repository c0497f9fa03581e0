"""What an audit costs a dom0: heavy probes only on request, and no more output than two megabytes."""

import io
from typing import Any

import pytest

from fixtures import dom0_reading, sources
from fixtures.catalogue import discover
from fixtures.dom0_reading import LARGEST_ANSWER, Dom0Address, read_dom0s
from fixtures.live import LivePlan
from fixtures.probes import INVENTORY, Probe, distinct, refuse_unless_read_only
from fixtures.raw import RawFacts, RawProbe
from fixtures.settings import load_settings
from fixtures.ssh_settings import ScriptOutput, SshOptions
from reports.progress import Progress
from rules.modified_files import VERIFY
from simpool.dom0_frames import frame, opening, read_probes_from

UUID = "0a1b2c3d-1111-2222-3333-444455556666"


def test_heavy_is_what_all_say_is_heavy() -> None:
    heavy, plain = Probe("ls /a", heavy=True), Probe("ls /b")
    assert distinct((heavy, plain)) == (plain, heavy)
    assert distinct((heavy, Probe("ls /a", 30))) == (Probe("ls /a", 30),)


def test_heavy_probes_come_last() -> None:
    catalogue = discover()
    heavy = [probe for probe in catalogue.probes if probe.heavy]
    assert VERIFY in heavy
    assert catalogue.probes_asked(deep=True) == catalogue.probes
    assert catalogue.probes[-len(heavy) :] == tuple(heavy)
    assert catalogue.probes_asked(deep=False) == catalogue.probes[: -len(heavy)]


@pytest.mark.parametrize("deep", [False, True])
def test_heavy_probes_are_sent_on_request(monkeypatch: pytest.MonkeyPatch, *, deep: bool) -> None:
    sent: list[Probe] = []

    def read_live(_plan: Any, probes: Any, _progress: Progress, _keep: Any) -> RawFacts:
        sent.extend(probes)
        return RawFacts({}, {})

    inputs = {"settings": load_settings(None, {"deep": deep}).as_json()}
    monkeypatch.setattr(sources, "read_live", read_live)
    nobody: Any = None
    monkeypatch.setattr(sources, "live_plan", lambda *_: LivePlan(nobody, None))
    monkeypatch.setattr(sources, "gather", lambda *_: inputs)
    monkeypatch.setattr(sources, "destination_login", lambda _: None)
    options: Any = type(
        "Options", (), {"pool": "master.example", "no_database_copy": True, "deadline": "10m"}
    )
    sources.read_source(options, discover(), Progress(io.StringIO(), live=False))
    assert (VERIFY.command in {probe.command for probe in sent}) is deep


@pytest.mark.parametrize(
    "command", ["rpm -Va", "rpm -Va --nodeps", "rpm -Va --noscripts --setperms", "rpm -V xapi"]
)
def test_rpm_verifies_in_one_form_only(command: str) -> None:
    refuse_unless_read_only(VERIFY.command)
    with pytest.raises(PermissionError):
        refuse_unless_read_only(command)


def test_a_flood_of_all_probes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten probes that say all that each may: the first are known, the others are not."""
    caps: list[int] = []
    flood = "x" * 1_000_000

    def answer(_target: Any, script: bytes, _deadline: float, cap: int, *_: Any) -> ScriptOutput:
        caps.append(cap)
        marker, probes = read_probes_from(script.decode())
        said = opening(marker)
        for index, probe in enumerate(probes):
            text = f"INSTALLATION_UUID='{UUID}'\n" if probe.command == INVENTORY.command else flood
            said += frame(marker, index, RawProbe(probe.command, "done", 0, 0.0, text, ""))
        return ScriptOutput(said[:cap], b"", 0, {"driver": "test"}, "cap")

    def resolve(options: SshOptions, _uuid: str, address: str) -> Any:
        target = {"address": address, "options": options, "driver": "paramiko"}
        return type("Target", (), target)()

    monkeypatch.setattr(dom0_reading, "_DRIVERS", {"paramiko": answer})
    monkeypatch.setattr(dom0_reading, "resolve", resolve)
    probes = [Probe(f"ls /{number}", cap=1_048_576) for number in range(10)]
    raw = read_dom0s([Dom0Address(UUID, "a", "10.0.0.1")], probes, SshOptions(), 10)[UUID]
    assert caps == [LARGEST_ANSWER]
    assert raw.connection["bytes"] < 2_000_000
    states = [raw.probes[probe.command].state for probe in probes]
    assert states == ["done"] + ["missing"] * 9


def test_few_probes_are_taken_less_from(monkeypatch: pytest.MonkeyPatch) -> None:
    caps: list[int] = []

    def answer(_target: Any, _script: bytes, _deadline: float, cap: int, *_: Any) -> ScriptOutput:
        caps.append(cap)
        return ScriptOutput(b"", b"", 0, {}, "complete")

    known = {"address": "10.0.0.1", "options": SshOptions(), "driver": "paramiko"}
    target = type("Target", (), known)()
    monkeypatch.setattr(dom0_reading, "_DRIVERS", {"paramiko": answer})
    monkeypatch.setattr(dom0_reading, "resolve", lambda *_: target)
    read_dom0s([Dom0Address(UUID, "a", "10.0.0.1")], [Probe("ls /", cap=10)], SshOptions(), 10)
    assert caps[0] < LARGEST_ANSWER / 8
