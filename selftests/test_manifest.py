import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from fixtures.private_files import private_directory, write_private
from reports.manifest import manifest, new_bundle, verify

STARTED = datetime(2026, 11, 23, 20, 15, 4, tzinfo=UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = new_bundle(tmp_path / "archive", "Frankfurt", STARTED)
    write_private(path / "results.json", b"{}\n")
    write_private(private_directory(path / "facts" / "inputs") / "clock.json", b"1\n")
    closing = manifest(path, tool="poolproof 0.1.0", verdict="READY", pool_uuid="0f0b")
    write_private(path / "manifest.json", closing)
    return path


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = private_directory(tmp_path / "a" / "b") / "file"
        write_private(path, b"one")
        write_private(path, b"two")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"two"
    assert mode(path) == 0o600
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(victim)
    write_private(tmp_path / "link", b"ours")
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "link").read_bytes() == b"ours"
    assert not (tmp_path / "link").is_symlink()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        private_directory(tmp_path / "file")


def test_bundles_are_new_and_safely_named(tmp_path: Path) -> None:
    tokyo = STARTED.astimezone(timezone(timedelta(hours=9)))
    names = ["../../etc", '"><img src=x>', "日本語", "", "a" * 300]
    for name in names:
        path = new_bundle(tmp_path, name, tokyo)
        assert path.parent.parent == tmp_path
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.parent.name)
        assert path.name.startswith("20261123T201504Z")
        assert mode(path) == 0o700
    assert new_bundle(tmp_path, "x", STARTED).name == "20261123T201504Z"
    assert new_bundle(tmp_path, "x", STARTED).name == "20261123T201504Z-2"
    assert new_bundle(tmp_path, "x", STARTED).name == "20261123T201504Z-3"


def test_manifest_lists_every_file(bundle: Path) -> None:
    content = json.loads((bundle / "manifest.json").read_bytes())
    assert content == {
        "schema": "poolproof/manifest/1",
        "tool": "poolproof 0.1.0",
        "verdict": "READY",
        "pool": "0f0b",
        "previous": None,
        "files": [
            {
                "path": "facts/inputs/clock.json",
                "size": 2,
                "sha256": "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
            },
            {
                "path": "results.json",
                "size": 3,
                "sha256": "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356",
            },
        ],
    }
    assert manifest(bundle, tool="poolproof 0.1.0", verdict="READY", pool_uuid="0f0b") == (
        (bundle / "manifest.json").read_bytes()
    )


def test_verify(bundle: Path) -> None:
    assert verify(bundle) == ()
    private_directory(bundle / "signoff")
    write_private(bundle / "signoff" / "decision.sig", b"later")
    assert verify(bundle) == ()
    write_private(bundle / "results.json", b"[]\n")
    write_private(bundle / "extra", b"")
    (bundle / "facts" / "inputs" / "clock.json").unlink()
    assert verify(bundle) == (
        "extra: there, and not listed",
        "facts/inputs/clock.json: listed, and not there",
        "results.json: not the file that was listed",
    )


def test_the_run_before_is_named_and_may_not_change(bundle: Path) -> None:
    later = new_bundle(bundle.parent.parent, "Frankfurt", STARTED)
    other = new_bundle(bundle.parent.parent, "Frankfurt", STARTED - timedelta(days=1))
    write_private(other / "manifest.json", manifest(other, tool="", verdict="", pool_uuid="other"))
    closing = manifest(later, tool="", verdict="", pool_uuid="0f0b")
    write_private(later / "manifest.json", closing)
    digest = hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    assert json.loads(closing)["previous"] == {"bundle": bundle.name, "sha256": digest}
    assert verify(later) == ()
    write_private(bundle / "manifest.json", (bundle / "manifest.json").read_bytes() + b" ")
    assert verify(later) == (f"{bundle.name}: no longer the run before this one",)
    shutil.rmtree(bundle)
    assert verify(later) == ()


def test_links_have_no_place_in_a_bundle(bundle: Path) -> None:
    (bundle / "link").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="neither a file nor a directory"):
        manifest(bundle, tool="", verdict="", pool_uuid="")
    with pytest.raises(ValueError, match="neither a file nor a directory"):
        verify(bundle)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"files":[1],"previous":null}', b"\xff", b"[" * 100_000]
)
def test_a_broken_manifest(bundle: Path, data: bytes) -> None:
    (bundle / "manifest.json").write_bytes(data)
    with pytest.raises(ValueError, match="cannot be read as a manifest"):
        verify(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"verdict": "READY"', '"verdict": "READY", "verdict": "BLOCKED"'),
        lambda text: text.replace('"files": [', '"files": [], "files": ['),
        lambda text: text.replace("facts/inputs/clock.json", "results.json"),
        lambda text: text.replace("facts/inputs/clock.json", "facts/../results.json"),
        lambda text: text.replace("facts/inputs/clock.json", "/etc/passwd"),
        lambda text: text.replace("facts/inputs/clock.json", "./results.json"),
        lambda text: text.replace("facts/inputs/clock.json", "signoff/alice.json"),
        lambda text: text.replace("facts/inputs/clock.json", "a\\n0000  results.json"),
        lambda text: text.replace("facts/inputs/clock.json", "a\\\\nb"),
    ],
)
def test_a_manifest_that_can_be_read_in_two_ways(
    bundle: Path, change: Callable[[str], str]
) -> None:
    text = (bundle / "manifest.json").read_text()
    assert change(text) != text
    (bundle / "manifest.json").write_text(change(text))
    with pytest.raises(ValueError, match="cannot be read as a manifest"):
        verify(bundle)


def test_a_manifest_is_a_file(bundle: Path, tmp_path: Path) -> None:
    (bundle / "manifest.json").rename(tmp_path / "elsewhere.json")
    (bundle / "manifest.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(ValueError, match="no sensible regular file"):
        verify(bundle)
    (bundle / "manifest.json").unlink()
    os.mkfifo(bundle / "manifest.json")
    with pytest.raises(ValueError, match="no sensible regular file"):
        verify(bundle)
    (bundle / "manifest.json").unlink()
    with (bundle / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="no sensible regular file"):
        verify(bundle)


def test_a_file_of_another_size_is_not_read(bundle: Path) -> None:
    with (bundle / "results.json").open("wb") as file:
        file.truncate(1 << 40)
    assert verify(bundle) == ("results.json: not the file that was listed",)


def test_the_run_before_is_looked_at_from_wherever(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    later = new_bundle(bundle.parent.parent, "Frankfurt", STARTED)
    closing = manifest(later, tool="", verdict="", pool_uuid="0f0b")
    write_private(later / "manifest.json", closing)
    write_private(bundle / "manifest.json", (bundle / "manifest.json").read_bytes() + b" ")
    (tmp_path / "link").symlink_to(later)
    monkeypatch.chdir(later)
    for path in (Path(), tmp_path / "link"):
        assert verify(path) == (f"{bundle.name}: no longer the run before this one",)
