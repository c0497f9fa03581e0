"""Backups of dom0: archives made by the real tar."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import zstandard

from fixtures.exceptions import UsageProblemError
from fixtures.host_backups import inspect_host_backup, inspect_host_backups

UUID = "b46946e2-21d5-4a2b-a4f1-1e1f3a4a0b0c"
INVENTORY = (
    f"PRODUCT_BRAND='XenServer'\nPRODUCT_VERSION='7.2.0'\nBUILD_NUMBER='release/falcon/master/8'\n"
    f"INSTALLATION_UUID='{UUID}'\nMANAGEMENT_INTERFACE='xenbr0'\n"
)


def dom0(tmp_path: Path) -> Path:
    root = tmp_path / "dom0"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "xensource-inventory").write_text(INVENTORY)
    deep = root / ("long" * 30) / ("name" * 30)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(os.urandom(3000))
    (root / "link").symlink_to("/etc/shadow")
    (root / "etc" / "other").hardlink_to(root / "etc" / "xensource-inventory")
    return root


def real_tar(tmp_path: Path, *options: str) -> bytes:
    tar = shutil.which("tar")
    if tar is None:
        pytest.skip("this machine has no tar")
    command = [tar, "-C", str(dom0(tmp_path)), *options, "-cf", "-", "."]
    return subprocess.run(command, check=True, capture_output=True).stdout


def judge(tmp_path: Path, content: bytes) -> dict[str, object]:
    path = tmp_path / "host.xbk"
    path.write_bytes(content)
    return inspect_host_backup(path)


@pytest.mark.parametrize("options", [(), ("--format=ustar", "--exclude=long*"), ("--format=pax",)])
def test_real_archives(tmp_path: Path, options: tuple[str, ...]) -> None:
    content = real_tar(tmp_path, *options)
    for packed, name in (
        (content, "none"),
        (gzip.compress(content), "gzip"),
        (zstandard.compress(content), "zstd"),
    ):
        found = judge(tmp_path, packed)
        assert found["complete"], found["why"]
        assert found["is_archive"]
        assert found["compression"] == name
        assert found["host_uuid"] == UUID
        assert found["product_version"] == "7.2.0"
        assert found["build_number"] == "release/falcon/master/8"
        assert found["size"] == len(packed)
        assert str(found["modified"]).endswith("Z")


def test_cut_short(tmp_path: Path) -> None:
    content = real_tar(tmp_path)
    end = len(content.rstrip(b"\0"))
    packed = gzip.compress(content)
    for piece in (
        content[: end - 100],
        content[:2000],
        packed[:-6],
        packed[: len(packed) // 2],
        b"",
    ):
        found = judge(tmp_path, piece)
        assert not found["complete"]
        assert "cut short" in str(found["why"])


def archive(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
        member.size = 0 if kind == tarfile.SYMTYPE else len(content)
        tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not an archive at all" * 100, "not a tar archive"),
        (archive("etc/hosts", b"x"), "does not hold the inventory"),
        (archive("srv/etc/xensource-inventory", INVENTORY.encode()), "does not hold the inventory"),
        (archive("etc/xensource-inventory", b"", tarfile.SYMTYPE), "does not hold the inventory"),
        (archive("etc/xensource-inventory", b"INSTALLATION_UUID='x'"), "does not hold"),
        (archive("etc/xensource-inventory", bytes(2 << 20)), "where few are expected"),
        (bytes(10240), "does not hold the inventory"),
    ],
)
def test_not_a_backup(tmp_path: Path, content: bytes, why: str) -> None:
    found = judge(tmp_path, content)
    assert not found["complete"]
    assert why in str(found["why"])


def test_directory(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    (backups / "old").mkdir(parents=True)
    (backups / "b.tgz").write_bytes(gzip.compress(archive("./etc/xensource-inventory",
                                                          INVENTORY.encode())))  # fmt: skip
    (backups / "old" / "a\x1b").write_text("a note")
    os.mkfifo(backups / "pipe")
    found = inspect_host_backups(backups)
    assert [(item["path"], item["complete"]) for item in found] == [
        ("b.tgz", True),
        ("old/a\\x1b", False),
    ]
    with pytest.raises(UsageProblemError, match="is not a directory"):
        inspect_host_backups(tmp_path / "none")


def test_the_ends_of_a_file_tell_it_from_another(tmp_path: Path) -> None:
    content = real_tar(tmp_path)
    first = judge(tmp_path, content)["sha256_ends"]
    assert first == judge(tmp_path, content)["sha256_ends"]
    assert first != judge(tmp_path, content + bytes(1))["sha256_ends"]
    assert first != judge(tmp_path, b"x" + content[1:])["sha256_ends"]
