"""Database dumps as a source: real pools, hand-made grammar, hostile files."""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fixtures import database_xml
from fixtures.dump import PLACEHOLDER, read_dump
from fixtures.exceptions import CannotAuditError
from fixtures.raw import RawFacts
from fixtures.redaction import redact
from fixtures.sexpr import SexprError, parse_map, parse_set, unprotect

POOLS = Path(__file__).resolve().parents[2] / "shared" / "pools"
HOST, POOL = "OpaqueRef:h1", "OpaqueRef:p1"
KINDS: Mapping[str, Mapping[str, str]] = {
    "pool": {"uuid": "str", "master": "ref", "ha_enabled": "bool", "other_config": "map"},
    "host": {"uuid": "str", "tags": "set", "API_version_major": "int", "software_version": "map"},
    "VM": {
        "uuid": "str",
        "is_a_template": "bool",
        "snapshot_time": "datetime",
        "HVM_shadow_multiplier": "float",
        "affinity": "ref",
        "memory_static_max": "int",
        "tags": "set",
    },
    "SM": {"copyright": "str"},
    "VM_metrics": {},
    "task": {},
    "pool_update": {"uuid": "str"},
    "SR": {"uuid": "str"},
}
SINCE = {"pool_update": 108, "VMPP": 61}
MANIFEST = {"schema_major_vsn": "5", "schema_minor_vsn": "66", "generation_count": "42"}
Rows = dict[str, list[dict[str, str]]]


def document(tables: Rows, manifest: dict[str, str] | None = MANIFEST) -> str:
    pairs = "".join(
        f"<pair key={quoteattr(k)} value={quoteattr(v)}/>" for k, v in (manifest or {}).items()
    )
    body = "".join(
        f'<table name="{name}">'
        + "".join(
            "<row " + " ".join(f"{k}={quoteattr(v)}" for k, v in row.items()) + "/>" for row in rows
        )
        + "</table>"
        for name, rows in tables.items()
    )
    head = f"<manifest>{pairs}</manifest>" if manifest is not None else ""
    return f"<database>{head}{body}</database>"


def whole(**more: list[dict[str, str]]) -> Rows:
    return {
        "pool": [{"ref": POOL, "uuid": "pool-1", "master": HOST, "ha_enabled": "false"}],
        "host": [{"ref": HOST, "uuid": "host-1"}],
        "VM": [{"ref": "OpaqueRef:v0", "uuid": "dom0"}],
        "VM_metrics": [{"ref": "OpaqueRef:m0"}],
        "SR": [],
        **more,
    }


def read(tmp_path: Path, content: str | bytes, name: str = "pool.xml") -> RawFacts:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_dump(path, KINDS, SINCE)


def record(facts: RawFacts, name: str, ref: str) -> dict[str, object]:
    return dict(facts.classes[name].records[ref])


def test_source_and_states(tmp_path: Path) -> None:
    content = document(whole())
    facts = read(tmp_path, content)
    assert facts.source == {
        "kind": "dump",
        "path": "pool.xml",
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "schema": "5.66",
        "generation": "42",
    }
    assert facts.classes["SR"].state == "read"
    assert facts.classes["SR"].records == {}
    assert facts.classes["pool_update"].state == "absent"
    assert facts.classes["pool_update"].cause == "schema 5.66 has no table pool_update"
    assert facts.classes["SM"].state == "unread"
    assert facts.classes["SM"].cause == "the dump has no table SM"
    for name in ("task", "message", "VIF_metrics"):
        assert facts.classes[name].state == "unread"
        assert facts.classes[name].cause == f"a database dump does not hold any {name}"
    assert facts.dom0 == {}
    assert facts.answers == {}


def test_values_in_wire_form(tmp_path: Path) -> None:
    vm = {
        "ref": "OpaqueRef:v1",
        "_ref": "OpaqueRef:v1",
        "__ctime": "1",
        "__mtime": "2",
        "uuid": "vm-1",
        "name__label": "(not a set) 100%%%.%n",
        "name__description": "café \u202e<&\"'",
        "is_a_template": "true",
        "snapshot_time": "2012-03-04T05:06:07",
        "HVM__shadow_multiplier": "1.",
        "affinity": "NULL",
        "memory__static_max": "-4294967296",
        "tags": r"('a%.b'%.'it\'s'%.'back\\slash'%.'')",
        "unknown__thing": "('x')",
    }
    found = record(read(tmp_path, document(whole(VM=[vm]))), "VM", "OpaqueRef:v1")
    assert found == {
        "uuid": "vm-1",
        "name_label": "(not a set) 100% \n",
        "name_description": "café \u202e<&\"'",
        "is_a_template": True,
        "snapshot_time": "20120304T05:06:07Z",
        "HVM_shadow_multiplier": 1.0,
        "affinity": "OpaqueRef:NULL",
        "memory_static_max": "-4294967296",
        "tags": ["a b", "it's", "back\\slash", ""],
        "unknown_thing": "('x')",
    }


def test_what_cannot_be_decoded_stays_text(tmp_path: Path) -> None:
    vm = {
        "ref": "OpaqueRef:v1",
        "is_a_template": "maybe",
        "snapshot_time": "yesterday",
        "HVM__shadow_multiplier": "nan",
        "tags": "('cut' ",
    }
    found = record(read(tmp_path, document(whole(VM=[vm]))), "VM", "OpaqueRef:v1")
    assert found == {
        "is_a_template": "maybe",
        "snapshot_time": "yesterday",
        "HVM_shadow_multiplier": "nan",
        "tags": "('cut' ",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20200102T03:04:05Z", "20200102T03:04:05Z"),
        ("20200102T03:04:05", "20200102T03:04:05Z"),
        ("2020-01-02T03:04:05Z", "20200102T03:04:05Z"),
        ("20200102T03:04:05+02:00", "20200102T01:04:05Z"),
        ("2020-01-02T03:04:05-0100", "20200102T04:04:05Z"),
        ("00010101T00:00:00+23:00", "00010101T00:00:00+23:00"),
        ("", ""),
    ],
)
def test_dates(tmp_path: Path, text: str, value: str) -> None:
    vm = {"ref": "OpaqueRef:v1", "snapshot_time": text}
    found = record(read(tmp_path, document(whole(VM=[vm]))), "VM", "OpaqueRef:v1")
    assert found["snapshot_time"] == value


def test_secrets_are_found(tmp_path: Path) -> None:
    tables = whole()
    tables["pool"][0]["other_config"] = "(('wlb_password' 'canary-1') ('plain' 'kept'))"
    found = record(redact(read(tmp_path, document(tables))), "pool", POOL)
    assert found["other_config"] == {"wlb_password": "<redacted>", "plain": "kept"}


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed(tmp_path: Path, pack: object) -> None:
    plain = read(tmp_path, document(whole()))
    packed = read(tmp_path, pack(document(whole()).encode()))  # type: ignore[operator]
    assert packed.classes == plain.classes


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + document(whole()).encode(),
        b'<?xml version="1.0" encoding="utf-8"?>\r\n' + document(whole()).encode() + b"\r\n\r\n",
        document(whole()).encode("utf-16"),
    ],
    ids=["bom", "declaration", "utf-16"],
)
def test_encodings(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content).classes == read(tmp_path, document(whole())).classes


def test_without_manifest_empty_proves_nothing(tmp_path: Path) -> None:
    facts = read(tmp_path, document(whole(), manifest=None))
    assert facts.source["schema"] is None
    assert facts.source["generation"] is None
    assert facts.classes["host"].state == "read"
    assert facts.classes["SR"].state == "unread"
    assert facts.classes["pool_update"].state == "unread"
    assert facts.classes["pool_update"].cause == "the dump has no table pool_update"


def test_a_table_that_cannot_be_empty(tmp_path: Path) -> None:
    facts = read(tmp_path, document(whole(VM=[])))
    assert facts.classes["VM"].state == "unread"
    assert facts.classes["VM"].cause == (
        "the dump's table VM is empty, although every host has one"
    )


BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": (b"", "cut short or not XML"),
    "text": (b"not a dump at all", "not well-formed XML"),
    "cut": (document(whole())[:-20], "does not end in </database>"),
    "cut in a row": (document(whole())[:300], "does not end in </database>"),
    "garbage behind": (document(whole()) + "<more/>", "not well-formed XML"),
    "binary": (bytes(range(256)) * 50, "not well-formed XML"),
    "NUL": (document(whole()).replace("pool-1", "a\0b"), "not well-formed XML"),
    "bad UTF-8": (document(whole()).encode().replace(b"pool-1", b"\xff\xfe"), "not well-formed"),
    "encoding": (b'<?xml version="1.0" encoding="klingon"?><database/>', "not"),
    "other root": (b"<html><body/></html>", "not a pool database"),
    "dtd": (b"<!DOCTYPE database><database/>", "declares a DTD"),
    "bomb": (
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><database>&b;</database>',
        "declares a DTD",
    ),
    "external": (
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><database>&x;</database>',
        "declares a DTD",
    ),
    "gzip cut": (gzip.compress(document(whole()).encode())[:-9], "cut short"),
    "gzip corrupt": (b"\x1f\x8b" + b"garbage" * 20, "corrupt"),
    "zstd cut": (zstandard.compress(document(whole()).encode())[:-5], "cut short"),
    "zstd corrupt": (b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "corrupt"),
    "no pool": (document(whole(pool=[])), "has no rows in its table pool"),
    "no tables": (document({}), "has no rows in its table pool"),
    "two pools": (
        document(whole(pool=[{"ref": POOL, "master": HOST}, {"ref": "b", "master": HOST}])),
        "has 2 rows in its table pool",
    ),
    "no coordinator": (document(whole(host=[])), "names as coordinator"),
    "twice": (document(whole(VM=[{"ref": "a"}, {"ref": "a"}])), "reference of another"),
    "nameless row": (document(whole(VM=[{"uuid": "a"}])), "without a reference"),
    "nameless table": ("<database><table/></database>", "a table without a name"),
    "other schema": (document(whole(), {**MANIFEST, "schema_major_vsn": "6"}), "schema 6.66"),
    "no schema": (document(whole(), {"generation_count": "3"}), "without the version"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(CannotAuditError, match=reason) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("pool.xml ")


def test_placeholder_is_explained(tmp_path: Path) -> None:
    manifest = {"schema_major_vsn": "5", "schema_minor_vsn": "35", "generation_count": "103"}
    tables: Rows = {"pool": [], "host": [], "VM": []}
    with pytest.raises(CannotAuditError, match="rolling_upgrade_in_progress") as caught:
        read(tmp_path, document(tables, manifest))
    assert PLACEHOLDER in str(caught.value)


def test_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(CannotAuditError, match="No such file"):
        read_dump(tmp_path / "none.xml", KINDS, SINCE)
    with pytest.raises(CannotAuditError, match="not a regular file"):
        read_dump(tmp_path, KINDS, SINCE)
    with pytest.raises(CannotAuditError, match="not a regular file"):
        read_dump(Path("/dev/zero"), KINDS, SINCE)


def test_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(database_xml, "MOST_BYTES", 1 << 20)
        bomb = gzip.compress(b"<database>" + b" " * (4 << 20))
        with pytest.raises(CannotAuditError, match="holds more than 1048576 bytes"):
            read(tmp_path, bomb)
    with monkeypatch.context() as patch:
        patch.setattr(database_xml, "MOST_ROWS", 2)
        with pytest.raises(CannotAuditError, match="more than 2 rows"):
            read(tmp_path, document(whole()))
    with monkeypatch.context() as patch:
        patch.setattr(database_xml, "MOST_CELLS", 10)
        with pytest.raises(CannotAuditError, match="more than 10 attributes"):
            read(tmp_path, document(whole()))
    huge = b'<database><table name="' + b"x" * (18 << 20)
    with pytest.raises(CannotAuditError, match="larger than 16 MiB"):
        read(tmp_path, huge)
    deep = b"<database>" + b"<a>" * 300_000
    with pytest.raises(CannotAuditError, match="does not end"):
        read(tmp_path, deep)


def test_hostile_file_name(tmp_path: Path) -> None:
    name = "a\nb\x1b[31m\u202e" + "x" * 150 + ".xml"
    with pytest.raises(CannotAuditError) as caught:
        read(tmp_path, b"", name)
    assert str(caught.value).isprintable()


@given(st.lists(st.text()))
def test_sets_round_trip(values: list[str]) -> None:
    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    assert parse_set("(" + " ".join(map(quoted, values)) + ")") == values
    pairs = {str(n): value for n, value in enumerate(values)}
    text = " ".join(f"('{key}' {quoted(value)})" for key, value in pairs.items())
    assert parse_map(f"({text})") == pairs


@given(st.text(alphabet="()'\"\\; \nab%"))
def test_sexprs_never_crash(text: str) -> None:
    for parse in (parse_set, parse_map):
        try:
            parse(unprotect(text))
        except SexprError:
            continue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("()", []),
        (" ( ) ; comment", []),
        ("(\"a\" b 'c')", ["a", "b", "c"]),
        ("('a'\n;note\n'b')", ["a", "b"]),
    ],
)
def test_set_forms(text: str, value: list[str]) -> None:
    assert parse_set(text) == value


@pytest.mark.parametrize("text", ["", "(", "('a'", "('a') x", "(('a'))", "'a'", "('a", ")"])
def test_no_sets(text: str) -> None:
    with pytest.raises(SexprError):
        parse_set(text)


@pytest.mark.parametrize(
    "text", ["", "(", "(('a'))", "(('a' 'b' 'c'))", "('a')", "(('a' 'b') ('a' 'c'))", "(('a' 'b')"]
)
def test_no_maps(text: str) -> None:
    with pytest.raises(SexprError):
        parse_map(text)


def test_unprotect_is_one_pass() -> None:
    assert unprotect("%%n%n%t%r%.%_|%x%") == "%n\n\t\r   |%x%"


@pytest.mark.skipif(not POOLS.is_dir(), reason="the dumps of real pools are not beside this tree")
def test_real_dumps() -> None:
    paths = sorted(POOLS.glob("*.xml"))
    assert paths
    kinds = {**KINDS, "PBD": {"device_config": "map"}, "secret": {}}
    for path in paths:
        facts = read_dump(path, kinds, SINCE)
        assert len(facts.classes["pool"].records) == 1, path.name
        assert facts.classes["host"].records, path.name
        text = repr(redact(facts))
        assert "transformed': 'hXJ7f3x8gQ" not in text
        partial = "partial" in path.name
        assert (facts.source["schema"] is None) == partial
        assert facts.classes["VM"].state == ("unread" if partial else "read")
