import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reports import archive_index, archive_row
from reports.archive_index import INDEX, main, refresh, refresh_around, render, runs_of, write_index
from reports.archive_memory import FILE, Memory
from reports.archive_row import Run
from reports.decision import Decision
from reports.manifest import MANIFEST, manifest, verify
from selftests.browser import CHROMIUM, browser
from selftests.test_page import ATTACK, Reader

RUN = "berlin/20261101T100000Z"
NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)


def bundle(archive: Path, name: str, stamp: str, **changes: Any) -> Path:
    """A small finished run."""
    folder = archive / name / stamp
    (folder / "facts").mkdir(parents=True)
    (folder / "facts" / "source.json").write_text("{}")
    started = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:00Z"
    results = {
        "run": {
            "pool": {"name": name, "uuid": f"uuid-{name}"},
            "target": "xenserver-7.2",
            "started": started,
        },
        "verdict": "READY",
        "sentence": "READY: all is well",
        **changes,
    }
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "report.html").write_text("<p>")
    close(folder, results)
    return folder


def close(folder: Path, results: Mapping[str, Any]) -> None:
    pool = str(results["run"]["pool"]["uuid"])
    verdict = str(results["verdict"])
    (folder / MANIFEST).write_bytes(manifest(folder, tool="t", verdict=verdict, pool_uuid=pool))


def decide(folder: Path, signer: str, word: Any, *, signed: bool = True, digest: str = "") -> None:
    mine = archive_row._manifest_digest(folder)
    one = Decision(digest or mine, "uuid", "READY", word, signer, "", "", "2026-11-23T20:00:00Z")
    (folder / "signoff").mkdir(exist_ok=True)
    path = folder / "signoff" / f"{len(list((folder / 'signoff').iterdir()))}.json"
    path.write_bytes(one.to_bytes())
    if signed:
        path.with_name(path.name + ".sig").write_text("a signature")


def rows(archive: Path) -> dict[str, Run]:
    return {run.path: run for run in runs_of(archive, Memory())}


def test_every_run_has_its_row(tmp_path: Path) -> None:
    first = bundle(tmp_path, "berlin", "20261101T100000Z")
    bundle(tmp_path, "berlin", "20261122T100000Z", verdict="BLOCKED", sentence="BLOCKED by 2")
    bundle(tmp_path, "athens", "20261110T100000Z")
    decide(first, "alice@example.com", "approve")
    decide(first, "bob", "reject", signed=False)
    decide(first, "carol", "approve", digest="0" * 64)
    (tmp_path / "loose file").write_text("x")
    (tmp_path / "berlin" / "no run").mkdir()
    found = rows(tmp_path)
    assert list(found) == [
        "berlin/20261122T100000Z",
        "athens/20261110T100000Z",
        "berlin/20261101T100000Z",
    ]
    assert found["berlin/20261101T100000Z"].decisions == (
        "alice@example.com approves",
        "bob rejects (unsigned)",
        "carol approves (of another manifest)",
    )
    assert {run.problem for run in found.values()} == {""}
    assert found["berlin/20261101T100000Z"].age(NOW) == "22 days"
    path = write_index(tmp_path, whole=True, now=NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    reader = Reader(path.read_text())
    assert reader.open == []
    for text in ("as of 2026-11-23 20:15 UTC", "1 day", "by 2", "carol approves", "as written"):
        assert text in reader.text
    links = [str(attributes["href"]) for tag, attributes in reader.tags if tag == "a"]
    assert links.count("berlin/20261101T100000Z/report.html") == 5


def test_each_order_stands_in_the_page(tmp_path: Path) -> None:
    bundle(tmp_path, "berlin", "20261101T100000Z")
    bundle(tmp_path, "berlin", "20261122T100000Z", verdict="BLOCKED")
    bundle(tmp_path, "athens", "20261110T100000Z")
    text = render(runs_of(tmp_path, Memory()), NOW).decode()
    sections = {
        anchor: re.findall(r'<code class="soft small">(\w+/\w+)</code>', part)
        for anchor, part in re.findall(
            r'<section class="view" id="([a-z-]+)"(.*?)</section>', text, re.DOTALL
        )
    }
    assert list(sections)[-1] == "by-date"
    assert [one[:6] for one in sections["by-pool"]] == ["athens", "berlin", "berlin"]
    assert sections["by-verdict"][0] == "berlin/20261122T100000Z"
    assert sections["by-date"][0] == "berlin/20261122T100000Z"
    assert all(len(found) == 3 for found in sections.values())


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda b: (b / "report.html").write_text("other"), "altered: report.html: not the file"),
        (lambda b: (b / "report.html").unlink(), "altered: report.html: listed, and not there"),
        (lambda b: (b / MANIFEST).unlink(), "no manifest.json"),
        (lambda b: (b / MANIFEST).write_text("["), "cannot be read as a manifest"),
        (lambda b: (b / "results.json").write_text("[" * 100_000), "results.json: "),
        (lambda b: (b / "results.json").write_text("[]"), "results.json: "),
        (lambda b: (b / "results.json").write_text('{"run": 7}'), "results.json: "),
        (lambda b: (b / "results.json").write_bytes(b"\xff\xfe"), "results.json: "),
        (lambda b: (b / "results.json").unlink(), "the run did not end"),
        (
            lambda b: ((b / "results.json").unlink(), (b / "results.json").mkdir()),
            "no regular file",
        ),
        (lambda b: (b / "more").symlink_to("/etc/passwd"), "neither a file nor a directory"),
    ],
)
def test_a_damaged_bundle_is_one_row(tmp_path: Path, harm: Any, says: str) -> None:
    bundle(tmp_path, "athens", "20261110T100000Z")
    bad = bundle(tmp_path, "berlin", "20261101T100000Z")
    harm(bad)
    found = rows(tmp_path)
    assert says in found["berlin/20261101T100000Z"].problem
    assert found["athens/20261110T100000Z"].problem == ""
    assert refresh(tmp_path) == ""
    assert "berlin/20261101T100000Z" in (tmp_path / INDEX).read_text()


def test_odd_decisions_are_told(tmp_path: Path) -> None:
    one = bundle(tmp_path, "berlin", "20261101T100000Z")
    folder = one / "signoff"
    folder.mkdir()
    (folder / "a.json").write_text("[")
    (folder / "b.json").symlink_to("/etc/passwd")
    (folder / "c.json").mkdir()
    found = rows(tmp_path)["berlin/20261101T100000Z"].decisions
    assert len(found) == 3
    assert all(text.startswith(("a.json: ", "b.json: ", "c.json: ")) for text in found)


def test_unchanged_runs_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle(tmp_path, "berlin", "20261101T100000Z")
    second = bundle(tmp_path, "berlin", "20261110T100000Z")
    read: list[str] = []

    def watched(path: Path) -> tuple[str, ...]:
        read.append(path.name)
        return verify(path)

    monkeypatch.setattr(archive_row, "verify", watched)
    write_index(tmp_path, whole=False)
    assert len(read) == 2
    write_index(tmp_path, whole=False)
    assert len(read) == 2
    (second / "report.html").write_text("changed")
    write_index(tmp_path, whole=False)
    assert read[2:] == ["20261110T100000Z"]
    assert "altered: report.html" in (tmp_path / INDEX).read_text()
    write_index(tmp_path, whole=True)
    assert len(read) == 5
    # A change to the run before breaks the chain of the run after it, which is looked at anew.
    (tmp_path / "berlin" / "20261101T100000Z" / MANIFEST).write_text("{}")
    write_index(tmp_path, whole=False)
    assert "20261110T100000Z" in read[5:]
    assert (
        "no longer the run before this one" in (tmp_path / INDEX).read_text()
        or "more" in (tmp_path / INDEX).read_text()
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[",
        "{}",
        json.dumps({"version": "poolproof/archive-index/1", "runs": {RUN: {"stamp": 7}, "x": 3}}),
    ],
)
def test_a_damaged_memory_only_costs_time(tmp_path: Path, content: str) -> None:
    bundle(tmp_path, "berlin", "20261101T100000Z")
    (tmp_path / FILE).write_text(content)
    assert refresh(tmp_path) == ""
    assert "as written" in (tmp_path / INDEX).read_text()


def test_what_somebody_else_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text("<h1>my own page</h1>")
    assert "not an index of ours" in refresh(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert (tmp_path / INDEX).read_text() == "<h1>my own page</h1>"
    assert main([str(tmp_path / "missing")]) == 1


def test_a_failure_of_any_kind_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(archive_index, "render", broken)
    assert refresh(tmp_path) == "odd"
    assert not (tmp_path / INDEX).exists()


def test_a_decision_shows_at_once_where_there_is_an_index(tmp_path: Path) -> None:
    one = bundle(tmp_path, "berlin", "20261101T100000Z")
    assert refresh_around(one) == ""
    assert not (tmp_path / INDEX).exists()
    write_index(tmp_path, whole=True)
    decide(one, "alice", "approve")
    assert refresh_around(one) == ""
    assert "alice approves" in (tmp_path / INDEX).read_text()


def test_an_empty_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / INDEX)
    assert "No run has been archived." in (tmp_path / INDEX).read_text()


def attacked(archive: Path) -> str:
    run = {"pool": {"name": ATTACK, "uuid": ATTACK}, "target": ATTACK, "started": "2026"}
    folder = bundle(archive, "berlin", "20261101T100000Z", run=run, verdict=ATTACK, sentence=ATTACK)
    decide(folder, ATTACK, "approve")
    odd = archive / "<img src=x onerror=alert(1)>" / "'\"><b>"
    odd.mkdir(parents=True)
    (odd / "results.json").write_text("<script>")
    return write_index(archive, whole=True, now=NOW).read_text()


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    reader = Reader(attacked(tmp_path))
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "iframe"}
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chromium_shows_the_chosen_order_and_runs_nothing(tmp_path: Path) -> None:
    attacked(tmp_path)
    bundle(tmp_path, "athens", "20261110T100000Z")
    path = write_index(tmp_path, whole=True)
    visible = "[...document.querySelectorAll('.view')].filter(v => v.offsetHeight).map(v => v.id)"
    with browser(tmp_path / "profile") as seen:
        seen.open(path)
        assert seen.value(visible) == ["by-date"]
        assert [one for one in seen.said("Debugger.scriptParsed") if one["url"]] == []
        assert seen.value("document.title") == "Archived audits - Poolproof"
        for anchor in ("by-pool", "by-verdict", "by-date"):
            seen.value(f"document.querySelector('a[href=\"#{anchor}\"]').click()")
            assert seen.value(visible) == [anchor]
