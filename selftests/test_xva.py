"""Exported VMs, written here as xapi writes them, and every way in which they can be broken."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import xxhash
import zstandard

from fixtures import xva as xva_module
from fixtures.exceptions import UsageProblemError
from fixtures.xva import XvaJudgement, inspect_xva
from fixtures.xva_directory import judge_xva_directory
from fixtures.xva_manifest import CHUNK

Members = list[tuple[str, bytes]]


def value(item: object) -> str:
    if isinstance(item, dict):
        members = "".join(
            f"<member><name>{escape(key)}</name>{value(inner)}</member>"
            for key, inner in item.items()
        )
        return f"<value><struct>{members}</struct></value>"
    if isinstance(item, list):
        return f"<value><array><data>{''.join(map(value, item))}</data></array></value>"
    if isinstance(item, bool):
        return f"<value><boolean>{int(item)}</boolean></value>"
    return f"<value>{escape(str(item))}</value>"


def vm(uuid: str, name: str, *, snapshot: bool = False) -> dict[str, object]:
    record = {"uuid": uuid, "name_label": name, "is_a_snapshot": snapshot}
    return {"class": "VM", "id": f"Ref:{uuid}", "snapshot": record}


def vbd(disk: str, kind: str = "Disk", *, empty: bool = False) -> dict[str, object]:
    record = {"VDI": disk, "type": kind, "empty": empty}
    return {"class": "VBD", "id": f"Ref:b{disk}", "snapshot": record}


def vdi(disk: str, size: int) -> dict[str, object]:
    record = {"uuid": f"vdi-{disk}", "virtual_size": str(size)}
    return {"class": "VDI", "id": disk, "snapshot": record}


OBJECTS = [
    vm("vm-1", "web <01>"),
    vm("vm-2", "before", snapshot=True),
    vbd("Ref:3"),
    vbd("Ref:4"),
    vbd("OpaqueRef:NULL", "CD", empty=True),
    vbd("Ref:9", "CD"),
    vdi("Ref:3", 3 * CHUNK + 512),
    vdi("Ref:4", CHUNK),
]


def manifest(objects: list[dict[str, object]], export_vsn: int | None = 2) -> bytes:
    version: dict[str, object] = {
        "hostname": "xs1",
        "date": "2026-01-02T03:04:05Z",
        "product_version": "7.2.0",
    }
    if export_vsn is not None:
        version["export_vsn"] = str(export_vsn)
    return value({"version": version, "objects": objects}).encode()


def digest(kind: str, chunk: bytes) -> bytes:
    if kind == "checksum":
        return hashlib.sha1(chunk).hexdigest().encode()
    return xxhash.xxh64(chunk).hexdigest().upper().encode()


def disk(name: str, chunks: dict[int, bytes], kind: str) -> Members:
    found: Members = []
    for index, chunk in chunks.items():
        found.append((f"{name}/{index:08d}", chunk))
        found.append((f"{name}/{index:08d}.{kind}", digest(kind, chunk)))
    return found


def usual(kind: str = "checksum") -> Members:
    return [
        ("ova.xml", manifest(OBJECTS)),
        *disk("Ref:3", {0: b"a" * CHUNK, 2: b"", 3: b"b" * 512}, kind),
        *disk("Ref:4", {0: os.urandom(16) * (CHUNK // 16)}, kind),
    ]


def tar(members: Members, end: bytes = bytes(1024)) -> bytes:
    stream = io.BytesIO()
    for name, content in members:
        header = tarfile.TarInfo(name)
        header.size = len(content)
        stream.write(header.tobuf(tarfile.USTAR_FORMAT))
        stream.write(content + bytes(-len(content) % 512))
    stream.write(end)
    return stream.getvalue()


def inspect(tmp_path: Path, content: bytes, *, full: bool = False) -> XvaJudgement:
    path = tmp_path / "web.xva"
    path.write_bytes(content)
    return inspect_xva(path, full=full)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda content: content,
    "gzip": lambda content: gzip.compress(content, 1),
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("kind", ["checksum", "xxhash"])
@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("full", [False, True])
def test_whole(tmp_path: Path, kind: str, packer: str, full: bool) -> None:
    content = PACKERS[packer](tar(usual(kind)))
    found = inspect(tmp_path, content, full=full)
    assert found.problems == ()
    assert found.restorable
    assert found.compression == packer
    assert found.digests_verified == full
    assert found.size == len(content)
    assert found.export_version == 2
    assert found.product_version == "7.2.0"
    assert [(v.uuid, v.name, v.is_snapshot) for v in found.vms] == [
        ("vm-1", "web <01>", False),
        ("vm-2", "before", True),
    ]
    assert [(d.id, d.vdi_uuid, d.chunks, d.whole) for d in found.disks] == [
        ("Ref:3", "vdi-Ref:3", 2, True),
        ("Ref:4", "vdi-Ref:4", 1, True),
    ]
    json.dumps(asdict(found))


def test_metadata_only(tmp_path: Path) -> None:
    found = inspect(tmp_path, tar(usual()[:1]), full=True)
    assert found.metadata_only
    assert found.problems == ()
    assert not found.restorable
    assert not found.digests_verified


def test_a_vm_without_disks(tmp_path: Path) -> None:
    found = inspect(tmp_path, tar([("ova.xml", manifest([vm("vm-1", "router")]))]))
    assert found.restorable
    assert not found.metadata_only


def test_old_style(tmp_path: Path) -> None:
    members = [
        ("ova.xml", manifest(OBJECTS, None)),
        ("Ref:3/00000000", b"a" * CHUNK),
        ("Ref:3/00000003", b"a" * 512),
        ("Ref:4/00000000", b"a" * CHUNK),
        ("checksum.xml", b"<value/>"),
    ]
    found = inspect(tmp_path, tar(members), full=True)
    assert found.restorable
    assert not found.digests_verified


def without(name: str) -> Members:
    return [member for member in usual() if not member[0].startswith(name)]


def swapped(one: int, two: int) -> Members:
    members = usual()
    members[one], members[two] = members[two], members[one]
    return members


def corrupt() -> Members:
    return [(n, b"c" + c[1:] if n == "Ref:4/00000000" else c) for n, c in usual()]


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is cut short: the archive has no end marker"),
    "zeros": (bytes(2048), "does not begin with ova.xml"),
    "garbage": (os.urandom(5000).replace(b"\x1f\x8b", b"").replace(b"\x28\xb5", b""), "not a tar"),
    "no end": (tar(usual(), b""), "has no end marker"),
    "half an end": (tar(usual(), bytes(512)), "has no end marker"),
    "cut in data": (tar(usual())[: CHUNK // 2], "cut short"),
    "cut in a header": (tar(usual())[: 512 * 40 + 100], "cut short"),
    "more behind": (tar(usual()) + b"x" * 600, "has data after its end"),
    "zeros inside": (tar(usual()[:3], bytes(512)) + tar(usual()[3:]), "block of zeros"),
    "ova.xml elsewhere": (tar(usual()[1:] + usual()[:1]), "does not begin with ova.xml"),
    "no first": (tar(without("Ref:3/00000000")), "lacks the first or the last chunk of disk Ref:3"),
    "no last": (tar(without("Ref:3/00000003")), "lacks the first or the last chunk of disk Ref:3"),
    "no disk": (tar(without("Ref:4")), "lacks the first or the last chunk of disk Ref:4"),
    "no digest": (tar(without("Ref:4/00000000.")), "chunk without its digest: 00000000"),
    "no digest within": (
        tar([m for m in usual() if m[0] != "Ref:3/00000002.checksum"]),
        "chunk without its digest",
    ),
    "digest first": (tar(swapped(1, 2)), "digest that does not follow its chunk"),
    "order": (
        tar([usual()[0], *usual()[5:7], *usual()[1:3], *usual()[7:]]),
        "the chunks of disk Ref:3 out of order",
    ),
    "torn": (tar([*usual()[:3], *usual()[7:], *usual()[3:7]]), "disk Ref:3 in several places"),
    "odd digest": (
        tar([(n, b"zz" if n == "Ref:4/00000000.checksum" else c) for n, c in usual()]),
        "digest that is none",
    ),
    "new digest": (
        tar([(n.replace(".checksum", ".blake3"), c) for n, c in usual()]),
        "digest of an unknown kind",
    ),
    "stranger": (tar([*usual(), ("../../etc/passwd", b"x")]), "a member that no export has"),
    "unknown disk": (
        tar([*usual(), *disk("Ref:77", {0: b"x"}, "checksum")]),
        "a disk that its ova.xml does not name: Ref:77",
    ),
    "undescribed disk": (
        tar([("ova.xml", manifest([*OBJECTS, vbd("Ref:55")])), *usual()[1:]]),
        "a VM with a disk that its ova.xml does not describe",
    ),
    "big chunk": (
        tar([*usual()[:1], *disk("Ref:3", {0: b"x" * (CHUNK + 1)}, "checksum")]),
        "more than 1 MiB",
    ),
    "gzip cut": (gzip.compress(tar(usual()), 1)[:-4], "no end"),
    "gzip torn": (gzip.compress(tar(usual()), 1)[:-2000], "is cut short"),
    "gzip corrupt": (b"\x1f\x8b\x08" + bytes(100), "corrupt"),
    "zstd cut": (zstandard.compress(tar(usual()))[:-3], "is cut short"),
    "zstd corrupt": (b"\x28\xb5\x2f\xfd" + bytes(range(200)), "corrupt"),
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", BROKEN)
def test_broken(tmp_path: Path, name: str, full: bool) -> None:
    content, reason = BROKEN[name]
    found = inspect(tmp_path, content, full=full)
    assert any(reason in problem for problem in found.problems), found.problems
    assert not found.restorable
    assert not found.digests_verified
    assert all(problem.isprintable() for problem in found.problems)


def test_corruption_shows_only_in_full(tmp_path: Path) -> None:
    assert inspect(tmp_path, tar(corrupt())).restorable
    found = inspect(tmp_path, tar(corrupt()), full=True)
    assert found.problems == ("is corrupt: a chunk does not agree with Ref:4/00000000.checksum",)
    assert not found.digests_verified


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<value>",
        b"<html/>",
        b"<value><struct/></value>",
        b"<!DOCTYPE a><value/>",
        b"<value><array><data>" * 5000,
        b"<value><array><data>" * 50 + b"</data></array></value>" * 50,
        manifest([vdi("Ref:1", -1)]),
        manifest([{"class": "VM", "id": "a", "snapshot": "none"}]),
        manifest([]).replace(b"<value>2</value>", b"<value>two</value>"),
        b"\xff\xfe\xfd",
    ],
)
def test_an_ova_xml_that_cannot_be_read(tmp_path: Path, document: bytes) -> None:
    found = inspect(tmp_path, tar([("ova.xml", document)]))
    assert found.problems == ("has an ova.xml that cannot be read",)
    assert found.export_version is None


def header(name: str, size: bytes, flag: bytes = b"0") -> bytes:
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size
    block[156:157] = flag
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("size", "flag", "reason"),
    [
        (b"\xff" * 12, b"0", "negative or impossible size"),
        (b"\x80" + b"\xff" * 11, b"0", "negative or impossible size"),
        (b"\x80\0\0\0\x70" + b"\xff" * 7, b"0", "cut short"),
        (b"77777777777\0", b"0", "cut short"),
        (b"not a number", b"0", "not a tar archive"),
        (b"77777777777\0", b"L", "cut short"),
        (b"77777777777\0", b"x", "cut short"),
        (b"00000000000\0", b"2", "a member that no export has"),
    ],
)
def test_hostile_headers(tmp_path: Path, size: bytes, flag: bytes, reason: str) -> None:
    content = tar(usual(), b"") + header("Ref:4/00000001", size, flag) + bytes(1024)
    found = inspect(tmp_path, content)
    assert any(reason in problem for problem in found.problems), found.problems


def test_many_problems_are_counted(tmp_path: Path) -> None:
    strangers = [(f"stranger-{n}\n", b"") for n in range(500)]
    found = inspect(tmp_path, tar([*usual(), *strangers]))
    assert len(found.problems) == 21
    assert found.problems[-1] == "has 480 more problems"
    assert all(problem.isprintable() for problem in found.problems)


def test_a_bomb_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xva_module, "_MOST_BYTES", 1 << 22)
    for packer in ("gzip", "zstd"):
        bomb = PACKERS[packer](tar(usual(), b"") + header("Ref:4/00000001", b"77777777777\0")
                               + bytes(1 << 23))  # fmt: skip
        assert "holds more than" in inspect(tmp_path, bomb).problems[-1]


def test_a_changing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fstat
    calls = []

    def growing(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 3:
            os.utime(tmp_path / "web.xva", ns=(1, 1))
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", growing)
    found = inspect(tmp_path, tar(usual()))
    assert found.problems == ("changed while it was read: an export may still be writing it",)


def test_not_a_file(tmp_path: Path) -> None:
    assert inspect_xva(tmp_path / "none.xva", full=False).problems
    os.mkfifo(tmp_path / "pipe.xva")
    assert inspect_xva(tmp_path / "pipe.xva", full=True).problems == ("is not a regular file",)


def test_directory_and_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports, cache = tmp_path / "exports", tmp_path / "cache.json"
    (exports / "sub\n").mkdir(parents=True)
    (exports / "b.XVA").write_bytes(tar(usual()))
    (exports / "sub\n" / "a.xva.gz").write_bytes(gzip.compress(tar(usual()), 1))
    (exports / "note.txt").write_text("no export")
    (exports / ".hidden.xva").write_text("")
    first = judge_xva_directory(exports, full=False, cache_file=cache)
    assert [found.path for found in first] == ["b.XVA", "sub\\n/a.xva.gz"]
    assert all(found.restorable for found in first)
    assert cache.stat().st_mode & 0o777 == 0o600

    read: list[str] = []
    real = inspect_xva

    def counted(path: Path, *, full: bool) -> XvaJudgement:
        read.append(path.name)
        return real(path, full=full)

    monkeypatch.setattr("fixtures.xva_directory.inspect_xva", counted)
    assert judge_xva_directory(exports, full=False, cache_file=cache) == first
    assert read == []
    full = judge_xva_directory(exports, full=True, cache_file=cache)
    assert len(read) == 2
    assert all(found.digests_verified for found in full)
    # What was judged in full also answers for less.
    assert judge_xva_directory(exports, full=False, cache_file=cache) == full
    assert len(read) == 2
    (exports / "b.XVA").write_bytes(tar(usual(), b""))
    assert not judge_xva_directory(exports, full=False, cache_file=cache)[0].restorable
    assert len(read) == 3
    for damage in (b"", b"{}", b"[" * 100_000, cache.read_bytes().replace(b'"full"', b'"fool"')):
        cache.write_bytes(damage)
        read.clear()
        judge_xva_directory(exports, full=False, cache_file=cache)
        assert len(read) == 2


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="is not a directory"):
        judge_xva_directory(tmp_path / "none", full=False)
    assert judge_xva_directory(tmp_path, full=False) == []
