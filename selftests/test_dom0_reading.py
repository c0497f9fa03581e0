from typing import Any

import pytest

from fixtures import dom0_reading
from fixtures.dom0_reading import Dom0Address, read_dom0s, unknown_keys_message
from fixtures.probes import INVENTORY, Probe
from fixtures.raw import RawDom0, RawProbe
from fixtures.ssh_settings import ScriptOutput, SshOptions
from simpool.dom0_frames import closing, frame, opening, read_probes_from

UUID = "0a1b2c3d-1111-2222-3333-444455556666"
HOST = Dom0Address(UUID, "alpha", "10.0.0.1")


def read(monkeypatch: pytest.MonkeyPatch, inventory: RawProbe, ended: Any = "complete") -> RawDom0:
    """What is made of one host's inventory, by a driver that answers at once."""

    def answer(_target: Any, script: bytes, *_: Any) -> ScriptOutput:
        marker, probes = read_probes_from(script.decode())
        other = RawProbe(probes[1].command, "done", 0)
        said = opening(marker) + frame(marker, 0, inventory) + frame(marker, 1, other)
        return ScriptOutput(said + closing(marker, 2), b"", 0, {"driver": "test"}, ended)

    monkeypatch.setattr(dom0_reading, "_DRIVERS", {"paramiko": answer})
    monkeypatch.setattr(dom0_reading, "resolve", _resolve)
    return read_dom0s([HOST], [Probe("ls /")], SshOptions(), 10)[UUID]


def _resolve(options: SshOptions, _uuid: str, address: str) -> Any:
    class Target:
        def __init__(self) -> None:
            self.address, self.options, self.driver = address, options, options.driver

    return Target()


def said(stdout: str, status: int = 0, stderr: str = "") -> RawProbe:
    return RawProbe(INVENTORY.command, "done", status, 0.0, stdout, stderr)


@pytest.mark.parametrize("quoted", [f"'{UUID}'", f'"{UUID}"', UUID, f"'{UUID.upper()}'"])
def test_the_right_machine(monkeypatch: pytest.MonkeyPatch, quoted: str) -> None:
    raw = read(monkeypatch, said(f"PRODUCT_VERSION='7.2.0'\nINSTALLATION_UUID={quoted}\nX='y'\n"))
    assert raw.cause == ""
    assert raw.probes["ls /"].state == "done"


@pytest.mark.parametrize(
    ("inventory", "cause"),
    [
        (
            said("INSTALLATION_UUID='ffffffff-0000'\n"),
            r"is ffffffff-0000 by its inventory, not 0a1b",
        ),
        (
            said(f"INSTALLATION_UUID='{UUID}'\nINSTALLATION_UUID='ffff'\n"),
            "no single INSTALLATION_UUID",
        ),
        (said(f"#INSTALLATION_UUID='{UUID}'\n"), "no single INSTALLATION_UUID"),
        (said(""), "no single INSTALLATION_UUID"),
        (said("", 1, "cat: no\x1b[2J such"), r"could not be read: cat: no\\x1b\[2J such"),
        (RawProbe(INVENTORY.command, "timeout", seconds=10.0), "could not be read in time"),
        (RawProbe(INVENTORY.command, "missing"), "did not come whole"),
    ],
)
def test_not_known_to_be_the_right_machine(
    monkeypatch: pytest.MonkeyPatch, inventory: RawProbe, cause: str
) -> None:
    raw = read(monkeypatch, inventory)
    with pytest.raises(AssertionError, match=cause):
        raise AssertionError(raw.cause)
    assert raw.probes == {}


def test_a_driver_that_fails_is_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> ScriptOutput:
        raise RuntimeError("secret")

    monkeypatch.setattr(dom0_reading, "_DRIVERS", {"paramiko": broken})
    monkeypatch.setattr(dom0_reading, "resolve", _resolve)
    raw = read_dom0s([HOST], [], SshOptions(), 10)[UUID]
    assert raw.cause == "reading this dom0 failed: RuntimeError"


def test_hosts_that_get_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dom0_reading, "resolve", _resolve)
    raw = read_dom0s([HOST], [], SshOptions(), 0)[UUID]
    assert "before this one's turn" in raw.cause


def test_hostile_text_in_the_message() -> None:
    line = "a ssh-rsa AAAA\n*.evil ssh-rsa BBBB"
    raw = RawDom0(
        cause="x\n\x1b[31my", connection={"failure": "host-key-unknown", "known_hosts_line": line}
    )
    message = unknown_keys_message({"u": raw})
    assert message is not None
    assert "\x1b" not in message
    assert not any(part.strip().startswith("*.evil") for part in message.splitlines())
