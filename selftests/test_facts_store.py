"""Facts on disk: the same back, the same bytes, and nothing damaged accepted."""

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures import facts_store
from fixtures.exceptions import CannotAuditError, UsageProblemError
from fixtures.facts_store import read_facts, write_facts
from fixtures.raw import RawAnswer, RawClass, RawDom0, RawFacts, RawProbe

TEXT = st.text(alphabet=st.characters(), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)
CLASSES = st.builds(
    RawClass,
    st.sampled_from(["read", "absent", "unread"]),
    st.dictionaries(TEXT, OBJECTS, max_size=3),
    TEXT,
)
ANSWERS = st.builds(RawAnswer, JSON, st.lists(TEXT, max_size=2).map(tuple), TEXT)
PROBES = st.builds(
    RawProbe,
    TEXT,
    st.sampled_from(["done", "timeout", "missing"]),
    st.none() | st.integers(0, 255),
    st.floats(0, 100),
    TEXT,
    TEXT,
    st.booleans(),
)
DOM0S = st.builds(RawDom0, st.dictionaries(TEXT, PROBES, max_size=2), TEXT, OBJECTS)
FACTS = st.builds(
    RawFacts,
    OBJECTS,
    st.dictionaries(TEXT, CLASSES, max_size=3),
    st.dictionaries(TEXT, st.dictionaries(TEXT, ANSWERS, max_size=2), max_size=2),
    st.dictionaries(TEXT, DOM0S, max_size=2),
    OBJECTS,
    st.dictionaries(TEXT, st.integers(0, 9), max_size=2),
    st.booleans(),
)


def example() -> RawFacts:
    return RawFacts(
        source={"kind": "sim"},
        classes={"VM": RawClass("read", {"OpaqueRef:1": {"uuid": "a", "tags": ["x"]}})},
        answers={"VM.assert_agile": {"OpaqueRef:1": RawAnswer(error=("A", "b"))}},
        dom0={"host-1": RawDom0({"df": RawProbe("df", "done", 0, 0.5, "out")})},
        inputs={"clock": "2026-01-01T00:00:00Z", "waivers": []},
        calls={"VM.get_all_records": 1},
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(FACTS)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, facts: RawFacts) -> None:
    directory = tmp_path_factory.mktemp("facts") / "facts"
    write_facts(facts, directory)
    assert read_facts(directory) == facts


def test_same_bytes(tmp_path: Path) -> None:
    facts = example()
    other = RawFacts(
        source=dict(reversed(list(facts.source.items()))),
        classes=facts.classes,
        answers=facts.answers,
        dom0=facts.dom0,
        inputs=dict(reversed(list(facts.inputs.items()))),
        calls=facts.calls,
    )
    write_facts(facts, tmp_path / "a")
    write_facts(other, tmp_path / "b")
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert [str(name) for name in files] == [
        "answers.json.gz", "calls.json", "dom0/host-1.json.gz", "inputs/clock.json",
        "inputs/waivers.json", "source.json", "xenapi.json.gz",
    ]  # fmt: skip
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_only_for_the_owner(tmp_path: Path) -> None:
    write_facts(example(), tmp_path / "run" / "facts")
    for path in (tmp_path / "run" / "facts").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE((tmp_path / "run" / "facts").stat().st_mode) == 0o700


def test_never_overwrites(tmp_path: Path) -> None:
    write_facts(example(), tmp_path / "facts")
    before = (tmp_path / "facts" / "source.json").read_bytes()
    with pytest.raises(UsageProblemError, match="never overwritten"):
        write_facts(RawFacts({}, {}), tmp_path / "facts")
    assert (tmp_path / "facts" / "source.json").read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblemError):
        write_facts(example(), tmp_path / "file")


def test_hostile_names_stay_inside(tmp_path: Path) -> None:
    probes = RawDom0(cause="unreachable")
    facts = RawFacts(
        {},
        {},
        dom0={"../../etc/x": probes, "": probes, "a/b": probes, "\ud800": probes, "..": probes},
        inputs={"../y": 1, "x" * 500: 2, ".hidden": 3, "nul\0": 4},
    )
    write_facts(facts, tmp_path / "run" / "facts")
    assert read_facts(tmp_path / "run" / "facts") == facts
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["facts"]


@pytest.mark.parametrize(
    "name",
    ["source.json", "xenapi.json.gz", "answers.json.gz", "calls.json", "dom0/host-1.json.gz",
     "inputs/waivers.json"],
)  # fmt: skip
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    write_facts(example(), tmp_path / "facts")
    path = tmp_path / "facts" / name
    content = path.read_bytes()
    wrong = json.dumps({"schema": "poolproof/facts/9", "content": {}}).encode()
    extra = json.dumps({"schema": facts_store.VERSION, "content": {}, "x": 1}).encode()
    packed = (
        (gzip.compress(wrong), gzip.compress(extra)) if path.suffix == ".gz" else (wrong, extra)
    )
    for damage in (b"", content[:-1][: len(content) // 2], b"\xff" * 40, *packed):
        path.write_bytes(damage)
        with pytest.raises(CannotAuditError, match=name) as caught:
            read_facts(tmp_path / "facts")
        assert "\n" not in str(caught.value)
    path.unlink()
    with pytest.raises(CannotAuditError, match=f"{name} cannot be opened"):
        read_facts(tmp_path / "facts")
    path.mkdir()
    with pytest.raises(CannotAuditError, match=f"{name} is not a regular file"):
        read_facts(tmp_path / "facts")


def rewrite(path: Path, content: Any) -> None:
    text = json.dumps({"schema": facts_store.VERSION, "content": content}).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xenapi.json.gz", []),
        ("xenapi.json.gz", {"VM": {"state": "read", "records": {}}}),
        ("xenapi.json.gz", {"VM": {"state": "fine", "records": {}, "cause": ""}}),
        ("xenapi.json.gz", {"VM": {"state": "read", "records": {"a": 1}, "cause": ""}}),
        ("answers.json.gz", {"m": {"r": {"value": 1, "error": "A", "cause": ""}}}),
        ("answers.json.gz", {"m": {"r": {"value": 1, "error": [1], "cause": ""}}}),
        ("calls.json", {"m": "1"}),
        ("calls.json", {"m": True}),
        ("dom0/host-1.json.gz", {"probes": {"a": {}}, "cause": "", "connection": {}}),
        ("source.json", {"source": {}, "interrupted": 0, "dom0": {}, "inputs": {}}),
        ("source.json", {"source": {}, "interrupted": False, "dom0": {"h": "../x"}, "inputs": {}}),
        ("source.json", {"source": {}, "interrupted": False, "dom0": {"h": "dom0/../x"},
                         "inputs": {}}),
    ],
)  # fmt: skip
def test_another_form(tmp_path: Path, name: str, content: Any) -> None:
    write_facts(example(), tmp_path / "facts")
    rewrite(tmp_path / "facts" / name, content)
    with pytest.raises(CannotAuditError, match=f"{name} does not have the form of facts"):
        read_facts(tmp_path / "facts")


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_facts(example(), tmp_path / "facts")
    deep = tmp_path / "facts" / "inputs" / "waivers.json"
    deep.write_bytes(b"[" * 200_000)
    with pytest.raises(CannotAuditError, match=r"waivers\.json is not JSON"):
        read_facts(tmp_path / "facts")
    monkeypatch.setattr(facts_store, "MOST_BYTES", 1 << 20)
    (tmp_path / "facts" / "xenapi.json.gz").write_bytes(gzip.compress(b" " * (8 << 20)))
    with pytest.raises(CannotAuditError, match=r"xenapi\.json\.gz holds more than"):
        read_facts(tmp_path / "facts")


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(CannotAuditError, match=r"source\.json"):
        read_facts(tmp_path / "nowhere")
