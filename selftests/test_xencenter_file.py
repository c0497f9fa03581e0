"""The version of XenCenter, stated or read from a program file made here."""

import hashlib
import os
import struct
from pathlib import Path

import pytest

from fixtures.exceptions import UsageProblemError
from fixtures.xencenter_file import xencenter_version

RVA, RAW = 0x1000, 0x200


def version_resource(numbers: tuple[int, int, int, int]) -> bytes:
    high, low = numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 4, 1, 0, 0, 0)
    key = "VS_VERSION_INFO\0".encode("utf-16-le")
    lead = 6 + len(key)
    body = key + bytes(-lead % 4) + fixed
    return struct.pack("<HHH", 6 + len(body), len(fixed), 0) + body


def section(resource: bytes) -> bytes:
    def directory(entry: int, offset: int) -> bytes:
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, entry, offset)

    tree = directory(16, 0x80000000 | 24) + directory(1, 0x80000000 | 48) + directory(1033, 72)
    return tree + struct.pack("<IIII", RVA + 88, len(resource), 0, 0) + resource


def program(resources: bytes) -> bytes:
    """The smallest 32-bit Windows program with one section of resources."""
    padded = resources + bytes(-len(resources) % RAW)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x102)
    optional = struct.pack("<HBBIIIIII", 0x10B, 8, 0, 0, len(padded), 0, 0, RVA, RVA)
    optional += struct.pack("<IIIHHHHHHIIIIHH", 0x400000, 0x1000, RAW, 4, 0, 0, 0, 4, 0, 0,
                            0x3000, RAW, 0, 2, 0)  # fmt: skip
    optional += struct.pack("<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    directories = [(0, 0)] * 16
    if resources:
        directories[2] = (RVA, len(resources))
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    header = struct.pack("<8sIIIIIIHHI", b".rsrc", len(resources), RVA, len(padded), RAW, 0, 0, 0,
                         0, 0x40000040)  # fmt: skip
    image = dos + b"PE\0\0" + coff + optional + header
    return image + bytes(RAW - len(image)) + padded


def test_stated() -> None:
    for text in ("8.2.7", " 7.2.0.4412 ", "2024.3"):
        assert xencenter_version(text) == {
            "version": text.strip(),
            "source": "stated",
            "file": "",
            "sha256": "",
        }


def test_program_file(tmp_path: Path) -> None:
    content = program(section(version_resource((8, 2, 7, 12))))
    path = tmp_path / "XenCenterMain.exe"
    path.write_bytes(content)
    assert xencenter_version(str(path)) == {
        "version": "8.2.7.12",
        "source": "file",
        "file": "XenCenterMain.exe",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


GOOD = program(section(version_resource((8, 2, 7, 12))))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a Windows program"),
        (b"#!/bin/sh\n", "not a Windows program"),
        (b"MZ" + bytes(4000), "damaged Windows program"),
        (b"MZ" + os.urandom(4000), "damaged Windows program"),
        (GOOD[:300], "Windows program|no version resource"),
        (program(b""), "no version resource"),
        (program(section(version_resource((0, 0, 0, 0)))), "no version resource"),
        (program(section(bytes(200))), "no version resource"),
        (program(struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 16, 0x80000000)), "no version|damaged"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "XenCenterMain.exe"
    path.write_bytes(content)
    with pytest.raises(UsageProblemError, match=reason):
        xencenter_version(str(path))


@pytest.mark.parametrize(
    "text", ["", "latest", "8", "8.2.x", "8.2.7.1.5", "v8.2.7", "/nowhere.exe", "a\0b", "\n", "."]
)
def test_garbage(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageProblemError, match="a version such as") as caught:
        xencenter_version(text)
    assert str(caught.value).isprintable()
