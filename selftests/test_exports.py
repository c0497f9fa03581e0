"""What leaves a run beside the report: right for a reader, harmless for the program that opens it."""

import copy
import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.facts_store import write_facts
from fixtures.model import PoolFacts
from fixtures.private_files import write_private
from reports.exports import EXPORTS, FACT_EXPORTS, exports, fact_exports, main
from reports.findings_table import COLUMNS, cell, findings_table
from reports.metrics import metrics
from reports.remedies import commands_of, first_gap, recheck, script
from reports.results import to_bytes
from reports.summary import MOST_ROWS, plain, summary
from selftests.sample_run import HOSTILE, HOSTS, MARKUP, STARTED, VMS, Sample, close, sample
from simpool.direct import facts_of
from simpool.pools import build


def with_names(name: str) -> Sample:
    """The sample run with one name, and text made of it, everywhere."""
    run = sample()
    pairs = [replace(pair, object=replace(pair.object, name=name)) for pair in run.planned]
    outcomes = tuple(
        replace(
            one,
            object=replace(one.object, name=name),
            message=one.message and name,
            cause=one.cause and name,
            remedy=f"{name} `xe vm-start vm='{name}'`",
        )
        for one in run.outcomes
    )
    return close(tuple(pairs), outcomes, ())


def rows(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_findings_table() -> None:
    run = sample()
    found = rows(findings_table(run.results))
    assert tuple(found[0]) == COLUMNS
    assert len(found) == len(run.outcomes)
    (blocked,) = [
        row
        for row in found
        if row["check"] == "HOST-HOTFIX-01" and row["object uuid"] == HOSTS[1].uuid
    ]
    assert blocked["finding"] == f"HOST-HOTFIX-01:{HOSTS[1].uuid}"
    assert (blocked["outcome"], blocked["severity"]) == ("blocked", "blocker")
    assert blocked["message"].endswith("XS72E006 and XS72E010 missing")
    assert "xe update-apply" in blocked["remedy"]
    (waived,) = [row for row in found if row["outcome"] == "waived"]
    assert (waived["waived by"], waived["outcome before waiver"]) == ("j.doe", "warning")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "|calc", "%0A", "\t=1", "＝1"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text)[0] in "'\\"
    run = with_names(text)
    for row in rows(findings_table(run.results)):
        assert row["object name"][0] in "'\\"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("web;=1+1", "web;'=1+1"),
        ('web; "@SUM(A1)', "web; \"'@SUM(A1)"),
        ("web\n-1", "web\n'-1"),
        ("one; two\n`xe vm-list`", "one; two\n`xe vm-list`"),
    ],
)
def test_nor_is_a_part_of_one_where_a_semicolon_separates(text: str, safe: str) -> None:
    assert cell(text) == safe


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_cell(name: str) -> None:
    run = with_names(name)
    found = rows(findings_table(run.results))
    assert len(found) == len(run.outcomes)
    assert all(len(row) == len(COLUMNS) and None not in row.values() for row in found)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_script_does_nothing_as_it_stands(tmp_path: Path, name: str) -> None:
    text = script(with_names(name).results).decode()
    path = tmp_path / "remedies.sh"
    path.write_text(text)
    for line in text.splitlines():
        assert line.startswith("#") or line in ("", "set -eu")
    done = subprocess.run(["sh", "-x", path], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "+ set -eu\n")


EVIL = "\ntouch owned\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda results: results["run"].update(started=EVIL, ended=EVIL, window=EVIL),
        lambda results: [one.update(check=EVIL) for one in results["outcomes"]],
    ],
)
def test_an_altered_bundle_adds_no_line(change: Callable[[dict[str, Any]], object]) -> None:
    results = copy.deepcopy(sample().results)
    change(results)
    made_of = [script(results), summary(results), script({**results, "verdict": EVIL})]
    for made in made_of:
        assert "\\ntouch owned" in made.decode().replace("\\\\n", "\\n")
        assert not any(line.startswith("touch") for line in made.decode().splitlines())


def test_the_script_has_every_command_by_host() -> None:
    text = script(sample().results).decode()
    host = text.index(f"# ==== host xs-02 ({HOSTS[1].uuid})")
    assert text.count("#: xe update-apply uuid=1a2b3c4d-0006") == 1
    assert host < text.index("#: xe update-apply uuid=1a2b3c4d-0006")
    assert text.index("# ==== host") < text.index("# ==== VM")
    assert f"#: xe vm-shutdown uuid={VMS[2].uuid}\n" in text
    assert script(sample(clean=True).results).decode().endswith("No open finding has a command.\n")


def test_the_script_has_a_vm_below_its_host() -> None:
    run = sample()
    on_host = tuple(
        replace(one, host=HOSTS[1]) if one.object == VMS[2] else one for one in run.outcomes
    )
    results = close(run.planned, on_host, ()).results
    text = script(results).decode()
    host = text.split(f"# ==== host {HOSTS[1].name} ({HOSTS[1].uuid})\n")[1].split("# ====")[0]
    assert f"#: xe vm-shutdown uuid={VMS[2].uuid}\n" in host
    assert f") VM {VMS[2].name}: " in host
    assert f"# ==== VM {VMS[2].name} " not in text


def test_what_is_a_command() -> None:
    remedy = (
        "Set `dynamic_percent`, pass `--hcl FILE`, read `/etc/ntp.conf`; run `xe pool-ha-disable`.\n"
        "`xe vm-shutdown uuid=1`\nor `xe vm-shutdown uuid=1`, then `xe-toolstack-restart`; `enabled=0`"
    )
    assert commands_of(remedy) == (
        "xe pool-ha-disable",
        "xe vm-shutdown uuid=1",
        "xe-toolstack-restart",
    )
    assert commands_of("nothing to run") == ()


def test_what_is_filled_in_takes_the_place_of_what_is_open() -> None:
    remedy = (
        "`xe pbd-list sr-uuid=1`, `xe pbd-plug uuid=...`, then `xe sr-scan uuid=...` and `xe vm-list`\n"
        "`xe pbd-plug uuid=2`\n`xe pbd-plug uuid=3`\n`xe vm-list uuid=4`"
    )
    assert commands_of(remedy) == (
        "xe pbd-list sr-uuid=1",
        "xe pbd-plug uuid=2",
        "xe pbd-plug uuid=3",
        "xe sr-scan uuid=...",
        "xe vm-list",
        "xe vm-list uuid=4",
    )


@pytest.mark.parametrize(
    ("command", "gap"),
    [
        ("xe vm-shutdown uuid=1", -1),
        ("xe vm-shutdown uuid=...", 20),
        ("xe vm-shutdown uuid={vm.uuid}", 20),
        ("xe host-apply-edition edition=EDITION", 30),
        ("xe pif-list params=uuid,VLAN,MTU,IP", -1),
        ("xe vm-param-set HVM-boot-policy='BIOS order'", -1),
        ("xe sr-forget name-label='NFS ...'", -1),
    ],
)
def test_where_a_command_is_open(command: str, gap: int) -> None:
    assert first_gap(command) == gap


def test_looking_again_drops_old_filters() -> None:
    words = ["pytest", "--pool=a b", "-k", "x", "-mslow", "tests_host/test_x.py::test_y"]
    assert recheck(VMS[0], "test_tools", words) == (
        f"pytest '--pool=a b' -k 'test_tools[web-01-{VMS[0].uuid[:8]}]'"
    )


def test_summary() -> None:
    run = sample()
    text = summary(run.results).decode()
    assert text.startswith("# BLOCKED: pool Frankfurt production\n")
    assert "## Blockers: 3 on 1 host and 2 VMs\n" in text
    assert "**HOST-HOTFIX-01** host xs-02: hotfixes - expected" in text
    assert "; waived until 2026-12-31 by j.doe, approved by a.smith, ticket CHG-1042: tried" in text
    assert "<img" not in text.replace("\\<", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_summaries_show_names_as_text(name: str) -> None:
    text = summary(with_names(name).results).decode()
    assert not re.search(r"(?<!\\)[<\[`|]", text)
    assert all(line == "" or line[0] in "#-RBTDNICS" for line in text.splitlines())
    assert plain("https://evil.example") == "https\\://evil.example"
    assert plain(MARKUP) == '"\\>\\<img src=x onerror=alert(1)\\>'


def test_a_summary_has_an_end() -> None:
    run = sample()
    pair = next(one for one in run.outcomes if one.outcome == "warning")
    many = tuple(
        replace(pair, object=replace(pair.object, uuid=f"{number:08d}")) for number in range(300)
    )
    planned = tuple(replace(run.planned[0], check=o.check, object=o.object) for o in many)
    text = summary(close(planned, many, ()).results).decode()
    assert f"... and {300 - MOST_ROWS} more" in text
    assert len(text.splitlines()) < MOST_ROWS + 30


@pytest.mark.parametrize("name", ["Frankfurt", *HOSTILE])
def test_metrics(name: str) -> None:
    run = sample()
    results = json.loads(to_bytes(run.results))
    results["run"]["pool"]["name"] = name
    text = metrics(results).decode()
    sample_line = re.compile(r'[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\} \d+')
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample_line.fullmatch(line), line
    assert re.search(r'poolproof_verdict\{.*verdict="BLOCKED"\} 1\n', text)
    assert re.search(r'poolproof_outcomes\{.*severity="blocker",outcome="blocked"\} 3\n', text)
    assert re.search(r"poolproof_planned\{.*\} 64\n", text)


def test_made_again_from_an_old_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sample()
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    write_private(bundle / "results.json", to_bytes(run.results))
    assert main([str(bundle), str(tmp_path / "out")]) == 1
    assert "the facts cannot be read" in capsys.readouterr().err
    raw = facts_of(build("default", STARTED), STARTED, ())
    write_facts(raw, bundle / "facts")
    assert main([str(bundle), str(tmp_path / "out")]) == 0
    assert {one.name for one in (tmp_path / "out").iterdir()} == {*EXPORTS, *FACT_EXPORTS}
    results, facts = json.loads(to_bytes(run.results)), PoolFacts(raw)
    for name, content in (*exports(results), *fact_exports(results, facts)):
        assert (tmp_path / "out" / name).read_bytes() == content
    assert main([str(bundle), str(bundle / "again")]) == 1
    assert "a bundle is never added to" in capsys.readouterr().err
    (bundle / "results.json").write_bytes(b"[]")
    assert main([str(bundle), str(tmp_path / "other")]) == 1
    assert not (tmp_path / "other").exists()
